"""The section of the YAML for a network of centres and sizes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from pydantic import Field

from pipeline.networks.dense.encoder_config import EXACT, EncoderConfig

MOST_MAPS = 256  # classes that may have a map for each
MANY = 80  # classes above which they are told at the middles: as many as the paper's maps are for


class CenterNetConfig(EncoderConfig):
    """A network that finds boxes by their middles: a map of these for each class, and sizes beside it."""

    decoder: Literal["unet", "fpn"] = Field(
        default="fpn",
        description="`fpn`, a pyramid of features, adds up the strides from 4 on; `unet` goes back up to "
        "`stride` through the encoder's maps",
    )
    stride: Literal[2, 4] = Field(
        default=4,
        description="pixels of a cell of the grid of middles; two of a class in one cell are one",
    )

    classes_at: Literal["auto", "heatmap", "centre"] = Field(
        default="auto",
        description="where the class of a box is told: by a map of middles for each (`heatmap`, at most "
        f"{MOST_MAPS} classes), or of all classes by features at the middles (`centre`); `auto`: `heatmap` "
        f"up to {MANY} classes",
    )
    augment: str | list[Any] | dict[str, Any] = Field(
        default="light",
        description="a named set, a list, or `{randaugment: {n: 2, m: 9}}`; moves picture and boxes "
        "together; what comes in at the borders is black, for a mirrored object has no box",
    )
    tta: str = Field(default="flips", description=f"test-time augmentation: one of {', '.join(EXACT)}")

    moves_points: ClassVar[bool] = True

    def tells_at_centres(self, classes: int) -> bool:
        """Says whether so many classes are told by features at the middles, and not by a map for each."""
        return classes > MANY if self.classes_at == "auto" else self.classes_at == "centre"

    def own_problems(self) -> Iterator[tuple[str, str]]:
        yield from super().own_problems()
        if self.finest > self.stride:
            yield "finest", f"is at most `stride`, {self.stride}. Received: {self.finest}."

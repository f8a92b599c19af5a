"""View of a network: a fixed part of each picture, or what another one's boxes or points say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from pydantic import Field

from pipeline.config.section import Section
from pipeline.errors import ConfigError
from pipeline.transforms.views import Views, from_axis, from_boxes, from_crop, whole

OF_BOXES = ("margin", "keep_aspect")  # keys of a view
OF_POINTS = ("along", "width", "height")


class ViewConfig(Section):
    """A fixed crop; or one by another network's coordinates: with `axis` by its points, else by its boxes."""

    by: str | None = Field(
        default=None,
        description="the network whose boxes or points it follows (its `target`), or one of masks: the "
        "smallest upright box around what it draws, whose corners are points 0 and 1; 2 and 3 are the ends "
        "of the long axis of the smallest turned one",
    )
    crop: list[float] | None = Field(
        default=None,
        description="instead: x1, y1, x2, y2, the same part of every picture, shares of its width and height",
    )
    margin: float = Field(default=0.1, ge=0, description="boxes: added on every side, a share of the box")
    keep_aspect: bool = Field(default=True, description="boxes: grow the box to the proportions of `size`")
    axis: list[int] | None = Field(
        default=None, description="points: the two, by number from 0, that lie level; the second to the right"
    )
    along: float = Field(default=0.5, description="points: the crop's middle, from 0 (first) to 1 (second)")
    width: float = Field(default=2.0, gt=0, description="points: of the crop, in distances of the two")
    height: float = Field(default=1.0, gt=0, description="points: of the crop, in distances of the two")

    def follows(self) -> list[str]:
        """Returns the network that it follows, if any."""
        return [self.by] if self.by else []

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yields what is wrong with the values together: the key ("view.axis"), and why."""
        if (self.by is None) == (self.crop is None):
            received = "neither" if self.by is None else "both"
            yield (
                "view",
                "must name either `by` (the network that it follows) or `crop` (a fixed part). "
                f"Received: {received}.",
            )
        elif self.crop is not None:
            yield from self._crop_problems(self.crop)
        elif self.axis is None:
            yield from self._unused(OF_POINTS, "views by points, with `axis`")
        else:
            if len(self.axis) != 2 or min(self.axis) < 0 or self.axis[0] == self.axis[1]:
                yield "view.axis", f"must be two different points by number, from 0. Received: {self.axis}."
            yield from self._unused(OF_BOXES, "views by boxes")

    def _crop_problems(self, crop: list[float]) -> Iterator[tuple[str, str]]:
        x1, y1, x2, y2 = crop if len(crop) == 4 else [0.0] * 4
        if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
            yield "view.crop", f"must be x1, y1, x2, y2 from 0 to 1, x1 < x2 and y1 < y2. Received: {crop}."
        yield from self._unused(
            ("axis", *OF_BOXES, *OF_POINTS), "views that follow another network, with `by`"
        )

    def _unused(self, keys: tuple[str, ...], kind: str) -> Iterator[tuple[str, str]]:
        for key in keys:
            if key in self.model_fields_set:
                yield f"view.{key}", f"is for {kind}."


def picture(size: Sequence[int] | None, view: ViewConfig | None) -> dict[str, Any]:
    """Returns what decides the pictures that a model sees, and a label for them.

    Args:
        size: (height, width) in pixels; None is the pictures' own.
        view: None for whole pictures.
    """
    label = "x".join(map(str, dict.fromkeys(size))) if size else "own"
    whole = {"label": label, "size": list(size) if size else None}
    if view is None:
        return whole
    return {**whole, "label": f"{view.by or 'crop'}-{label}", "view": view.model_dump(exclude_defaults=True)}


def on_canvas() -> dict[str, Any]:
    """Returns what decides pictures that keep their own size, at the upper left corner of a canvas."""
    return {"label": "canvas", "size": None, "canvas": True}


def make_views(
    config: ViewConfig | None, coordinates: np.ndarray | None, sizes: np.ndarray, size: tuple[int, int]
) -> tuple[Views, np.ndarray]:
    """Returns the views of pictures, and bool (rows,): True where one fell back to its whole picture.

    Args:
        config: the rule of the crop, or None for whole pictures.
        coordinates: (rows, 4) boxes or (rows, 2n) points in source pixels; of masks both, the box first; None
            without a rule.
        sizes: (rows, 2), height and width of each picture in pixels.
        size: (height, width) of the network's picture.

    Raises:
        ConfigError: the axis names a point that the other network does not find.
    """
    if config is not None and config.crop is not None:
        return from_crop(config.crop, sizes, size), np.zeros(len(sizes), bool)
    if config is None or coordinates is None:
        return whole(sizes, size), np.zeros(len(sizes), bool)
    if config.axis is None:
        return from_boxes(coordinates[:, :4], sizes, size, config.margin, config.keep_aspect)
    points = coordinates.reshape(len(coordinates), -1, 2)
    if max(config.axis) >= points.shape[1]:
        raise ConfigError(
            f"`view.axis` names points of {config.by!r}, which finds {points.shape[1]}, counted from 0. "
            f"Received: {config.axis}."
        )
    return from_axis(points[:, config.axis], sizes, size, config.along, config.width, config.height)

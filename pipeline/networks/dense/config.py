"""The section of the YAML for a U-Net: every key, its default and what goes together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from pipeline.inputs.images.view import on_canvas
from pipeline.networks.dense.encoder_config import PLAIN, EncoderConfig

LossName = Literal["auto", "bce", "dice", "bce_dice", "focal", "lovasz", "mse"]
LossPart = Literal["bce", "dice", "focal", "hinge"]


class UNetConfig(EncoderConfig):
    """A network that answers with a picture: an encoder, and a decoder that sees its maps at every stride."""

    tiles: bool = Field(
        default=False,
        description="pictures keep their own resolution (`task: image`): it learns from tiles of `size` "
        "drawn at random, and answers by larger ones with blended seams; false: they are brought to `size`",
    )
    begin: Literal["picture", "background"] = Field(
        default="picture",
        description="of tiles, what it adds to: the picture's own grey, or what a table of backgrounds says "
        "(`kind: background`, learned from the same rows), which it then sees with the background",
    )
    decoder: Literal["unet", "fpn"] = Field(
        default="unet",
        description="of masks: `unet` sees the encoder's maps at every stride on its way up; `fpn`, a "
        "pyramid of features, adds up the strides from 4 on: quicker, with coarser borders",
    )
    deep_supervision: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="of masks: weight of the loss of each map of the decoder against the next finer one, so "
        "that coarse maps learn directly (nnU-Net: 0.5); 0: the finest alone; prediction leaves them out",
    )
    loss: LossName | dict[LossPart, float] = Field(
        default="auto",
        description="of masks: cross-entropy, Dice, their sum (`auto`), focal, or Lovasz hinge (with "
        "cross-entropy), or a sum by weights of `bce`, `dice`, `focal` and `hinge` (Lovasz'): "
        "`{bce: 1, hinge: 0.5}`; of greys: squared error (`auto`)",
    )

    def picture(self) -> dict[str, Any]:
        return on_canvas() if self.tiles else super().picture()

    def needs_task(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {"tiles": ("image",) if self.tiles else ("mask",)}
        if self.loss != "auto":
            found["loss"] = ("image",) if self.loss == "mse" else ("mask",)
        if self.decoder != "unet":
            found["decoder"] = ("mask",)
        if self.deep_supervision:
            found["deep_supervision"] = ("mask",)
        if self.adversarial:
            found["adversarial"] = ("mask",)
        return found

    def space(self) -> dict[str, dict[str, Any]]:
        """Returns what a search changes: rates, width, and the loss of masks."""
        losses = {} if self.tiles else {"loss": {"choice": ["bce", "bce_dice", "focal", "lovasz"]}}
        return {**losses, **super().space()}

    def own_problems(self) -> Iterator[tuple[str, str]]:
        if self.begin != "picture" and not (self.tiles and self.from_scratch):
            yield "begin", f"is for `tiles` and a `{PLAIN}` encoder. Received: {self.begin!r}."
        yield from super().own_problems()
        if isinstance(self.loss, dict) and not (self.loss and min(self.loss.values()) > 0):
            yield "loss", f"a sum names parts with weights above 0. Received: {self.loss}."

"""The section of the YAML for a U-Net: every key, its default and what goes together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from pipeline.inputs.images.view import ViewConfig, on_canvas, picture
from pipeline.networks.dense.encoder_config import PLAIN, EncoderConfig
from pipeline.networks.followed import followed

LossName = Literal["auto", "bce", "dice", "bce_dice", "focal", "lovasz", "mse"]
LossPart = Literal["bce", "dice", "focal", "hinge"]


class UNetConfig(EncoderConfig):
    """A network that answers with a picture: an encoder, and a decoder that sees its maps at every stride."""

    annotations: str | None = Field(
        default=None,
        description="masks that people drew on training pictures, beside the answer: a pattern of files "
        "(`masks/{id}.png`), or a CSV of the id and run lengths; some may be missing. It learns these, "
        "answers nothing, and gives the views of others",
    )
    tiles: bool = Field(
        default=False,
        description="pictures keep their own resolution: it learns from tiles of `size` drawn at random, and "
        "answers by larger ones with blended seams (see `data.grid`); false: they are brought to `size`",
    )
    tile_share: float = Field(
        default=0.5, ge=0, le=1, description="of masks: share of the tiles that are drawn around one's pixels"
    )
    view: ViewConfig | None = Field(
        default=None,
        description="of masks, a part of each picture that it sees in the place of the whole: a fixed crop, "
        "or where another network draws a mask (`{by: NAME}`); beyond it there is none",
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
        return on_canvas() if self.tiles else picture(self.picture_size(), self.view)

    def views(self) -> list[str]:
        """Returns the model whose masks, boxes or points its pictures are cut by, if any."""
        return self.view.follows() if self.view else []

    def draws_masks(self) -> bool:
        return True

    def drawn_masks(self) -> str | None:
        return self.annotations

    def answers(self) -> bool:
        """Masks beside the answer serve other networks; they are no answer."""
        return self.annotations is None

    @property
    def own_metric(self) -> str:
        return "dice"

    def relations(self, where: str, models: Mapping[str, Any]) -> list[str]:
        """Returns what does not fit between this section and those that it names."""
        return followed(self.view, where, models) if self.view else []

    def needs_task(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {} if self.tiles else {"tiles": ("mask",)}
        if self.view:
            found["view"] = ("mask",)
        if self.begin != "picture":
            found["begin"] = ("image",)
        if "tile_share" in self.model_fields_set:
            found["tile_share"] = ("mask",)
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
        if self.view is not None:
            if self.tiles:
                yield "view", "tiles are of whole pictures: leave one of the two out."
            yield from self.view.problems()
        if self.annotations is not None and (self.begin != "picture" or self.loss == "mse"):
            key = "loss" if self.loss == "mse" else "begin"
            yield key, f"is for greys, and `annotations` are masks. Received: {getattr(self, key)!r}."
        yield from super().own_problems()
        if isinstance(self.loss, dict) and not (self.loss and min(self.loss.values()) > 0):
            yield "loss", f"a sum names parts with weights above 0. Received: {self.loss}."

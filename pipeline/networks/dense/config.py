"""The section of the YAML for a U-Net: every key, its default and what goes together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from pipeline.errors import ConfigError, did_you_mean
from pipeline.inputs.images.view import ViewConfig, on_canvas, picture
from pipeline.networks.backbones import BACKBONES, find_backbone
from pipeline.networks.followed import followed
from pipeline.networks.training.config import NetworkConfig

PLAIN = "plain"  # the encoder that is not pretrained
EXACT = ("none", "flips", "flips_both", "dihedral")  # test-time sets whose ways only move pixels
GRAIN = 32  # pixels: the stride of the deepest map

LossName = Literal["auto", "bce", "dice", "bce_dice", "focal", "lovasz", "mse"]
LossPart = Literal["bce", "dice", "focal", "hinge"]


class UNetConfig(NetworkConfig):
    """A network that answers with a picture: an encoder, and a decoder that sees its maps at every stride."""

    backbone: str = Field(
        default=PLAIN, description="the encoder: a pretrained network by name, or `plain`, from scratch"
    )
    alpha: float = Field(default=1.0, gt=0, description="width multiplier (the mobilenets)")
    weights: str = Field(
        default="auto",
        description="`imagenet`, `none` or a file (.h5, .keras); `auto` is imagenet for a pretrained network",
    )
    size: int | list[int] = Field(
        default=256, description="height and width of its pictures, or tiles, pixels: multiples of 32"
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
    width: int = Field(
        default=8, ge=4, le=128, description="channels at stride 2; twice as many a stride deeper"
    )
    finest: Literal[1, 2, 4] = Field(
        default=1,
        description="stride of the finest map of an encoder from scratch: at 2 it takes squares of 2 x 2 "
        "pixels as one, which is quicker",
    )
    standardise: Literal["training", "picture"] = Field(
        default="training",
        description="what its pictures are less the mean and over the deviation of: the training pixels, or "
        "beside them each picture's own, where some are much fainter than others (an encoder from scratch)",
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
    frozen_epochs: int = Field(
        default=1, ge=0, description="of the decoder alone, where the encoder is pretrained"
    )
    epochs: Literal["auto"] | int = Field(
        default="auto", description="of the whole network; `auto`: towards 4,000 steps"
    )
    learning_rate: float = Field(default=2e-3, gt=0, description="of the whole network, at its highest")
    encoder_rate: float = Field(
        default=1.0, gt=0, le=1, description="factor of the rate of a pretrained encoder"
    )
    batch_size: Literal["auto"] | int = Field(
        default="auto", description="pictures per step; `auto`: 2 to 16, towards 30 steps an epoch"
    )
    weight_decay: float = Field(default=1e-4, ge=0, description="decoupled; not on biases and norms")
    warmup: float = Field(default=0.05, ge=0, lt=1, description="share of the steps with a rising rate")
    augment: str | list[Any] = Field(
        default="dihedral", description="a named set or a list; moves picture and mask together"
    )
    tta: str = Field(default="flips_both", description=f"test-time augmentation: one of {', '.join(EXACT)}")

    @property
    def from_scratch(self) -> bool:
        """Whether the encoder is `plain`."""
        return self.backbone == PLAIN

    @property
    def weights_kind(self) -> Literal["imagenet", "none", "file", "model"]:
        """The kind of thing that `weights` names."""
        if self.weights == "auto":
            return "none" if self.from_scratch else "imagenet"
        if self.weights in ("none", "imagenet"):
            return "none" if self.weights == "none" else "imagenet"
        return "file"

    def picture_size(self) -> tuple[int, int]:
        """Returns (height, width) of the pictures that it sees."""
        if isinstance(self.size, int):
            return self.size, self.size
        return self.size[0], self.size[1]

    def picture(self) -> dict[str, Any]:
        return on_canvas() if self.tiles else picture(self.picture_size(), self.view)

    def views(self) -> list[str]:
        """Returns the model whose masks, boxes or points its pictures are cut by, if any."""
        return self.view.follows() if self.view else []

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
        found: dict[str, dict[str, Any]] = {
            **losses,
            "learning_rate": {"float": [3e-4, 6e-3], "log": True},
            "width": {"choice": [8, 12, 16, 24]},
        }
        return found if self.from_scratch else found | {"encoder_rate": {"float": [0.05, 1.0], "log": True}}

    def problems(self, where: str) -> list[str]:
        """Returns every mistake, each naming its key under `where`."""
        from pipeline.transforms.augment_spec import check_augmentation

        found = [f"`{where}.{key}`: {text}" for key, text in [*self._problems(), *self.step_problems()]]
        return found + check_augmentation(self.augment, f"{where}.augment")

    def _problems(self) -> Iterator[tuple[str, str]]:
        sides = [self.size] if isinstance(self.size, int) else self.size
        if len(sides) not in (1, 2) or any(side < GRAIN or side % GRAIN for side in sides):
            yield "size", f"must be multiples of {GRAIN}: one, or [height, width]. Received: {self.size}."
        if self.begin != "picture" and not (self.tiles and self.from_scratch):
            yield "begin", f"is for `tiles` and a `{PLAIN}` encoder. Received: {self.begin!r}."
        if self.view is not None:
            if self.tiles:
                yield "view", "tiles are of whole pictures: leave one of the two out."
            yield from self.view.problems()
        if self.backbone != PLAIN:
            if self.standardise != "training":
                yield "standardise", f"is for a `{PLAIN}` encoder. Received: {self.standardise!r}."
            if self.finest != 1:
                yield "finest", f"is for a `{PLAIN}` encoder. Received: {self.finest}."
            yield from self._encoder()
        elif self.weights_kind != "none":
            yield "weights", f"a `plain` encoder starts from none. Received: {self.weights!r}."
        if isinstance(self.loss, dict) and not (self.loss and min(self.loss.values()) > 0):
            yield "loss", f"a sum names parts with weights above 0. Received: {self.loss}."
        for key in ("epochs", "batch_size"):
            value = getattr(self, key)
            if isinstance(value, int) and value < 1:
                yield key, f"must be at least 1. Received: {value}."
        if self.tta not in EXACT:
            near = did_you_mean(self.tta, EXACT)
            known = "only flips and quarter turns move a mask back exactly"
            yield "tta", f"{known}: {', '.join(EXACT)}.{near} Received: {self.tta!r}."
        elif self.tta == "dihedral" and len(set(sides)) > 1:
            yield "tta", f"quarter turns need a square `size`. Received: {self.size}."

    def _encoder(self) -> Iterator[tuple[str, str]]:
        try:
            record = find_backbone(self.backbone)
        except ConfigError:
            near = did_you_mean(self.backbone, [PLAIN, *BACKBONES])
            yield (
                "backbone",
                f"unknown {self.backbone!r}.{near} `make list` names all, and there is `{PLAIN}`.",
            )
            return
        if self.alpha != 1.0 and not record.alphas:
            yield "alpha", f"{self.backbone} has no width multiplier. Received: {self.alpha}."
        elif self.weights_kind == "imagenet" and record.alphas and self.alpha not in record.alphas:
            yield "alpha", f"ImageNet weights exist for {record.alphas}. Received: {self.alpha}."
        if self.weights_kind == "file" and not self.weights.endswith((".h5", ".keras")):
            yield "weights", f"`imagenet`, `none` or a file (.h5, .keras). Received: {self.weights!r}."

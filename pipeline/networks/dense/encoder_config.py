"""Keys of every network of pictures whose encoder's maps are read at several strides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from pydantic import Field

from pipeline.errors import ConfigError, did_you_mean
from pipeline.inputs.images.view import picture
from pipeline.networks.backbones import BACKBONES, find_backbone
from pipeline.networks.training.config import NetworkConfig
from pipeline.transforms.rand_augment import searched

PLAIN = "plain"  # the encoder that is not pretrained
EXACT = ("none", "flips", "flips_both", "dihedral")  # test-time sets whose ways only move pixels
GRAIN = 32  # pixels: the stride of the deepest map


class EncoderConfig(NetworkConfig):
    """An encoder of pictures, pretrained or from scratch, and the training of what reads its maps."""

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
    augment: str | list[Any] | dict[str, Any] = Field(
        default="dihedral",
        description="a named set, a list, or `{randaugment: {n: 2, m: 9}}`; moves picture and answer",
    )
    tta: str = Field(default="flips_both", description=f"test-time augmentation: one of {', '.join(EXACT)}")

    moves_points: ClassVar[bool] = False  # whether augmentation moves points with the picture, and no map

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
        return picture(self.picture_size(), None)

    def space(self) -> dict[str, dict[str, Any]]:
        """Returns what a search changes: rates and width."""
        found: dict[str, dict[str, Any]] = {
            **searched(self.augment),
            "learning_rate": {"float": [3e-4, 6e-3], "log": True},
            "width": {"choice": [8, 12, 16, 24]},
        }
        return found if self.from_scratch else found | {"encoder_rate": {"float": [0.05, 1.0], "log": True}}

    def problems(self, where: str) -> list[str]:
        """Returns every mistake, each naming its key under `where`."""
        from pipeline.transforms.augment_spec import check_augmentation

        found = [f"`{where}.{key}`: {text}" for key, text in [*self.own_problems(), *self.step_problems()]]
        return found + check_augmentation(self.augment, f"{where}.augment", self.moves_points)

    def own_problems(self) -> Iterator[tuple[str, str]]:
        sides = [self.size] if isinstance(self.size, int) else self.size
        if len(sides) not in (1, 2) or any(side < GRAIN or side % GRAIN for side in sides):
            yield "size", f"must be multiples of {GRAIN}: one, or [height, width]. Received: {self.size}."
        if self.backbone != PLAIN:
            if self.standardise != "training":
                yield "standardise", f"is for a `{PLAIN}` encoder. Received: {self.standardise!r}."
            if self.finest != 1:
                yield "finest", f"is for a `{PLAIN}` encoder. Received: {self.finest}."
            yield from self._encoder()
        elif self.weights_kind != "none":
            yield "weights", f"a `plain` encoder starts from none. Received: {self.weights!r}."
        for key in ("epochs", "batch_size"):
            value = getattr(self, key)
            if isinstance(value, int) and value < 1:
                yield key, f"must be at least 1. Received: {value}."
        if self.tta not in EXACT:
            near = did_you_mean(self.tta, EXACT)
            known = "only flips and quarter turns move an answer back exactly"
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

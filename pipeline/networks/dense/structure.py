"""Structure of a U-Net: the keys that decide its graph and its compiled training step."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from pipeline.networks.dense.centre_config import CenterNetConfig
from pipeline.networks.dense.config import UNetConfig
from pipeline.networks.structure import ALL, ExtractorStructure, OptimizerStructure

CENTRES = "centres"  # the loss of centres and sizes
BESIDE = 4  # layers beside those of the classes: offset and size, across and down
CLASS_FEATURES = 64  # of a cell, by which its class is told where there is no map for each


@dataclass(frozen=True)
class DecoderStructure:
    """Maps to logits, and the loss. The fields are those of UNetConfig.

    Attributes:
        layers: numbers per pixel.
        loss: its name, or parts with their weights.
        encoder_rate: factor of the rate of the encoder.
        own_contrast: whether an encoder from scratch sees pictures by their own mean and deviation, too.
        begin: of greys, what it adds to, as in UNetConfig; None for masks.
        finest: stride of the finest map of an encoder from scratch.
        stride: of the answer's grid, pixels of the picture.
        classes: of boxes, told by features at their middles; 0: each has a map, or there are no boxes.
    """

    width: int
    layers: int
    loss: str | tuple[tuple[str, float], ...]
    encoder_rate: float
    own_contrast: bool = False
    begin: str | None = None
    finest: int = 1
    decoder: str = "unet"
    deep_supervision: float = 0.0
    stride: int = 1
    classes: int = 0

    @property
    def heatmaps(self) -> int:
        """Maps of middles: one for each class, or one for all of them."""
        return 1 if self.classes else self.layers - BESIDE


@dataclass(frozen=True)
class UNetStructure:
    """A whole U-Net. Equal structures share one compiled network within a process.

    Attributes:
        top: always ALL: every layer learns, but for the normalisations of a pretrained encoder.
        adapt: whether these learn, too.
    """

    extractor: ExtractorStructure
    head: DecoderStructure
    optimizer: OptimizerStructure
    adapt: bool
    top: int = ALL

    def seeing(self, shape: tuple[int, int, int]) -> UNetStructure:
        """Returns the structure of the same weights for pictures of another shape."""
        return replace(self, extractor=replace(self.extractor, shape=shape))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> UNetStructure:
        extractor = dict(facts["extractor"])
        extractor["shape"] = tuple(extractor["shape"])
        return cls(
            ExtractorStructure(**extractor),
            DecoderStructure(**{**facts["head"], "loss": _sum_of(facts["head"]["loss"])}),
            OptimizerStructure.from_json(facts["optimizer"]),
            facts["adapt"],
        )


def make_unet_structure(
    config: UNetConfig, shape: tuple[int, int, int], layers: int, greys: bool = False
) -> UNetStructure:
    """Returns the structure of a U-Net.

    Args:
        config: the model's section.
        shape: of what it sees: height, width, channels.
        layers: numbers per pixel.
        greys: whether these are greys; otherwise they are chances of masks.
    """
    asked = config.loss if isinstance(config.loss, str) else list(config.loss.items())
    loss = ("mse" if greys else "bce_dice") if asked == "auto" else _sum_of(asked)
    untrained = config.weights_kind == "none"
    return UNetStructure(
        ExtractorStructure(config.backbone, config.alpha, shape, "none", False),
        DecoderStructure(
            config.width,
            layers,
            loss,
            1.0 if untrained else config.encoder_rate,
            config.standardise == "picture",
            config.begin if greys else None,
            config.finest,
            config.decoder,
            config.deep_supervision,
        ),
        OptimizerStructure("adamw", 0.9, config.weight_decay, 1.0, False, 1.0, step=config.step()),
        adapt=untrained,
    )


def make_centre_structure(
    config: CenterNetConfig, shape: tuple[int, int, int], classes: int
) -> UNetStructure:
    """Returns the structure of a network of centres and sizes; arguments as `make_unet_structure`."""
    untrained, at_centre = config.weights_kind == "none", config.tells_at_centres(classes)
    return UNetStructure(
        ExtractorStructure(config.backbone, config.alpha, shape, "none", False),
        DecoderStructure(
            config.width,
            1 + BESIDE + CLASS_FEATURES if at_centre else classes + BESIDE,
            CENTRES,
            1.0 if untrained else config.encoder_rate,
            config.standardise == "picture",
            finest=config.finest,
            decoder=config.decoder,
            stride=config.stride,
            classes=classes if at_centre else 0,
        ),
        OptimizerStructure("adamw", 0.9, config.weight_decay, 1.0, False, 1.0, step=config.step()),
        adapt=untrained,
    )


def _sum_of(loss: Any) -> str | tuple[tuple[str, float], ...]:
    """Returns a loss as a structure holds it: lists, as JSON has them, are tuples."""
    return loss if isinstance(loss, str) else tuple((str(name), float(weight)) for name, weight in loss)

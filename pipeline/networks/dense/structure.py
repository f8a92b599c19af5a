"""Structure of a U-Net: the keys that decide its graph and its compiled training step."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pipeline.networks.dense.config import UNetConfig
from pipeline.networks.structure import ALL, ExtractorStructure, OptimizerStructure


@dataclass(frozen=True)
class DecoderStructure:
    """Maps to logits, and the loss. The fields are those of UNetConfig.

    Attributes:
        layers: numbers per pixel.
        encoder_rate: factor of the rate of the encoder.
        own_contrast: whether an encoder from scratch sees pictures by their own mean and deviation, too.
    """

    width: int
    layers: int
    loss: str
    encoder_rate: float
    own_contrast: bool = False


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

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> UNetStructure:
        extractor = dict(facts["extractor"])
        extractor["shape"] = tuple(extractor["shape"])
        return cls(
            ExtractorStructure(**extractor),
            DecoderStructure(**facts["head"]),
            OptimizerStructure(**facts["optimizer"]),
            facts["adapt"],
        )


def make_unet_structure(config: UNetConfig, shape: tuple[int, int, int], layers: int) -> UNetStructure:
    """Returns the structure of a U-Net for pictures of that shape (height, width, channels)."""
    untrained = config.weights_kind == "none"
    return UNetStructure(
        ExtractorStructure(config.backbone, config.alpha, shape, "none", False),
        DecoderStructure(
            config.width,
            layers,
            config.loss,
            1.0 if untrained else config.encoder_rate,
            config.standardise == "picture",
        ),
        OptimizerStructure("adamw", 0.9, config.weight_decay, 1.0, False, 1.0),
        adapt=untrained,
    )

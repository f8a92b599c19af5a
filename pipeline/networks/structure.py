"""Structure: the keys that decide a network's graph and its compiled training step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from pipeline.networks.config import CNNConfig
from pipeline.networks.plan import TrainingPlan
from pipeline.networks.targets import Targets
from pipeline.networks.training.step import StepStructure

ALL = -1


@dataclass(frozen=True)
class ExtractorStructure:
    """Pictures to features.

    Attributes:
        backbone: a pretrained network's name, or layers.
        alpha: width multiplier.
        shape: (height, width, channels) of the pictures.
        pooling: avg, max, avg_max, gem or flatten.
        mixed: whether it computes in float16.
        values: type of the pictures' values: "uint8", or that of the numbers of arrays.
    """

    backbone: str
    alpha: float
    shape: tuple[int, int, int]
    pooling: str
    mixed: bool
    values: str = "uint8"


@dataclass(frozen=True)
class HeadStructure:
    """Features to raw outputs, and the loss. The fields are those of CNNConfig."""

    kind: Literal["linear", "cosine", "arcface"]
    width: int
    scale: float
    margin: float
    batch_norm: bool
    dense: tuple[int, ...]
    dropout: float
    loss: str
    smoothing: float
    bins: int


@dataclass(frozen=True)
class OptimizerStructure:
    """The optimiser, all but its rate. The fields are those of CNNConfig.

    Attributes:
        accumulate: steps whose gradients make one change of the weights.
        step: how its gradients come about.
    """

    kind: str
    momentum: float
    weight_decay: float
    clip: float | None
    ema: bool
    layer_decay: float
    accumulate: int = 1
    step: StepStructure = field(default_factory=StepStructure)

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> OptimizerStructure:
        """Returns what `dataclasses.asdict` gave; files of earlier days lack the later fields."""
        return cls(**facts | {"step": StepStructure(**facts.get("step", {}))})


@dataclass(frozen=True)
class Structure:
    """A whole network. Equal structures share one compiled network within a process.

    Attributes:
        top: how many of the backbone's layers learn, from the top; 0 none, ALL all.
        adapt: whether batch normalisation in the layers that learn keeps its own statistics.
    """

    extractor: ExtractorStructure
    head: HeadStructure
    optimizer: OptimizerStructure
    top: int
    adapt: bool


def make_structure(
    config: CNNConfig,
    plan: TrainingPlan,
    targets: Targets,
    shape: tuple[int, int, int],
    values: str = "uint8",
) -> Structure:
    """Returns the structure of a network for pictures of that shape (height, width, channels) and type."""
    decay = config.weight_decay
    if decay is None:
        decay = 0.01 if config.optimizer == "adamw" else 0.0
    return Structure(
        ExtractorStructure(
            config.backbone, config.alpha, shape, plan.pooling, config.mixed_precision, values
        ),
        HeadStructure(
            config.head,
            targets.width,
            config.scale,
            config.margin,
            config.head_batch_norm,
            tuple(config.dense),
            config.dropout,
            targets.loss,
            config.label_smoothing,
            config.bins if config.coordinates == "bins" else 0,
        ),
        OptimizerStructure(
            config.optimizer,
            config.momentum,
            decay,
            config.clip,
            config.averaging == "ema",
            config.layer_decay,
            step=config.step(),
        ),
        plan.top,
        plan.adapt,
    )

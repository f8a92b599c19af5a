"""Structure of a fine-tuned encoder: what decides its graph and its compiled training step."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.networks.losses import POINTER
from pipeline.networks.structure import ALL, OptimizerStructure
from pipeline.networks.texts.config import TransformerConfig
from pipeline.tasks.base import Task
from pipeline.tasks.span import Span


@dataclass(frozen=True)
class TextStructure:
    """A whole network. Equal structures share one compiled network within a process.

    Attributes:
        identity: names the pretrained weights.
        folder: where they are.
        pooling: mean, cls, attention or layers.
        top: how many of the blocks learn, from the top; ALL: all, and the embeddings.
        reinit: how many of them begin at random.
        dropout: share of the pooled features that is left out in training.
        samples: draws of it for each window.
        outputs: logits or standardised values.
        loss: as `losses.loss_of_each` knows it.
        optimizer: all but its rate.
        mixed: whether it computes in float16.
    """

    identity: str
    folder: Path = field(compare=False)
    pooling: str
    top: int
    reinit: int
    dropout: float
    samples: int
    outputs: int
    loss: str
    optimizer: OptimizerStructure
    mixed: bool


def make_text_structure(
    config: TransformerConfig, task: Task, outputs: int, folder: Path, identity: str
) -> TextStructure:
    """Returns the structure of a network that gives so many logits or values."""
    loss = "softmax" if task.exclusive else "sigmoid" if task.probabilities else config.loss
    return TextStructure(
        identity,
        folder,
        config.pooling,
        config.finetune if isinstance(config.finetune, int) else ALL,
        config.reinit,
        config.dropout,
        config.dropout_samples,
        outputs,
        POINTER if isinstance(task, Span) else loss,
        OptimizerStructure(
            "adamw",
            0.0,
            config.weight_decay,
            config.clip,
            False,
            config.layer_decay,
            config.accumulate,
            config.step(),
        ),
        config.mixed_precision,
    )

"""Structure of a network of texts: what decides its graph and its compiled training step."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.networks.losses import POINTER
from pipeline.networks.structure import OptimizerStructure
from pipeline.networks.tokens.config import TextNetConfig
from pipeline.tasks.base import Task
from pipeline.tasks.span import Span

ROUND = 1024  # tables of embeddings are filled up to so many rows, so that folds share a compiled network


@dataclass(frozen=True)
class TokenStructure:
    """A whole network. Equal structures share one compiled network within a process.

    Attributes:
        branches: (reader, layers, rows of its table of embeddings) each.
        dropout: share of what the branches say that is left out in training.
        outputs: logits or standardised values.
        loss: as `losses.loss_of_each` knows it.
        optimizer: all but its rate.
    """

    branches: tuple[tuple[str, str, int], ...]
    dropout: float
    outputs: int
    loss: str
    optimizer: OptimizerStructure


def make_token_structure(
    config: TextNetConfig, task: Task, outputs: int, sizes: dict[str, int]
) -> TokenStructure:
    """Returns the structure of a network.

    Args:
        config: the model's section.
        task: what is asked for.
        outputs: logits or values that it gives.
        sizes: of the vocabularies, by the reader.
    """
    return TokenStructure(
        tuple(
            (name, text, -(-sizes[name] // ROUND) * ROUND) for name, text in config.layers_for(task).items()
        ),
        config.dropout,
        outputs,
        _loss(config, task),
        OptimizerStructure(
            "adamw", 0.0, config.weight_decay, config.clip, config.averaging == "ema", 1.0, step=config.step()
        ),
    )


def _loss(config: TextNetConfig, task: Task) -> str:
    if isinstance(task, Span):
        return POINTER
    return "softmax" if task.exclusive else "sigmoid" if task.probabilities else config.loss

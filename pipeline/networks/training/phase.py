"""Phases of training, and how far one has come."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from pipeline.networks.training.checkpoint import Groups
from pipeline.networks.training.schedule import Schedule


@dataclass(frozen=True)
class Phase:
    """One phase: the part that is trained, its epochs and its schedule.

    Attributes:
        name: tells the phases of a fit apart, to a person and in a checkpoint ("head", "network").
        epochs: how many.
        schedule: the rate at every step.
        averaging: none, ema or swa.
        cycles: cosine cycles; the weights at the end of each are kept.
        patience: epochs without a better score before it stops, or None.
        share: fractions of the whole fit at which the phase begins and ends.
    """

    name: str
    epochs: int
    schedule: Schedule
    averaging: str = "none"
    cycles: int = 1
    patience: int | None = None
    share: tuple[float, float] = (0.0, 1.0)


@dataclass
class EpochNews:
    """Epochs, losses, scores and weights kept of a phase so far.

    Attributes:
        epoch: whole epochs that are done.
        losses: mean training loss of each epoch; time may have cut the last one short.
        scores: what early stopping wants to be small, after each whole epoch; infinite for no number.
        averaged: sets of weights in the mean that is kept.
        kept: weights that may be the result: "best", "mean", "snapshot 1" ...
    """

    epoch: int = 0
    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    averaged: int = 0
    kept: Groups = field(default_factory=dict)

    @property
    def best_epoch(self) -> int:
        """The epoch with the best score, from 1; 0 where nothing was scored."""
        return int(np.argmin(self.scores)) + 1 if self.scores else 0

    @property
    def best_score(self) -> float:
        """The best score; infinite where there is none."""
        return min(self.scores, default=math.inf)

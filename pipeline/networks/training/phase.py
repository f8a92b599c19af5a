"""Phases of training, and how far one has come."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.networks.training.checkpoint import Groups
from pipeline.networks.training.schedule import Schedule

CURVE_POINTS = 120  # of a curve that is kept for a person to see


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
        rates: the learning rate at the end of each epoch.
        averaged: sets of weights in the mean that is kept.
        kept: weights that may be the result: "best", "mean", "snapshot 1" ...
    """

    epoch: int = 0
    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
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


def curve(
    phase: str,
    unit: str,
    planned: int,
    losses: Sequence[float] = (),
    scores: Sequence[float] = (),
    rates: Sequence[float] = (),
    chosen: int = 0,
    late: bool = False,
) -> dict[str, Any]:
    """Returns how a phase of training went, as a fit notes it and a report draws it.

    Args:
        phase: its name.
        unit: "epoch" or "round".
        planned: how many there would have been at most.
        losses: of training, by epoch or round; none where nobody measured it.
        scores: of the rows that decide when to stop, the same way; less is better.
        rates: the learning rates, the same way.
        chosen: the epoch or round that was kept, from 1; 0 for the last one.
        late: whether a limit in time ended it.

    Returns:
        JSON; at most `CURVE_POINTS` of each curve, at the places "at".
    """
    done = max(len(losses), len(scores))
    at = np.unique(np.linspace(1, max(done, 1), min(done, CURVE_POINTS)).round().astype(int)).tolist()
    values = {"losses": losses, "scores": scores, "rates": rates}
    found = {
        key: [float(f"{all_of[place - 1]:.5g}") for place in at]
        for key, all_of in values.items()
        if len(all_of) == done
    }
    facts = {"phase": phase, "unit": unit, "planned": planned, "done": done, "chosen": chosen, "late": late}
    return {**facts, "at": at, **found}

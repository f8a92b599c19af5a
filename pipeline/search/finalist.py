"""A section of a model with everything that a search has measured of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.config.schema import ModelConfig
from pipeline.search.request import Request

PRESENT = "present"
TUNED = "tuned before"  # label of what an earlier search has left


@dataclass(frozen=True)
class Finalist:
    """A section and its scores.

    Attributes:
        label: "present", "tuned before" or "trial 37".
        values: by parameter name; {} for a section that no trial has found.
        section: the model's section.
        seconds: of the fits of all folds of the run, estimated where they are not done.
        own: scores of a trial: on the folds that choose, so that the best of many is too good.
        full: scores on the same folds with all their rows, where trials do a part of the work.
        held: score on the rows that no trial saw, or None where it was not asked for.
        scores: of all folds of the run, or () where they are not done.
    """

    label: str
    values: dict[str, Any]
    section: ModelConfig
    seconds: float
    own: tuple[float, ...] = ()
    full: tuple[float, ...] = ()
    held: float | None = None
    scores: tuple[float, ...] = ()

    @property
    def score(self) -> float:
        """The mean over all folds of the run."""
        return float(np.mean(self.scores))

    @property
    def own_score(self) -> float:
        """The mean of what its trial said."""
        return float(np.mean(self.own))

    @property
    def choosing(self) -> tuple[float, ...]:
        """The scores that finalists of one part are chosen by."""
        return self.full or self.own


def standard_error(scores: Sequence[float]) -> float:
    """Returns the standard error of a mean over folds; 0 for one fold."""
    return float(np.std(scores, ddof=1) / np.sqrt(len(scores))) if len(scores) > 1 else 0.0


def pick(request: Request, finalists: Sequence[Finalist]) -> Finalist:
    """Returns the best on the folds of a part, the first of equals.

    Where time counts too it is the fastest within one standard error of the best.
    """
    sign = -1 if request.greater_is_better else 1

    def loss(one: Finalist) -> float:
        return sign * float(np.mean(one.choosing))

    best = min(finalists, key=loss)
    if not request.timed:
        return best
    limit = loss(best) + standard_error(best.choosing)
    return min((one for one in finalists if loss(one) <= limit), key=lambda one: one.seconds)

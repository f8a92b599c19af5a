"""Paired gain of one model over another on the same rows, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.ensemble.resampling import bootstrap_scores
from pipeline.ensemble.split import Split
from pipeline.metrics import Metric

REPLICATES = 300  # a standard error to four hundredths of itself


@dataclass(frozen=True)
class Gain:
    """A difference of two scores, above zero for the better.

    Attributes:
        value: of the metric.
        error: its standard error.
        rows: that it was measured on.
    """

    value: float
    error: float
    rows: int

    @property
    def sure(self) -> bool:
        """Says whether it is above zero by more than its standard error."""
        return self.value > self.error

    def __str__(self) -> str:
        return f"{self.value:+.5f} ± {self.error:.5f}"


def measure_gain(
    metric: Metric,
    target: np.ndarray,
    found: np.ndarray,
    standing: np.ndarray,
    groups: np.ndarray | None = None,
) -> Gain:
    """Returns what `found` gains over `standing`; the error by a paired bootstrap of rows, or of groups.

    Args:
        metric: the score.
        target: of the rows, as a Dataset keeps it; rows that have none (NaN) are left out.
        found: (rows, outputs) predictions.
        standing: (rows, outputs) predictions.
        groups: (rows,) what is drawn as one, or None.
    """
    known = np.isfinite(target.reshape(len(target), -1)).all(axis=1)
    truth, sides = target[known], [found[known], standing[known]]
    drawn = None if groups is None else np.unique(groups[known], return_inverse=True)[1]
    split = Split(np.zeros(len(truth), np.int64), drawn)
    draws = bootstrap_scores(metric, truth, sides, split, replicates=REPLICATES)
    value = metric.loss(truth, sides[1]) - metric.loss(truth, sides[0])
    return Gain(float(value), float(np.nanstd(draws[:, 0] - draws[:, 1])), int(known.sum()))


def mean_gain(gains: Sequence[Gain]) -> Gain:
    """Returns the mean over parts with a search of their own.

    Its error is the larger one of two: what the parts' own errors leave in the mean, and what their
    spread says, which knows that each search found something else.
    """
    values, n = [gain.value for gain in gains], len(gains)
    inside = float(np.sqrt(np.sum([gain.error**2 for gain in gains]))) / n
    between = float(np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else 0.0
    return Gain(float(np.mean(values)), max(inside, between), sum(gain.rows for gain in gains))

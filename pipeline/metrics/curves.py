"""Scores of curves: of how many true and false rows lie at each distinct probability."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

OfCounts = Callable[[np.ndarray, np.ndarray], float]


def as_it_is(mean: float) -> float:
    """Returns the mean over columns as the score."""
    return mean


@dataclass(frozen=True)
class Curves:
    """A metric of order: the mean over columns of what follows from their curves.

    Columns are labels, or classes against the rest; of two classes the second stands for both. A column
    without a true row, or without a false one, has no curve and is left out; without any, the score is NaN.

    Attributes:
        of_counts: (true rows, rows), float64 (distinct probabilities,) each, the lowest first -> score.
        of_mean: the mean of these scores -> the metric.
    """

    of_counts: OfCounts
    of_mean: Callable[[float], float] = as_it_is

    def __call__(self, target: np.ndarray, probability: np.ndarray) -> float:
        return self._mean(
            counted(truth, score)
            for truth, score in columns(target, probability)
            if 0 < truth.sum() < len(truth)
        )

    def of_rows(self, target: np.ndarray, probability: np.ndarray) -> Callable[[np.ndarray], float]:
        """Returns the score of any rows as a function of their positions.

        The probabilities are ranked once: a resampled score sorts whole numbers, which is quicker.
        """
        keys = []
        for truth, score in columns(target, probability):
            if np.isnan(score).any():
                return lambda rows: self(target[rows], probability[rows])
            keys.append(2 * np.unique(score, return_inverse=True)[1].astype(np.int32) + truth)

        def score_of(rows: np.ndarray) -> float:
            drawn = (np.sort(key[rows]) for key in keys)
            return self._mean(_counted_keys(key) for key in drawn if 0 < (key & 1).sum() < len(key))

        return score_of

    def _mean(self, counts: Iterator[tuple[np.ndarray, np.ndarray] | None]) -> float:
        scores = [float("nan") if found is None else self.of_counts(*found) for found in counts]
        return self.of_mean(float(np.mean(scores))) if scores else float("nan")


def columns(target: np.ndarray, probability: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Returns (truth, probability) of every column, bool and float (rows,)."""
    if target.ndim == 2:
        truth = target > 0.5
    else:
        truth = target[:, None] == np.arange(probability.shape[1])
        if probability.shape[1] == 2:
            truth, probability = truth[:, 1:], probability[:, 1:]
    return list(zip(truth.T, probability.T, strict=True))


def counted(truth: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns (true rows, rows) at each distinct score, the lowest first; None where a score is NaN."""
    if np.isnan(score).any():
        return None
    _, place = np.unique(score, return_inverse=True)
    return np.bincount(place, truth), np.bincount(place).astype(np.float64)


def _counted_keys(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Does the same by sorted keys: twice the rank of the score, plus one where the row is true."""
    ends = np.flatnonzero(np.append(keys[1:] >> 1 != keys[:-1] >> 1, True))
    true = np.cumsum(keys & 1, dtype=np.float64)[ends]
    return np.diff(true, prepend=0.0), np.diff(ends, prepend=-1).astype(np.float64)


def area(true: np.ndarray, rows: np.ndarray) -> float:
    """Returns the area under the ROC curve: true rows above false ones, ties by half (Mann and Whitney)."""
    false = rows - true
    below = np.cumsum(false) - 0.5 * false
    return float(true @ below / (true.sum() * false.sum()))


def precision(true: np.ndarray, rows: np.ndarray) -> float:
    """Returns the sum over distinct scores, the highest first, of recall gained * precision there."""
    gained, seen = true[::-1], np.cumsum(rows[::-1])
    return float(np.sum(gained * np.cumsum(gained) / seen) / true.sum())

"""Which two files to submit, where a competition counts the better of two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.ensemble.resampling import bootstrap_scores
from pipeline.ensemble.threads import single_threaded
from pipeline.errors import StoreError
from pipeline.metrics import Metric

REPLICATES = 400


@dataclass(frozen=True)
class Pair:
    """Two candidates to submit.

    A replicate draws folds with replacement, then rows within each: another test set that the
    candidates could have met.

    Attributes:
        first: the best by score on all rows.
        second: the one that is best most often where the first is not; "" for one candidate.
        first_wins: share of the replicates in which the first is the best of all candidates.
        second_wins_if_first_fails: share of the other replicates in which the second is.
        second_beats_first: share of all replicates.
        gain: mean gain of submitting both over the first alone, in the metric's units.
    """

    first: str
    second: str
    first_wins: float
    second_wins_if_first_fails: float
    second_beats_first: float
    gain: float


@single_threaded
def choose_two(
    candidates: Mapping[str, np.ndarray],
    target: np.ndarray,
    metric: Metric,
    folds: np.ndarray,
    seed: int = 0,
) -> Pair:
    """Returns the pair of candidates to submit.

    Args:
        candidates: by name, cross-fitted (or out-of-fold) predictions (rows, outputs). Rows with
            NaN in any of them are left out.
        target: classification int (rows,); else (rows, outputs).
        folds: int (rows,) fold numbers, -1 for rows that none scored.

    Raises:
        StoreError: no candidate, or no row that all of them predict.
    """
    if not candidates:
        raise StoreError("There are no candidates to submit.")
    names = list(candidates)
    rows = (folds >= 0) & ~np.any([np.isnan(p).any(axis=1) for p in candidates.values()], axis=0)
    if not rows.any():
        raise StoreError(f"No row is predicted by all of {', '.join(names)}.")
    truth, predictions = target[rows], [candidates[name][rows] for name in names]
    losses = np.array([metric.loss(truth, p) for p in predictions])
    first = int(np.argmin(np.nan_to_num(losses, nan=np.inf)))
    draws = bootstrap_scores(metric, truth, predictions, folds[rows], REPLICATES, seed)
    draws = draws[~np.isnan(draws).any(axis=1)] * (-1.0 if metric.greater_is_better else 1.0)
    if len(names) == 1 or not len(draws):
        return Pair(names[first], "", 1.0 if len(names) == 1 else float("nan"), 0.0, 0.0, 0.0)
    least = draws.min(axis=1)
    fails = draws[:, first] > least
    second = _second(draws, first, fails)
    wins = draws[fails, second] <= least[fails]
    gains = np.maximum(draws[:, first] - draws[:, second], 0.0)
    return Pair(
        first=names[first],
        second=names[second],
        first_wins=float(1.0 - fails.mean()),
        second_wins_if_first_fails=float(wins.mean()) if fails.any() else 0.0,
        second_beats_first=float(np.mean(draws[:, second] < draws[:, first])),
        gain=float(gains.mean()),
    )


def _second(draws: np.ndarray, first: int, fails: np.ndarray) -> int:
    """Returns the candidate that is best most often where the first fails; then of most gain."""
    others = np.array([c for c in range(draws.shape[1]) if c != first])
    gains = np.maximum(draws[:, [first]] - draws[:, others], 0.0).mean(axis=0)
    wins = (
        (draws[fails][:, others] <= draws[fails].min(axis=1, keepdims=True)).sum(axis=0) if fails.any() else 0
    )
    order = np.lexsort((-draws[:, others].mean(axis=0), gains, wins + np.zeros(len(others))))
    return int(others[order[-1]])

"""How sure a score is: paired bootstrap of rows, or of folds and rows, for any metric."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.metrics import SMALLEST_PROBABILITY, Metric, find_metric, labels

BLOCKS = 5000  # more rows than this are resampled in random blocks, where a metric is a mean over rows
SCORED_ROWS = 20_000  # rows a replicate of any other metric draws at most; deviations are scaled for it


@dataclass(frozen=True)
class Additive:
    """A metric that is a function of means over rows.

    Attributes:
        terms: (target, prediction) -> float (rows, columns).
        finish: means (..., columns) -> scores (...).
    """

    terms: Callable[[np.ndarray, np.ndarray], np.ndarray]
    finish: Callable[[np.ndarray], np.ndarray]


def additive(metric: Metric) -> Additive | None:
    """Returns the metric as a mean over rows, or None where it is not one that is known to be."""
    for name, form in _ADDITIVE.items():
        if metric == find_metric(name):
            return form
    return None


def _log_terms(target: np.ndarray, probability: np.ndarray) -> np.ndarray:
    if target.ndim == 1:
        chosen = (probability[np.arange(len(target)), target] / probability.sum(axis=1))[:, None]
    else:
        chosen = np.where(target > 0.5, probability, 1.0 - probability)
    return -np.log(np.clip(chosen, SMALLEST_PROBABILITY, 1.0)).mean(axis=1, keepdims=True)


def _right_terms(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    right = target == labels(target, prediction)
    return right.reshape(len(target), -1).mean(axis=1, keepdims=True)


def _squared_log_terms(target: np.ndarray, value: np.ndarray) -> np.ndarray:
    return (np.log1p(target) - np.log1p(np.maximum(value, 0.0))) ** 2


def _mean_of_roots(means: np.ndarray) -> np.ndarray:
    return np.sqrt(means).mean(axis=-1)


def _mean(means: np.ndarray) -> np.ndarray:
    return means.mean(axis=-1)


_ADDITIVE = {
    "log_loss": Additive(_log_terms, _mean),
    "accuracy": Additive(_right_terms, _mean),
    "mae": Additive(lambda target, value: np.abs(target - value), _mean),
    "rmse": Additive(lambda target, value: (target - value) ** 2, _mean_of_roots),
    "rmsle": Additive(_squared_log_terms, _mean_of_roots),
}


def bootstrap_scores(
    metric: Metric,
    target: np.ndarray,
    predictions: Sequence[np.ndarray],
    folds: np.ndarray | None = None,
    replicates: int | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Returns float64 (replicates, predictions): scores on the same resampled rows for all.

    Metrics that are means over rows are resampled in at most BLOCKS random blocks. Others are
    scored on at most SCORED_ROWS drawn rows (m out of n bootstrap; Bickel, Götze and van Zwet,
    Statistica Sinica 1997), and their deviations scaled by sqrt(m / n).

    Args:
        folds: (rows,) fold numbers: draw folds with replacement, then rows within each; without,
            rows alone.
        replicates: 1000 for means over rows, 200 for other metrics, unless told.
    """
    form = additive(metric)
    if form is None:
        return _scored_draws(metric, target, predictions, folds, replicates or 200, seed)
    random = np.random.default_rng(seed)
    groups = np.zeros(len(target), np.int64) if folds is None else folds
    block = _blocks(groups, random)
    sizes = np.bincount(block)
    sums = []
    for prediction in predictions:
        terms = form.terms(target, np.asarray(prediction, np.float64))
        sums.append(np.column_stack([np.bincount(block, column) for column in terms.T]))
    stacked = np.stack(sums, axis=1)  # (blocks, predictions, columns)
    block_groups = np.zeros(len(sizes), np.int64)
    block_groups[block] = groups
    counts = np.stack(
        [
            np.bincount(drawn, minlength=len(sizes))
            for drawn in _draws(block_groups, replicates or 1000, 1.0, random)
        ]
    ).astype(np.float64)
    means = np.tensordot(counts, stacked, axes=1) / (counts @ sizes)[:, None, None]
    return form.finish(means)


def _blocks(groups: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Returns (rows,) block numbers, each block within one group."""
    if len(groups) <= BLOCKS:
        return np.arange(len(groups))
    block, first = np.empty(len(groups), np.int64), 0
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        n = max(1, round(BLOCKS * len(rows) / len(groups)))
        block[random.permutation(rows)] = first + np.arange(len(rows)) % n
        first += n
    return block


def _draws(groups: np.ndarray, n: int, share: float, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Yields positions: groups drawn with replacement, then that share of each one's positions."""
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    for _ in range(n):
        chosen = [members[g] for g in random.integers(len(members), size=len(members))]
        yield np.concatenate([m[random.integers(len(m), size=max(1, round(share * len(m))))] for m in chosen])


def _scored_draws(
    metric: Metric,
    target: np.ndarray,
    predictions: Sequence[np.ndarray],
    folds: np.ndarray | None,
    replicates: int,
    seed: int,
) -> np.ndarray:
    share = min(1.0, SCORED_ROWS / len(target))
    groups = np.zeros(len(target), np.int64) if folds is None else folds
    draws = _draws(groups, replicates, share, np.random.default_rng(seed))
    scores = np.array([[metric(target[rows], p[rows]) for p in predictions] for rows in draws])
    full = np.array([metric(target, p) for p in predictions])
    return scores if share == 1.0 else full + (scores - full) * np.sqrt(share)

"""How sure a score is: paired bootstrap of rows or whole groups, or of folds and these, for any metric."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.ensemble.split import Split
from pipeline.metrics import SMALLEST_PROBABILITY, Metric, find_metric, labels

BLOCKS = 5000  # more rows than this are resampled in random blocks, where a metric is a mean over rows
SCORED_ROWS = 20_000  # rows a replicate of any other metric draws at most; deviations are scaled for it


@dataclass(frozen=True)
class Additive:
    """A metric that is a function of means over rows.

    Attributes:
        terms: (target, prediction) -> float (rows, columns).
        of_means: means (..., columns) -> scores (...).
    """

    terms: Callable[[np.ndarray, np.ndarray], np.ndarray]
    of_means: Callable[[np.ndarray], np.ndarray]


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
    split: Split | None = None,
    by_fold: bool = False,
    replicates: int | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Returns float64 (replicates, predictions): scores on the same resampled rows for all.

    Where rows belong to groups, whole groups are drawn: rows of one group are right and wrong
    together, and drawing them one by one would promise too narrow an interval. A bootstrap of few
    units is still too narrow: deviations are widened as a t interval is for so many groups.

    Metrics that are means over rows are resampled in at most BLOCKS random blocks. Others are
    scored on at most SCORED_ROWS drawn rows (m out of n bootstrap; Bickel, Götze and van Zwet,
    Statistica Sinica 1997), and their deviations scaled by sqrt(m / n).

    Args:
        split: of the same rows; without, or without groups, rows are drawn.
        by_fold: draw folds with replacement, then rows or groups within each.
        replicates: 1000 for means over rows, 200 for other metrics, unless told.
    """
    random, form = np.random.default_rng(seed), additive(metric)
    units, strata = _units(split, len(target)), np.zeros(len(target), np.int64)
    if split is not None and by_fold:
        strata = split.folds
    if form is not None:
        scores = _summed_draws(form, target, predictions, _blocks(units, strata, random), strata,
                               replicates or 1000, random)  # fmt: skip
    else:
        scores = _scored_draws(metric, target, predictions, units, strata, replicates or 200, random)
    count = int(units.max()) + 1
    if split is None or split.groups is None or count < 2:
        return scores
    full = np.array([metric(target, prediction) for prediction in predictions])
    return full + (scores - full) * _few(count)


def _few(units: int) -> float:
    """Returns the deviation divided by n - 1 over that by n, times t's 97.5 % point over the normal's."""
    return float(np.sqrt(units / (units - 1)) * (1.0 + 1.21 / (units - 1)))


def interval(draws: np.ndarray) -> tuple[float, float]:
    """Returns the 95 % interval of a drawn number, by percentiles; NaN where it has no value."""
    known = draws[~np.isnan(draws)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def _units(split: Split | None, rows: int) -> np.ndarray:
    """Returns (rows,) the number of what is drawn together."""
    if split is None or split.groups is None:
        return np.arange(rows)
    return np.unique(split.groups, return_inverse=True)[1]


def _blocks(units: np.ndarray, strata: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Returns (rows,) block numbers: the units, or random heaps of them, each within one stratum."""
    count = int(units.max()) + 1
    if count <= BLOCKS:
        return units
    stratum_of = np.empty(count, np.int64)
    stratum_of[units] = strata
    block, first = np.empty(count, np.int64), 0
    for stratum in np.unique(strata):
        some = np.flatnonzero(stratum_of == stratum)
        n = max(1, round(BLOCKS * len(some) / count))
        block[random.permutation(some)] = first + np.arange(len(some)) % n
        first += n
    return block[units]


def _summed_draws(
    form: Additive,
    target: np.ndarray,
    predictions: Sequence[np.ndarray],
    block: np.ndarray,
    strata: np.ndarray,
    replicates: int,
    random: np.random.Generator,
) -> np.ndarray:
    sizes = np.bincount(block)
    sums = []
    for prediction in predictions:
        terms = form.terms(target, np.asarray(prediction, np.float64))
        sums.append(np.column_stack([np.bincount(block, column) for column in terms.T]))
    stacked = np.stack(sums, axis=1)  # (blocks, predictions, columns)
    stratum_of = np.zeros(len(sizes), np.int64)
    stratum_of[block] = strata
    counts = np.stack(
        [np.bincount(drawn, minlength=len(sizes)) for drawn in _draws(stratum_of, replicates, 1.0, random)]
    ).astype(np.float64)
    means = np.tensordot(counts, stacked, axes=1) / (counts @ sizes)[:, None, None]
    return form.of_means(means)


def _draws(strata: np.ndarray, n: int, share: float, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Yields positions: strata drawn with replacement, then that share of each one's positions."""
    members = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
    for _ in range(n):
        chosen = [members[g] for g in random.integers(len(members), size=len(members))]
        yield np.concatenate([m[random.integers(len(m), size=max(1, round(share * len(m))))] for m in chosen])


def _scored_draws(
    metric: Metric,
    target: np.ndarray,
    predictions: Sequence[np.ndarray],
    units: np.ndarray,
    strata: np.ndarray,
    replicates: int,
    random: np.random.Generator,
) -> np.ndarray:
    share = min(1.0, SCORED_ROWS / len(target))
    order, ends = np.argsort(units, kind="stable"), np.cumsum(np.bincount(units))
    rows_of = np.split(order, ends[:-1])
    stratum_of = np.empty(len(rows_of), np.int64)
    stratum_of[units] = strata
    scores = []
    for drawn in _draws(stratum_of, replicates, share, random):
        rows = order[drawn] if len(rows_of) == len(units) else np.concatenate([rows_of[u] for u in drawn])
        scores.append([metric(target[rows], prediction[rows]) for prediction in predictions])
    full = np.array([metric(target, prediction) for prediction in predictions])
    return np.array(scores) if share == 1.0 else full + (np.array(scores) - full) * np.sqrt(share)

"""Paired bootstrap of a score, for any metric: of rows or whole groups, or of folds and these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.ensemble.split import Split
from pipeline.metrics import Metric, RowMeans

BLOCKS = 5000  # more rows than this are resampled in random blocks, where a metric is a mean over rows
SCORED_ROWS = 20_000  # rows a replicate of any other metric draws at most; deviations are scaled for it


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
    random, means = np.random.default_rng(seed), metric.row_means
    units, strata = _units(split, len(target)), np.zeros(len(target), np.int64)
    if split is not None and by_fold:
        strata = split.folds
    if means is not None:
        scores = _summed_draws(metric, means, target, predictions, _blocks(units, strata, random), strata,
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
    metric: Metric,
    means: RowMeans,
    target: np.ndarray,
    predictions: Sequence[np.ndarray],
    block: np.ndarray,
    strata: np.ndarray,
    replicates: int,
    random: np.random.Generator,
) -> np.ndarray:
    weights = metric.row_weights(target)
    sizes, sums = np.bincount(block, weights), []
    for prediction in predictions:
        terms = means.terms(*metric.asked(target, metric.exactly(prediction)))
        terms = terms if weights is None else terms * weights[:, None]
        sums.append(np.column_stack([np.bincount(block, column) for column in terms.T]))
    stacked = np.stack(sums, axis=1)  # (blocks, predictions, columns)
    stratum_of = np.zeros(len(sizes), np.int64)
    stratum_of[block] = strata
    counts = np.stack(
        [np.bincount(drawn, minlength=len(sizes)) for drawn in _draws(stratum_of, replicates, 1.0, random)]
    ).astype(np.float64)
    totals = counts @ sizes
    drawn_means = np.tensordot(counts, stacked, axes=1) / np.where(totals > 0, totals, np.nan)[:, None, None]
    return means.of_means(drawn_means)


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
    scores, scores_of = [], [metric.of_rows(target, prediction) for prediction in predictions]
    for drawn in _draws(stratum_of, replicates, share, random):
        rows = order[drawn] if len(rows_of) == len(units) else np.concatenate([rows_of[u] for u in drawn])
        scores.append([score(rows) for score in scores_of])
    full = np.array([metric(target, prediction) for prediction in predictions])
    return np.array(scores) if share == 1.0 else full + (np.array(scores) - full) * np.sqrt(share)

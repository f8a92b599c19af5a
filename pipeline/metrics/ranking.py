"""Metrics of order: of rows by a class's probability, and of a row's classes.

Searches over weights and thresholds call metrics of ranks and labels thousands of times: written out
they cost microseconds where a library's checks cost a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.metrics.base import RowMeans, Score
from pipeline.metrics.curves import Curves, area, precision
from pipeline.metrics.register import family, metric

BAND, WEIGHT = 0.4, 2.0  # of the weighted AUC: below this share of true positives the area counts twice


# areas under the ROC curve, the normalised Gini coefficient of classes, areas under precision and recall
metric("auc", True, "probability", "cm")(Curves(area))
metric("gini", True, "probability", "cm")(Curves(area, lambda mean: 2.0 * mean - 1.0))
metric("average_precision", True, "probability", "cm")(Curves(precision))


@metric("auc_micro", True, "probability", "m")
def auc_micro(target: np.ndarray, probability: np.ndarray) -> float:
    """Area under the one ROC curve of all rows and labels together."""
    return Curves(area)(target.reshape(-1, 1), probability.reshape(-1, 1))


@metric("auc_weighted", True, "probability", "c", binary=True)
def auc_weighted(target: np.ndarray, probability: np.ndarray) -> float:
    """Area under the ROC curve; what lies below a true positive rate of 0.4 counts twice.

    As ALASKA2 (Kaggle, 2020) scores the detection of hidden messages; divided by the area of a
    perfect curve.
    """
    truth, score = target == 1, probability[:, 1]
    if not 0 < truth.sum() < len(truth) or np.isnan(score).any():
        return float("nan")
    _, place = np.unique(-score, return_inverse=True)
    hits = np.append(0.0, np.cumsum(np.bincount(place, truth))) / truth.sum()
    false = np.append(0.0, np.cumsum(np.bincount(place, ~truth))) / (~truth).sum()
    at = int(np.searchsorted(hits, BAND))  # the curve passes the band between at - 1 and at
    share = (BAND - hits[at - 1]) / (hits[at] - hits[at - 1])
    crossing = false[at - 1] + share * (false[at] - false[at - 1])
    hits, false = np.insert(hits, at, BAND), np.insert(false, at, crossing)
    whole, low = (_trapezoids(false, height) for height in (hits, np.minimum(hits, BAND)))
    return float((whole + (WEIGHT - 1.0) * low) / (1.0 + (WEIGHT - 1.0) * BAND))


def _trapezoids(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1])) / 2.0)


@metric("lwlrap", True, "probability", "m")
def lwlrap(target: np.ndarray, probability: np.ndarray) -> float:
    """Label-weighted label-ranking average precision (Fonseca et al., DCASE 2019).

    The mean over all true labels of all rows of the share of true ones among the row's labels
    that are ranked as high or higher. Ties count against the prediction; NaN without a true label.
    """
    truth, found, counted = target > 0.5, 0.0, 0
    for k in range(truth.shape[1]):
        rows = np.flatnonzero(truth[:, k])
        above = probability[rows] >= probability[rows, k][:, None]
        found += float(np.sum((above & truth[rows]).sum(axis=1) / np.maximum(above.sum(axis=1), 1)))
        counted += len(rows)
    return found / counted if counted else float("nan")


@family("map@K", True, "probability", "c", whole=True, depth=int)
def map_at(k: float) -> Score:
    """Mean average precision at k for one true class a row: 1 / its rank, 0 past k."""
    return RowMeans(lambda target, probability: _by_rank(target, probability, k, lambda rank: 1.0 / rank))


@family("ndcg@K", True, "probability", "c", whole=True, depth=int)
def ndcg_at(k: float) -> Score:
    """Discounted gain at k for one true class a row: 1 / log2(1 + its rank), 0 past k.

    Järvelin and Kekäläinen, 2002; with one true class a row the best gain is 1.
    """
    return RowMeans(
        lambda target, probability: _by_rank(target, probability, k, lambda rank: 1.0 / np.log2(1.0 + rank))
    )


@family("top@K", True, "probability", "c", whole=True, depth=int)
def top_at(k: float) -> Score:
    """The share of rows whose class is among the k likeliest."""
    return RowMeans(lambda target, probability: _by_rank(target, probability, k, np.ones_like))


def _by_rank(
    target: np.ndarray, probability: np.ndarray, k: float, worth: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Returns float64 (rows, 1): what the true class's rank is worth; ties count against the prediction."""
    true = probability[np.arange(len(target)), target][:, None]
    rank = 1.0 + (probability > true).sum(axis=1) + ((probability == true).sum(axis=1) - 1)
    return np.where(rank <= k, worth(rank), 0.0)[:, None]

"""Metrics of values: how far off they are, and whether they go along with the truth."""

from __future__ import annotations

import numpy as np

from pipeline.metrics.base import RowMeans, Score
from pipeline.metrics.register import family, metric, metric_of_rows

SMALLEST = 1e-9  # of what Kaggle takes a logarithm of, and of what a deviance divides by


def mean_of_roots(means: np.ndarray) -> np.ndarray:
    """Returns the mean of the square roots over the last axis."""
    return np.asarray(np.sqrt(means).mean(axis=-1))


def mean_of_logs(means: np.ndarray) -> np.ndarray:
    """Returns the mean of the logarithms over the last axis."""
    return np.asarray(np.log(np.maximum(means, SMALLEST)).mean(axis=-1))


@metric_of_rows("rmse", False, "value", "r", of_means=mean_of_roots)
def rmse(target: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Root of the mean squared error, mean over target columns."""
    return np.asarray((target - value) ** 2)


@metric_of_rows("mse", False, "value", "r")
def mse(target: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Mean squared error."""
    return np.asarray((target - value) ** 2)


@metric_of_rows("rmsle", False, "value", "r", of_means=mean_of_roots, log_target=True, floor=0.0)
def rmsle(target: np.ndarray, value: np.ndarray) -> np.ndarray:
    """RMSE of log(1 + y), negative predictions counted as 0."""
    return np.asarray((np.log1p(target) - np.log1p(np.maximum(value, 0.0))) ** 2)


@metric_of_rows("mae", False, "value", "r", objective="l1")
def mae(target: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Mean absolute error."""
    return np.asarray(np.abs(target - value))


@metric_of_rows("log_mae", False, "value", "r", of_means=mean_of_logs, objective="l1")
def log_mae(target: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Logarithm of the mean absolute error, which counts as at least 1e-9; mean over target columns."""
    return np.asarray(np.abs(target - value))


@metric("medae", False, "value", "r", objective="l1")
def medae(target: np.ndarray, value: np.ndarray) -> float:
    """Median absolute error, mean over target columns."""
    return float(np.median(np.abs(target - value), axis=0).mean())


@family("quantile@Q", False, "value", "r", below=1.0, objective=lambda level: "quantile", quantile=float)
def quantile_at(level: float) -> Score:
    """Quantile (pinball) loss (Koenker and Bassett, 1978): the mean of q * (y - p), or (1 - q) * (p - y)."""

    def terms(target: np.ndarray, value: np.ndarray) -> np.ndarray:
        off = target - value
        return np.asarray(np.maximum(level * off, (level - 1.0) * off))

    return RowMeans(terms)


@metric_of_rows("poisson_deviance", False, "value", "r", floor=0.0)
def poisson_deviance(target: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Mean Poisson deviance of counts, 2 * (y log(y / p) - y + p); predictions count as at least 1e-9."""
    value = np.maximum(np.asarray(value, np.float64), SMALLEST)
    logs = np.log(np.where(target > 0, target, 1.0)) - np.log(value)
    return np.asarray(2.0 * (np.where(target > 0, target * logs, 0.0) - target + value))


@metric("r2", True, "value", "r")
def r2(target: np.ndarray, value: np.ndarray) -> float:
    """Coefficient of determination, mean over target columns.

    A column whose target is constant has none: as in scikit-learn 1 where it is met, else 0.
    """
    residual = np.sum((target - value) ** 2, axis=0)
    constant = np.ptp(target, axis=0) == 0
    total = np.sum((target - target.mean(axis=0)) ** 2, axis=0)
    explained = 1.0 - residual / np.where(constant, 1.0, total)
    return float(np.mean(np.where(constant, residual == 0, explained)))


@metric("pearson", True, "value", "r")
def pearson(target: np.ndarray, value: np.ndarray) -> float:
    """Correlation, mean over target columns; 0 of a column where either side is constant."""
    return _correlation(target, value)


@metric("spearman", True, "value", "r")
def spearman(target: np.ndarray, value: np.ndarray) -> float:
    """Correlation of ranks, ties sharing theirs, mean over target columns; 0 where a side is constant."""
    return _correlation(_ranks(target), _ranks(value))


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    constant = (np.ptp(one, axis=0) == 0) | (np.ptp(other, axis=0) == 0)
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    sizes = np.sqrt((one**2).sum(axis=0) * (other**2).sum(axis=0))
    together = (one * other).sum(axis=0) / np.where(constant | (sizes == 0), 1.0, sizes)
    return float(np.mean(np.where(constant, 0.0, together)))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Returns mid-ranks by column, float64 (rows, columns); NaN stays."""
    ranks = np.empty(values.shape)
    for k, column in enumerate(values.T):
        _, place, counts = np.unique(column, return_inverse=True, return_counts=True)
        ranks[:, k] = (np.cumsum(counts) - 0.5 * (counts - 1))[place]
    return np.where(np.isnan(values), np.nan, ranks)


@metric("gini_values", True, "value", "r")
def gini_values(target: np.ndarray, value: np.ndarray) -> float:
    """The normalised Gini coefficient of amounts, mean over target columns.

    The area of the Lorenz curve of the target in the order of the predictions, over that in its own
    order (Frees, Meyers and Cummings, 2011): the covariance of target and predicted rank, over that
    with its own rank. Rows that are predicted alike share a rank; 0 where the target is constant.
    """
    centred = target - target.mean(axis=0)
    best = (centred * _ranks(target)).sum(axis=0)
    found = (centred * _ranks(value)).sum(axis=0)
    return float(np.mean(np.where(np.ptp(target, axis=0) == 0, 0.0, found / np.where(best == 0, 1.0, best))))

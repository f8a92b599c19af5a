"""Metrics of proportions: relative errors of forecasts, and shares that sum to one.

A relative error is nearly one of the logarithm, which models learn therefore where no target is negative.
"""

from __future__ import annotations

import numpy as np

from pipeline.metrics.base import SMALLEST_PROBABILITY
from pipeline.metrics.register import metric_of_rows


def mean_where_counted(means: np.ndarray) -> np.ndarray:
    """Returns the mean over targets of terms over how often they count: (..., 2 * targets) -> (...)."""
    return np.asarray(_counted(means).mean(axis=-1))


def mean_of_roots_where_counted(means: np.ndarray) -> np.ndarray:
    """Returns the same of square roots."""
    return np.asarray(np.sqrt(_counted(means)).mean(axis=-1))


def _counted(means: np.ndarray) -> np.ndarray:
    terms, counts = np.split(means, 2, axis=-1)
    return np.asarray(np.where(counts > 0, terms / np.where(counts > 0, counts, 1.0), np.nan))


@metric_of_rows(
    "rmspe", False, "value", "r", of_means=mean_of_roots_where_counted, log_target=True, log_optional=True
)
def rmspe(target: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Root of the mean squared relative error, mean over target columns; targets of 0 are left out."""
    return _with_counts(target, _relative(target, value) ** 2)


@metric_of_rows(
    "mape",
    False,
    "value",
    "r",
    of_means=mean_where_counted,
    log_target=True,
    log_optional=True,
    objective="l1",
)
def mape(target: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Mean absolute relative error as a share (0.1 is 10 %); targets of 0 are left out."""
    return _with_counts(target, np.abs(_relative(target, value)))


@metric_of_rows("smape", False, "value", "r", log_target=True, log_optional=True, objective="l1")
def smape(target: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Mean of 100 * |y - p| / ((|y| + |p|) / 2), from 0 to 200; 0 where both are 0 (Makridakis, 1993)."""
    size = (np.abs(target) + np.abs(value)) / 2.0
    return np.asarray(100.0 * np.abs(target - value) / np.where(size > 0, size, 1.0))


def _relative(target: np.ndarray, value: np.ndarray) -> np.ndarray:
    return np.asarray((target - value) / np.where(target == 0, 1.0, target))


def _with_counts(target: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """Returns terms, 0 where the target is 0, and beside them whether each counts."""
    counts = target != 0
    return np.hstack([np.where(counts, terms, 0.0), counts])


@metric_of_rows("kl_divergence", False, "value", "r", floor=0.0)
def kl_divergence(target: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Kullback-Leibler divergence of a row's predicted shares from its true ones, mean over rows.

    The target columns are shares of one row, or counts (votes): both sides are brought to a sum of
    one, predictions after they are clipped at 1e-15. A row whose target is 0 throughout counts as 0.
    """
    total = target.sum(axis=1, keepdims=True)
    truth = target / np.where(total > 0, total, 1.0)
    shares = np.maximum(np.asarray(value, np.float64), SMALLEST_PROBABILITY)
    shares = shares / shares.sum(axis=1, keepdims=True)
    logs = np.log(np.where(truth > 0, truth, 1.0)) - np.log(shares)
    return np.asarray(np.where(truth > 0, truth * logs, 0.0).sum(axis=1, keepdims=True))

"""Ensemble weights, as methods share them: exact solutions, and the loss of any weights."""

from __future__ import annotations

import numpy as np

from pipeline.ensemble.method import is_probability
from pipeline.ensemble.simplex import Solution, error_grams, log_loss_weights, squared_error_weights
from pipeline.ensemble.stack import Stack
from pipeline.metrics import SMALLEST_PROBABILITY, Metric, find_metric

SEARCH_ROWS = 20_000  # a direct search looks at no more rows than this: its weights need no more
SEARCH_VALUES = 100_000  # rows * outputs that a metric of all columns is asked about at once


def exact_weights(stack: Stack, target: np.ndarray, metric: Metric) -> Solution:
    """Returns the optimal simplex weights for log loss (probabilities) or squared error (values).

    For a metric that is neither they are optimal for its nearest proper score, and a good start.
    """
    if is_probability(metric):
        return log_loss_weights(stack.probability_of_truth(target))
    grams = error_grams(stack, target)
    if metric == find_metric("r2"):
        spread = ((target - target.mean(axis=0)) ** 2).mean(axis=0)
        grams = grams / np.maximum(spread, np.finfo(float).tiny)[:, None, None]
    return squared_error_weights(grams, root=metric not in (find_metric("r2"), find_metric("mse")))


def member_losses(stack: Stack, target: np.ndarray, metric: Metric) -> np.ndarray:
    """Returns float64 (members,), less is better; infinite where the metric is undefined."""
    losses = [metric.loss(target, stack.member(m)) for m in range(stack.n_members)]
    return np.nan_to_num(np.array(losses), nan=np.inf)


def sample(rows: int, most: int, seed: int) -> np.ndarray:
    """Returns sorted positions of at most so many random rows."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def search_sample(stack: Stack, metric: Metric, seed: int) -> np.ndarray:
    """Returns the positions of the rows that a direct search for this metric looks at."""
    if metric == find_metric("log_loss"):
        return sample(len(stack), SEARCH_ROWS, seed)
    return sample(len(stack), min(SEARCH_ROWS, max(SEARCH_VALUES // stack.n_outputs, 2000)), seed)


def inner_folds(folds: np.ndarray | None, rows: int, seed: int, n: int = 5) -> np.ndarray:
    """Returns the rows' fold numbers: those given where there are two, else random ones."""
    if folds is not None and len(np.unique(folds)) > 1:
        return folds
    return np.random.default_rng(seed).permutation(np.arange(rows) % min(n, rows))


class WeightLoss:
    """The loss of weights on some rows, as fast as the metric allows.

    Log loss looks at one number per row and member, every other metric at all columns.

    Attributes:
        parts: float (members, ...): what a blend is the weighted sum of.
    """

    def __init__(self, stack: Stack, target: np.ndarray, metric: Metric) -> None:
        self.target = target
        self.metric = metric
        self._truth_only = metric == find_metric("log_loss")
        if self._truth_only:
            self.parts = np.ascontiguousarray(stack.probability_of_truth(self.target).T, np.float64)
        else:
            self.parts = np.stack([stack.member(m) for m in range(stack.n_members)]).astype(np.float64)

    def of(self, blended: np.ndarray) -> float:
        """Returns the loss of one weighted sum of the parts."""
        if self._truth_only:
            return float(-np.log(np.clip(blended, SMALLEST_PROBABILITY, 1.0)).mean())
        loss = self.metric.loss(self.target, blended)
        return float("inf") if np.isnan(loss) else loss

    def __call__(self, weights: np.ndarray) -> float:
        flat = self.parts.reshape(len(self.parts), -1)
        return self.of((weights @ flat).reshape(self.parts.shape[1:]))

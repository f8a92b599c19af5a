"""By how much one answer beats another, and how surely; how members' errors hang together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.ensemble.resampling import bootstrap_scores, interval
from pipeline.ensemble.split import Split
from pipeline.ensemble.stack import Stack
from pipeline.ensemble.threads import single_threaded
from pipeline.metrics import Metric

CHUNK = 65_536


@dataclass(frozen=True)
class Gain:
    """By how much one prediction beats another, in the metric's units; positive is better.

    Attributes:
        value: on all rows.
        low, high: 95 % interval, paired bootstrap over rows or groups (percentiles).
        probability: share of the replicates in which it is better; equal is not better.
    """

    value: float
    low: float
    high: float
    probability: float


@single_threaded
def gain(
    metric: Metric,
    target: np.ndarray,
    answer: np.ndarray,
    other: np.ndarray,
    split: Split | None = None,
    seed: int = 0,
) -> Gain:
    """Returns by how much one answer beats the other on the same rows.

    Args:
        answer, other: values (rows, outputs), or labels.
        split: of the same rows: where it has groups, groups are drawn.
    """
    draws = bootstrap_scores(metric, target, [answer, other], split, seed=seed)
    differences = draws[:, 0] - draws[:, 1]
    value = metric(target, answer) - metric(target, other)
    if not metric.greater_is_better:
        differences, value = -differences, -value
    known = differences[~np.isnan(differences)]
    better = float(np.mean(known > 0)) if len(known) else float("nan")
    return Gain(value, *interval(differences), better)


@single_threaded
def intervals(
    metric: Metric, target: np.ndarray, answers: Mapping[str, np.ndarray], split: Split, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """Returns by name the 95 % interval of the score of an answer."""
    draws = bootstrap_scores(metric, target, list(answers.values()), split, seed=seed)
    return {name: interval(draws[:, number]) for number, name in enumerate(answers)}


@single_threaded
def error_correlation(stack: Stack, target: np.ndarray) -> np.ndarray:
    """Returns (members, members): the correlation of truth minus prediction, over all columns.

    An error that never varies has no correlation: 0 with others.
    """
    members = stack.n_members
    products, sums, count = np.zeros((members, members)), np.zeros(members), 0
    for start in range(0, len(stack), CHUNK):
        part = stack.take(np.arange(start, min(start + CHUNK, len(stack))))
        truth = target[start : start + CHUNK]
        if truth.ndim == 1:
            truth = np.eye(stack.n_outputs, dtype=np.float32)[truth]
        errors = np.stack([(truth - part.member(m)).ravel() for m in range(members)])
        products += errors @ errors.T
        sums += errors.sum(axis=1)
        count += errors.shape[1]
    covariance = products / count - np.outer(sums, sums) / count**2
    spread = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    scale = np.outer(spread, spread)
    correlation = np.divide(covariance, scale, out=np.zeros_like(covariance), where=scale > 0)
    np.fill_diagonal(correlation, 1.0)
    return np.clip(correlation, -1.0, 1.0)

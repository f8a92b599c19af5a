"""What a blend gains, how surely, and what each member gives to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.ensemble.blend import Blend, blend, scored_rows
from pipeline.ensemble.resampling import bootstrap_scores
from pipeline.ensemble.stack import Stack
from pipeline.ensemble.threads import single_threaded
from pipeline.metrics import Metric
from pipeline.predictions import Predictions

CHUNK = 65_536


@dataclass(frozen=True)
class Gain:
    """By how much one prediction beats another, in the metric's units; positive is better.

    Attributes:
        value: on all rows.
        low, high: 95 % interval, paired bootstrap over rows (percentiles).
        probability: share of the replicates in which it is better.
    """

    value: float
    low: float
    high: float
    probability: float


@dataclass(frozen=True)
class Analysis:
    """Attributes:
    best_member: the member with the best score on the scored rows. It is chosen on the rows
        that it is compared on, which favours it, not the blend.
    against_best: the cross-fitted blend against that member.
    against_mean: against the equal weights of all members.
    leave_one_out: by member, how much the cross-fitted score is better with than without it.
    member_intervals: by member, the 95 % interval of its score.
    names: the members in the order of `error_correlation`.
    error_correlation: (members, members) correlation of the errors.
    """

    best_member: str
    against_best: Gain
    against_mean: Gain
    leave_one_out: dict[str, float]
    member_intervals: dict[str, tuple[float, float]]
    names: tuple[str, ...]
    error_correlation: np.ndarray = field(repr=False)


@single_threaded
def analyse(
    result: Blend,
    members: list[Predictions],
    target: np.ndarray,
    metric: Metric,
    folds: np.ndarray,
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
) -> Analysis:
    """Returns what the blend of the members gains.

    Every member costs one more cross-fit of the blend's method.

    Args:
        result: what `blend` made of the same arguments.
    """
    rows, _ = scored_rows(members, folds)
    rows = rows[~np.isnan(result.oof[rows]).any(axis=1)]
    truth = target[rows] if members[0].task.is_classification else target[rows].reshape(len(rows), -1)
    stack = Stack(tuple(member.oof for member in members), rows)
    best = min(members, key=lambda member: metric.loss(truth, member.oof[rows]))
    mean = stack.combine(np.full(len(members), 1.0 / len(members)))
    blended = result.oof[rows]
    arguments = (members, target, metric, folds, result, seed, parameters)
    return Analysis(
        best_member=best.name,
        against_best=gain(metric, truth, blended, best.oof[rows], seed),
        against_mean=gain(metric, truth, blended, mean, seed),
        leave_one_out=leave_one_out(*arguments),
        member_intervals=_intervals(members, truth, metric, rows, seed),
        names=tuple(member.name for member in members),
        error_correlation=error_correlation(stack, truth),
    )


def gain(
    metric: Metric, target: np.ndarray, prediction: np.ndarray, other: np.ndarray, seed: int = 0
) -> Gain:
    """Returns by how much the prediction beats the other on the same rows."""
    draws = bootstrap_scores(metric, target, [prediction, other], seed=seed)
    differences = draws[:, 0] - draws[:, 1]
    value = metric(target, prediction) - metric(target, other)
    if not metric.greater_is_better:
        differences, value = -differences, -value
    known = differences[~np.isnan(differences)]
    if not len(known):
        return Gain(value, float("nan"), float("nan"), float("nan"))
    low, high = np.percentile(known, [2.5, 97.5])
    better = np.mean(known > 0) + 0.5 * np.mean(known == 0)
    return Gain(value, float(low), float(high), float(better))


@single_threaded
def leave_one_out(
    members: list[Predictions],
    target: np.ndarray,
    metric: Metric,
    folds: np.ndarray,
    result: Blend,
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
) -> dict[str, float]:
    """Returns by member how much better the cross-fitted score is with it than without it.

    The method is the one that made the blend's predictions. A single member has no gain to give.
    """
    if len(members) < 2:
        return {}
    parameters = {} if result.method == "auto" else parameters

    def loss(some: list[Predictions]) -> float:
        score = blend(some, target, metric, folds, result.chosen, seed, parameters).cross_fitted_score
        return -score if metric.greater_is_better else score

    everyone = loss(members)
    return {out.name: loss([m for m in members if m is not out]) - everyone for out in members}


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


def _intervals(
    members: list[Predictions], target: np.ndarray, metric: Metric, rows: np.ndarray, seed: int
) -> dict[str, tuple[float, float]]:
    draws = bootstrap_scores(metric, target, [member.oof[rows] for member in members], seed=seed)
    low, high = np.nanpercentile(draws, [2.5, 97.5], axis=0)
    return {member.name: (float(low[m]), float(high[m])) for m, member in enumerate(members)}

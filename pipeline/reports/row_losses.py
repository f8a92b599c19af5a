"""Loss of every row: how far an answer is off, in a form in which rows can be ordered."""

from __future__ import annotations

import numpy as np

from pipeline.metrics import Metric, Pooled
from pipeline.tasks.base import Task

MOST_PICTURES = 400  # whose masks are scored: each takes milliseconds


def row_losses(task: Task, metric: Metric, target: np.ndarray, said: np.ndarray, seed: int = 0) -> np.ndarray:
    """Returns float64 (rows,): 0 is right, the more the worse; NaN for a row that was not looked at.

    One minus the probability of the class, or of the label that is farthest off; of values the distance in
    standard deviations of the target's column (of log(1 + y) where models learn that); of masks, spans and
    boxes what the metric says of the row.

    Args:
        task: what is answered.
        metric: of the competition.
        target: of these rows, as it is kept.
        said: (rows, outputs), without NaN; of spans int64 (rows, 2), as they are decided.
        seed: of the pictures that are looked at, where they are too many.
    """
    if task.dense:
        return _scored_losses(metric, target, said, seed if task.of_pictures else None)
    truth, said = np.asarray(target), np.asarray(said, np.float64)
    if task.exclusive:
        return 1.0 - said[np.arange(len(truth)), truth]
    if task.probabilities:
        return np.where(truth > 0.5, 1.0 - said, said).max(axis=1)
    return np.abs(scaled_errors(task, truth, said)).max(axis=1)


def scaled_errors(task: Task, truth: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Returns float64 (rows, columns): prediction minus truth, in standard deviations of the truth."""
    truth, said = on_scale(task, truth), on_scale(task, said)
    spread = truth.std(axis=0)
    return (said - truth) / np.where(spread > 0, spread, 1.0)


def on_scale(task: Task, values: np.ndarray) -> np.ndarray:
    """Returns values as models learn them: their logarithms where that is so."""
    values = np.asarray(values, np.float64)
    return np.log1p(np.maximum(values, 0.0)) if task.logged else values


def _scored_losses(metric: Metric, target: np.ndarray, said: np.ndarray, seed: int | None) -> np.ndarray:
    found, some = np.full(len(target), np.nan), np.arange(len(target))
    if seed is not None:
        some = np.sort(np.random.default_rng(seed).permutation(len(target))[:MOST_PICTURES])
    if isinstance(metric.function, Pooled):
        found[some] = [metric.loss(target[[row]], said[[row]]) for row in some.tolist()]
        found[some] += 1.0 if metric.greater_is_better else 0.0
        return found
    means = metric.row_means
    if means is None:
        return found
    terms = np.asarray(means.terms(target[some], said[some]), np.float64)
    terms = terms.mean(axis=1) if metric.task.probabilities else terms[:, 0]
    found[some] = 1.0 - terms if metric.greater_is_better else terms
    return found

"""Pseudo-labels: test rows that other models are sure of, with what these say as their answer.

Sources: Lee, "Pseudo-Label" (2013); with noise in the student, and rounds: Xie et al., "Self-training with
Noisy Student improves ImageNet classification" (2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.data.lesson import PSEUDO
from pipeline.data.rows import Dataset, Rows
from pipeline.inputs.outputs import Values
from pipeline.tasks.base import Task


def pseudo_labelled(test: Dataset, said: Sequence[np.ndarray], task: Task, share: float, soft: bool) -> Rows:
    """Returns the test rows that join the training rows, with their labels as the target.

    Args:
        test: all test rows.
        said: a prediction of them by each model that labels, float32 (test rows, outputs).
        task: of the competition.
        share: of them that join.
        soft: whether they carry the probabilities too; see `pipeline.data.lesson`.
    """
    mean = np.asarray(np.mean(said, axis=0, dtype=np.float64))
    target = labels_of(mean, task)
    chosen = surest(certainty(said, mean, task), task.strata(target), share)
    parts = {**test.parts, PSEUDO: Values(mean.astype(np.float32))} if soft else test.parts
    return replace(test, parts=parts, target=target).rows(chosen)


def labels_of(mean: np.ndarray, task: Task) -> np.ndarray:
    """Returns the likeliest answer, as a Dataset keeps it; mean is float64 (rows, outputs)."""
    if task.exclusive:
        return mean.argmax(axis=1).astype(np.int64)
    return (mean > 0.5).astype(np.float64) if task.probabilities else mean


def certainty(said: Sequence[np.ndarray], mean: np.ndarray, task: Task) -> np.ndarray:
    """Returns float64 (rows,), higher for surer rows.

    Of classes the highest probability, of several labels the mean of their likelier sides, of values how
    little the models differ: minus their standard deviation, in units of the values' own.
    """
    if task.exclusive:
        return np.asarray(mean.max(axis=1))
    if task.probabilities:
        return np.asarray(np.maximum(mean, 1.0 - mean).mean(axis=1))
    values = np.stack(said).astype(np.float64)
    if task.logged:
        values = np.log1p(np.maximum(values, 0.0))
    scale = np.maximum(values.mean(axis=0).std(axis=0), np.finfo(np.float64).tiny)
    return np.asarray(-(values.std(axis=0) / scale).mean(axis=1))


def surest(sure: np.ndarray, strata: np.ndarray, share: float) -> np.ndarray:
    """Returns positions of a share of the rows, in order: of every stratum its surest, at least one.

    What is predicted keeps its balance: the surest of all would be those of the easy classes.

    Args:
        sure: float64 (rows,).
        strata: int64 (rows,), as `Task.strata` tells the predicted answers apart.
        share: above 0, at most 1.
    """
    order = np.lexsort((-sure, strata))
    _, starts, counts = np.unique(strata[order], return_index=True, return_counts=True)
    place = np.arange(len(order)) - np.repeat(starts, counts)
    kept = place < np.repeat(np.ceil(share * counts - 1e-9), counts)
    return np.sort(order[kept])


def with_labelled(train: Dataset, labelled: Rows) -> Dataset:
    """Returns the training rows and, after them, all test rows, of which some are labelled."""
    if PSEUDO in labelled.dataset.parts:
        outputs = labelled.dataset.part(PSEUDO).values.shape[1]
        truth = Values(np.full((len(train), outputs), np.nan, np.float32))
        train = replace(train, parts={**train.parts, PSEUDO: truth})
    return train.join(labelled.dataset)

"""Lesson: what other models say of the training rows, learned beside the labels.

Source: Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network (2015).
"""

from __future__ import annotations

import numpy as np

from pipeline.config.schema import DistilConfig, ModelConfig
from pipeline.data.rows import Rows
from pipeline.tasks.base import Task

LEAST = 0.01  # share of a class from which a row has a copy for it
SMALLEST = 1e-7


def lesson_of(rows: Rows, config: ModelConfig) -> np.ndarray | None:
    """Returns the mean of what the teachers say of rows, float32 (rows, outputs); None without teachers.

    Each says it by a fit that has seen neither the row nor the scored fold (see `pipeline.config.reads`).
    """
    if config.distil is None:
        return None
    said = [rows.of(f"{name}.lesson") for name in config.distil.of]
    return np.asarray(np.mean(said, axis=0, dtype=np.float64), np.float32)


def with_lesson(rows: Rows, config: ModelConfig, task: Task, target: np.ndarray) -> np.ndarray:
    """Returns the target with what the teachers say mixed in, if there are any.

    Args:
        rows: that are learned from.
        config: of the model that learns.
        task: of the competition.
        target: int64 (rows,) classes, which become shares (rows, classes); else float (rows, outputs).
    """
    lesson = lesson_of(rows, config)
    if lesson is None or config.distil is None:
        return target
    if task.exclusive:
        label = target[:, None] == np.arange(task.n_outputs)
        return mixed(label, tempered(lesson, config.distil), config.distil.share)
    return mixed(target, lesson, config.distil.share)


def tempered(probabilities: np.ndarray, asked: DistilConfig) -> np.ndarray:
    """Returns probabilities (rows, classes), each to the power of 1 over the temperature; rows sum to 1."""
    powered = np.maximum(probabilities.astype(np.float64), SMALLEST) ** (1.0 / asked.temperature)
    return np.asarray(powered / powered.sum(axis=1, keepdims=True))


def mixed(label: np.ndarray, lesson: np.ndarray, share: float) -> np.ndarray:
    """Returns what is learned: a share of the lesson, the rest of the label; both are (rows, columns)."""
    return (1.0 - share) * label + share * lesson


def copies(shares: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns row, class and weight of the copies that say the shares of the classes.

    Args:
        shares: (rows, classes), of sum 1 in each row. Those below one hundredth are dropped, and the others
            raised to sum to 1 again.
    """
    kept = np.where((shares >= LEAST) | (shares >= shares.max(axis=1, keepdims=True)), shares, 0.0)
    kept /= kept.sum(axis=1, keepdims=True)
    rows, classes = np.nonzero(kept)
    return rows, classes, kept[rows, classes]

"""Lesson: what other models say of rows, learned beside the labels or, of test rows, in their place.

Source: Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network (2015).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipeline.config.schema import ModelConfig
from pipeline.data.rows import Rows
from pipeline.tasks.base import Task

LEAST = 0.01  # share of a class from which a row has a copy for it
SMALLEST = 1e-7
PSEUDO = "pseudo.lesson"  # the part of rows that holds soft labels of test rows, NaN for labelled ones


class Lesson(NamedTuple):
    """Lesson of rows: what is said of them, and how much that counts.

    Attributes:
        said: float32 (rows, outputs).
        share: of what is said; the rest is the label's: one for all rows, or (rows, 1).
        temperature: that softens probabilities of classes.
        in_place: it is all that is known of some rows' labels.
    """

    said: np.ndarray
    share: float | np.ndarray
    temperature: float = 1.0
    in_place: bool = False


def lesson_of(rows: Rows, config: ModelConfig) -> Lesson | None:
    """Returns what rows teach beside their labels; None where nobody teaches.

    Teachers' mean, each said by a fit that has seen neither the row nor the scored fold (see
    `pipeline.config.reads`); or, of test rows that have joined, the soft labels that they have in place of
    a true one.
    """
    if config.distil is not None:
        found = [rows.of(f"{name}.lesson") for name in config.distil.of]
        said = np.asarray(np.mean(found, axis=0, dtype=np.float64), np.float32)
        return Lesson(said, config.distil.share, config.distil.temperature)
    if PSEUDO not in rows.dataset.parts:
        return None
    said = rows.of(PSEUDO)
    share = np.isfinite(said).all(axis=1, keepdims=True).astype(np.float64)
    return Lesson(np.nan_to_num(said), share, in_place=True)


def with_lesson(rows: Rows, config: ModelConfig, task: Task, target: np.ndarray) -> np.ndarray:
    """Returns the target with what the teachers say mixed in, if there are any.

    Args:
        rows: that are learned from.
        config: of the model that learns.
        task: of the competition.
        target: int64 (rows,) classes, which become shares (rows, classes); else float (rows, outputs).
    """
    lesson = lesson_of(rows, config)
    if lesson is None:
        return target
    if task.exclusive:
        label = target[:, None] == np.arange(task.n_outputs)
        return mixed(label, tempered(lesson.said, lesson.temperature), lesson.share)
    return mixed(target, lesson.said, lesson.share)


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Returns probabilities (rows, classes), each to the power of 1 over the temperature; rows sum to 1."""
    powered = np.maximum(probabilities.astype(np.float64), SMALLEST) ** (1.0 / temperature)
    return np.asarray(powered / powered.sum(axis=1, keepdims=True))


def mixed(label: np.ndarray, lesson: np.ndarray, share: float | np.ndarray) -> np.ndarray:
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

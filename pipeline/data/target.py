"""Turns a target into what a learner of tables sees, and its answers back into predictions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from pipeline.tasks.base import Task

ABSENT = 1e-6  # the probability of a class that the training rows did not hold
SMALLEST = 1e-15  # of any probability: nothing is impossible
REACH = 0.05  # of the training targets' range: how far beyond it a prediction may lie


class TargetCoder(ABC):
    """Codes the target of a task by the training rows.

    Attributes:
        n_classes: of a task whose rows are one of several classes, how many the training rows hold;
            0 of another.
    """

    n_classes: int = 0

    def __init__(self, task: Task) -> None:
        self.task = task

    @property
    def trivial(self) -> bool:
        """Whether the training rows are all of one class."""
        return self.n_classes == 1

    @property
    def n_problems(self) -> int:
        """Number of learners that it takes: one for each question, or one for all classes at once."""
        return self.task.n_outputs

    def fit(self, target: np.ndarray) -> TargetCoder:
        """Learns which classes are present, or the scale of each target column.

        Args:
            target: int64 (rows,) classes, else float (rows, outputs).
        """
        return self

    def known(self, target: np.ndarray) -> np.ndarray:
        """Returns bool (rows,): whether `encode` has a code for the row."""
        return np.ones(len(target), dtype=bool)

    @abstractmethod
    def encode(self, target: np.ndarray) -> np.ndarray:
        """Returns int64 (rows,) codes of classes, 0/1 float64 (rows, labels) or scaled float64."""

    def matrix(self, codes: np.ndarray) -> np.ndarray:
        """Returns what `encode` gave as float64 (rows, columns): a 0/1 column per class that is present."""
        return codes

    def columns(self, target: np.ndarray) -> np.ndarray:
        """Returns float64 (rows, k) columns whose means per level can be taken: one per class
        (two classes: one), label or target."""
        return self.matrix(self.encode(target))

    @abstractmethod
    def decode(self, raw: np.ndarray) -> np.ndarray:
        """Turns a learner's answers into predictions, float32 (rows, task outputs).

        Args:
            raw: (rows, present classes) or (rows, labels) probabilities, or (rows, targets) in the
                scaled units of `encode`.
        """

    def state(self) -> dict[str, Any]:
        """Returns what was learned, as JSON."""
        return {name: value.tolist() for name, value in vars(self).items() if name.endswith("_")}

    def restore(self, state: dict[str, Any]) -> TargetCoder:
        """Takes back what `state` returned."""
        for name, value in state.items():
            setattr(self, name, np.asarray(value))
        return self


class ClassCoder(TargetCoder):
    """Class numbers without gaps, for learners that need every class to have a row."""

    @property
    def n_classes(self) -> int:  # type: ignore[override]
        return len(self.present_)

    @property
    def n_problems(self) -> int:
        return 1

    def fit(self, target: np.ndarray) -> TargetCoder:
        self.present_ = np.unique(target)
        return self

    def known(self, target: np.ndarray) -> np.ndarray:
        return np.isin(target, self.present_)

    def encode(self, target: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.present_, target)

    def matrix(self, codes: np.ndarray) -> np.ndarray:
        return (codes[:, None] == np.arange(len(self.present_))).astype(np.float64)

    def columns(self, target: np.ndarray) -> np.ndarray:
        first = 1 if len(self.present_) == 2 else 0
        return np.ascontiguousarray(self.matrix(self.encode(target))[:, first:])

    def decode(self, raw: np.ndarray) -> np.ndarray:
        probabilities = np.full((len(raw), self.task.n_outputs), ABSENT)
        probabilities[:, self.present_] = np.clip(raw, SMALLEST, 1.0)
        return (probabilities / probabilities.sum(axis=1, keepdims=True)).astype(np.float32)


class LabelCoder(TargetCoder):
    """Labels as they are."""

    def encode(self, target: np.ndarray) -> np.ndarray:
        return np.asarray(target, np.float64)

    def decode(self, raw: np.ndarray) -> np.ndarray:
        return np.clip(raw, SMALLEST, 1.0).astype(np.float32)


class ValueCoder(TargetCoder):
    """The logarithm of 1 + y where the task says so, then mean 0 and standard deviation 1.

    A prediction is held near the range of the training targets: a linear model or a net that
    extrapolates from one odd row can cost more than all the others together.
    """

    def fit(self, target: np.ndarray) -> TargetCoder:
        values = self._logged(target)
        self.mean_ = values.mean(axis=0)
        deviation = values.std(axis=0)
        self.deviation_ = np.where(deviation > 0, deviation, 1.0)
        low, high = values.min(axis=0), values.max(axis=0)
        self.low_, self.high_ = low - REACH * (high - low), high + REACH * (high - low)
        return self

    def encode(self, target: np.ndarray) -> np.ndarray:
        return (self._logged(target) - self.mean_) / self.deviation_

    def decode(self, raw: np.ndarray) -> np.ndarray:
        values = np.asarray(raw, np.float64) * self.deviation_ + self.mean_
        values = np.clip(values, self.low_, self.high_)
        return (np.expm1(values) if self.task.logged else values).astype(np.float32)

    def _logged(self, target: np.ndarray) -> np.ndarray:
        values = np.asarray(target, np.float64)
        return np.log1p(values) if self.task.logged else values


def coder_of(task: Task) -> TargetCoder:
    """Returns the coder for the targets of a task."""
    if task.exclusive:
        return ClassCoder(task)
    return LabelCoder(task) if task.probabilities else ValueCoder(task)

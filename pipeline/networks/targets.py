"""Targets as a network learns them, and predictions as the competition wants them back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from pipeline.networks.config import CNNConfig
from pipeline.tasks.base import Task

SMALLEST = 1e-7  # probability that the log loss of early stopping counts


class Targets(ABC):
    """Layout of a competition's target for a network; scales are learned from training rows.

    Attributes:
        width: number of the network's raw outputs (logits or standardised values).
        loss: name of the loss, as `losses.make_loss` knows it.
    """

    width: int
    loss: str

    def usable(self, target: np.ndarray) -> np.ndarray:
        """Returns bool (rows,): whether a row can be learned from."""
        return np.ones(len(target), bool)

    def learn(self, target: np.ndarray) -> None:  # noqa: B027 (most have nothing to learn)
        """Learns means and scales from the target of the training rows."""

    @abstractmethod
    def encode(self, target: np.ndarray) -> np.ndarray:
        """Returns float32 (rows, k), what the loss compares with the raw outputs."""

    @abstractmethod
    def decode(self, raw: np.ndarray) -> np.ndarray:
        """Returns float32 (rows, outputs) predictions from raw outputs float32 (rows, width)."""

    @abstractmethod
    def error(self, target: np.ndarray, prediction: np.ndarray) -> float:
        """Returns what early stopping wants to be small: log loss, or mean squared/absolute error."""

    def facts(self) -> dict[str, Any]:
        """Returns what `learn` found, as JSON."""
        return {}

    def remember(self, facts: dict[str, Any]) -> None:  # noqa: B027
        """Takes back what `facts` gave."""


class ClassTargets(Targets):
    """One of several classes: a softmax."""

    loss = "softmax"

    def __init__(self, task: Task) -> None:
        self.task, self.width = task, task.n_outputs

    def encode(self, target: np.ndarray) -> np.ndarray:
        if target.ndim == 2:  # shares of the classes already
            return target.astype(np.float32)
        one_hot = np.zeros((len(target), self.width), np.float32)
        one_hot[np.arange(len(target)), target.astype(np.int64)] = 1.0
        return one_hot

    def decode(self, raw: np.ndarray) -> np.ndarray:
        return softmax(raw).astype(np.float32)

    def error(self, target: np.ndarray, prediction: np.ndarray) -> float:
        return self.task.loss(target, prediction, SMALLEST)


class LabelTargets(Targets):
    """Several yes/no labels: a sigmoid each."""

    loss = "sigmoid"

    def __init__(self, task: Task) -> None:
        self.task, self.width = task, task.n_outputs

    def encode(self, target: np.ndarray) -> np.ndarray:
        return target.astype(np.float32)

    def decode(self, raw: np.ndarray) -> np.ndarray:
        return told(self.task, raw).astype(np.float32)

    def error(self, target: np.ndarray, prediction: np.ndarray) -> float:
        return self.task.loss(target, prediction, SMALLEST)


class ValueTargets(Targets):
    """Values, standardised by the training rows' mean and deviation; on log(1 + y) where asked."""

    def __init__(self, n_values: int, loss: str, log: bool = False) -> None:
        self.width, self.loss, self.log = n_values, loss, log
        self.mean = np.zeros(n_values)
        self.scale = np.ones(n_values)

    def learn(self, target: np.ndarray) -> None:
        values = self._forward(target)
        deviation = values.std(axis=0)
        self.mean = values.mean(axis=0)
        self.scale = np.where(deviation > 1e-12, deviation, 1.0)

    def encode(self, target: np.ndarray) -> np.ndarray:
        return ((self._forward(target) - self.mean) / self.scale).astype(np.float32)

    def decode(self, raw: np.ndarray) -> np.ndarray:
        values = raw.astype(np.float64) * self.scale + self.mean
        return (np.expm1(values) if self.log else values).astype(np.float32)

    def error(self, target: np.ndarray, prediction: np.ndarray) -> float:
        off = np.nan_to_num(self.encode(target) - self.encode(prediction))
        return float(np.abs(off).mean() if self.loss == "mae" else (off**2).mean())

    def facts(self) -> dict[str, Any]:
        return {"mean": self.mean.tolist(), "scale": self.scale.tolist()}

    def remember(self, facts: dict[str, Any]) -> None:
        self.mean, self.scale = np.array(facts["mean"]), np.array(facts["scale"])

    def _forward(self, target: np.ndarray) -> np.ndarray:
        return np.log1p(np.maximum(target, -1 + 1e-9)) if self.log else target.astype(np.float64)


class CoordinateTargets(ValueTargets):
    """Coordinates as fractions of the picture, by regression; rows with a NaN are not learned from."""

    def usable(self, target: np.ndarray) -> np.ndarray:
        return ~np.isnan(target).any(axis=1)


class BinTargets(CoordinateTargets):
    """Coordinates as a softmax over bins each (deepsense.io's right whales, 2016).

    A coordinate is shared between the two nearest bins in proportion, so that the expected value
    over the bins' centres gives it back exactly; outside the picture it counts as the border.
    """

    def __init__(self, n_values: int, bins: int) -> None:
        super().__init__(n_values, loss="bins")
        self.width, self.bins = n_values * bins, bins

    def learn(self, target: np.ndarray) -> None:
        """Bins need no scale."""

    def encode(self, target: np.ndarray) -> np.ndarray:
        return np.clip(target * self.bins - 0.5, 0.0, self.bins - 1.0).astype(np.float32)

    def decode(self, raw: np.ndarray) -> np.ndarray:
        share = softmax(raw.reshape(len(raw), -1, self.bins))
        return ((share @ np.arange(self.bins) + 0.5) / self.bins).astype(np.float32)

    def error(self, target: np.ndarray, prediction: np.ndarray) -> float:
        return float(np.nanmean(np.abs(target - prediction)))


def softmax(raw: np.ndarray) -> np.ndarray:
    """Returns float64 exponentials over the last axis that sum to one."""
    raw = raw.astype(np.float64)
    powers = np.exp(raw - raw.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def told(task: Task, raw: np.ndarray) -> np.ndarray:
    """Returns float64 (rows, columns): probabilities of logits, or scaled values as they are."""
    if task.exclusive:
        return softmax(raw)
    raw = raw.astype(np.float64)
    return 0.5 * (1.0 + np.tanh(0.5 * raw)) if task.probabilities else raw


def make_targets(config: CNNConfig, task: Task) -> Targets:
    """Returns the layout that the task and `target` ask for."""
    n = task.n_outputs
    if config.target in ("box", "points"):
        if config.coordinates == "bins":
            return BinTargets(n, config.bins)
        return CoordinateTargets(n, config.loss)
    if task.exclusive:
        return ClassTargets(task)
    if task.probabilities:
        return LabelTargets(task)
    return ValueTargets(n, config.loss, task.logged)

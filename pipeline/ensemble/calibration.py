"""Post-processing for log loss: power, floor and class priors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.ensemble.postprocessing import Postprocessor
from pipeline.ensemble.weights import sample
from pipeline.metrics import SMALLEST_PROBABILITY

FLOORS = (1e-9, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
VALUES = 100_000  # rows * outputs: enough for three numbers


@dataclass(frozen=True)
class Calibration(Postprocessor):
    """Probabilities p become (p + floor)^power * ratio^strength, brought to a sum of one.

    Labels (multilabel) are treated as two classes each.

    Attributes:
        power: above one sharpens, below one softens (the inverse of a temperature).
        floor: keeps one confident error from costing everything.
        strength: how much of the class-prior correction is applied, 0 to 2.
        log_ratio: (outputs,) log of the share of a class in the target over its mean probability;
            for labels, of its odds. 0 for classes without a scored row.
        classes: rows sum to one; False: every column is a label of its own.
    """

    power: float
    floor: float
    strength: float
    log_ratio: np.ndarray
    classes: bool

    def values(self, prediction: np.ndarray) -> np.ndarray:
        from scipy.special import expit, softmax

        logits = self.power * _logits(prediction, self.floor, self.classes) + self.strength * self.log_ratio
        return (softmax(logits, axis=1) if self.classes else expit(logits)).astype(np.float32)

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "kind": "calibration", "log_ratio": self.log_ratio.tolist()}

    def describe(self) -> str:
        return f"power {self.power:.3f}, floor {self.floor:g}, class prior {self.strength:.2f}"


def fit_calibration(prediction: np.ndarray, target: np.ndarray, seed: int = 0) -> Calibration:
    """Returns the calibration of least log loss on these rows.

    For a given floor the loss is convex in power and strength; the floor is raised while that helps.
    """
    rows = sample(len(target), max(VALUES // prediction.shape[1], 2000), seed)
    classes = target.ndim == 1
    ratio = _log_ratio(prediction, target)
    best = (np.inf, 0.0, 1.0, 0.0)
    for floor in FLOORS:
        found = _fit_power(prediction[rows], target[rows], floor, ratio, best[2:])
        if found >= best:
            break
        best = found
    _, floor, power, strength = best
    return Calibration(power, floor, strength, ratio, classes)


def _fit_power(
    prediction: np.ndarray,
    target: np.ndarray,
    floor: float,
    ratio: np.ndarray,
    start: tuple[float, float],
) -> tuple[float, float, float, float]:
    """Returns (loss, floor, power, strength), searched for from (power, strength)."""
    from scipy.optimize import minimize
    from scipy.special import expit, log_expit, log_softmax

    classes = target.ndim == 1
    logits = _logits(prediction, floor, classes)
    truth = np.eye(prediction.shape[1])[target] if classes else target.astype(np.float64)
    decisions = len(target) if classes else target.size

    def loss_and_gradient(numbers: np.ndarray) -> tuple[float, np.ndarray]:
        total = numbers[0] * logits + numbers[1] * ratio
        if classes:
            logs = log_softmax(total, axis=1)
            loss, error = -(logs * truth).sum(), np.exp(logs) - truth
        else:
            loss = -np.where(truth > 0.5, log_expit(total), log_expit(-total)).sum()
            error = expit(total) - truth
        return loss / decisions, np.array([(error * logits).sum(), (error @ ratio).sum()]) / decisions

    bounds: Any = [(0.1, 10.0), (0.0, 2.0)]
    found = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return float(found.fun), floor, float(found.x[0]), float(found.x[1])


def _logits(prediction: np.ndarray, floor: float, classes: bool) -> np.ndarray:
    prediction = np.asarray(prediction, np.float64)
    logs = np.log(np.maximum(prediction + floor, SMALLEST_PROBABILITY))
    return logs if classes else logs - np.log(np.maximum(1.0 - prediction + floor, SMALLEST_PROBABILITY))


def _log_ratio(prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Returns (outputs,): how much more often an output is true than was predicted, in logs."""
    outputs, rows = prediction.shape[1], len(target)
    if target.ndim == 1:
        counts = np.bincount(target, minlength=outputs).astype(np.float64)
        predicted = prediction.sum(axis=0, dtype=np.float64)
        ratio = np.log((counts + 1.0) / (predicted + 1.0))
        return np.where(counts > 0, ratio, 0.0)
    counts, predicted = target.sum(axis=0), prediction.sum(axis=0, dtype=np.float64)
    true_odds = (counts + 1.0) / (rows - counts + 1.0)
    return np.log(true_odds * (rows - predicted + 1.0) / (predicted + 1.0))

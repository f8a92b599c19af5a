"""Blending where probabilities are log-odds: the weighted geometric mean."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pipeline.config.schema import MethodConfig
from pipeline.ensemble.method import Method, is_probability
from pipeline.ensemble.simplex import error_grams, squared_error_weights
from pipeline.ensemble.stack import Stack
from pipeline.ensemble.weights import sample
from pipeline.metrics import Metric
from pipeline.registry import METHODS

SMALLEST = 1e-6  # probabilities are raised to this before the logarithm, as one zero would rule


class GeometricConfig(MethodConfig):
    """Keys of `ensemble.method: {kind: geometric}`."""

    ridge: float = Field(default=1e-3, ge=0, description="pull of the weights of probabilities to equal ones")
    rows: int = Field(
        default=100_000, ge=1, description="that weights are learned from; one per member needs no more"
    )


@METHODS.register("geometric")
class Geometric(Method):
    """A weighted sum of log-probabilities (classes), log-odds (labels) or asinh (values).

    The logarithmic opinion pool (Genest and Zidek, "Combining probability distributions",
    Statistical Science 1986). For probabilities the weights are non-negative and free in their
    sum, which is the pool's temperature: members that are right independently of each other deserve a sum
    above one. Their log loss is convex and minimised by L-BFGS-B, with a small pull to equal
    weights. Values are blended on the simplex after asinh(value / median size), which is nearly
    linear for small and logarithmic for large ones of either sign.
    """

    Config: ClassVar[type[MethodConfig]] = GeometricConfig
    simplicity: ClassVar[int] = 16

    def _learn(self, stack: Stack, target: np.ndarray, metric: Metric, folds: np.ndarray | None) -> None:
        rows = sample(len(stack), self._own.rows, self.seed)
        stack, target = stack.take(rows), target[rows]
        self.probability_, self.classes_together_ = is_probability(metric), target.ndim == 1
        self.scale_ = 1.0 if self.probability_ else max(float(np.median(np.abs(target))), 1e-12)
        inner = stack.map(self._inward)
        if self.probability_:
            self.weights_ = self._pool(inner.cube(), target)
        else:
            grams = error_grams(inner, np.arcsinh(target / self.scale_))
            self.weights_ = squared_error_weights(grams).weights

    def _combine(self, stack: Stack) -> np.ndarray:
        total = np.zeros((len(stack), stack.n_outputs))
        for number, weight in enumerate(self._known_weights()):
            if weight:
                total += weight * self._inward(stack.member(number))
        return self._outward(total)

    def _inward(self, values: np.ndarray) -> np.ndarray:
        if not self.probability_:
            return np.arcsinh(values / self.scale_)
        clipped = np.clip(values, SMALLEST, 1.0 - SMALLEST)
        return np.log(clipped) if self.classes_together_ else np.log(clipped) - np.log1p(-clipped)

    def _outward(self, total: np.ndarray) -> np.ndarray:
        from scipy.special import expit, softmax

        if not self.probability_:
            return np.sinh(total) * self.scale_
        return softmax(total, axis=1) if self.classes_together_ else expit(total)

    def _pool(self, cube: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Returns the weights of least log loss for log-probabilities (members, rows, outputs)."""
        from scipy.optimize import minimize

        members, rows = cube.shape[:2]
        if target.ndim == 1:
            truth = np.eye(cube.shape[2], dtype=np.float32)[target]
        else:
            truth = target.astype(np.float32)
        flat, decisions = cube.reshape(members, -1), rows if target.ndim == 1 else target.size
        equal, ridge = np.full(members, 1.0 / members), self._own.ridge

        def loss_and_gradient(weights: np.ndarray) -> tuple[float, np.ndarray]:
            total = (weights.astype(np.float32) @ flat).reshape(cube.shape[1:])
            loss, chance = _log_loss(total, truth, target.ndim == 1)
            gradient = flat @ (chance - truth).ravel() / decisions
            away = weights - equal
            return loss + ridge * float(away @ away), gradient + 2.0 * ridge * away

        bounds: Any = [(0.0, None)] * members
        return minimize(loss_and_gradient, equal, jac=True, method="L-BFGS-B", bounds=bounds).x


def _log_loss(total: np.ndarray, truth: np.ndarray, classes: bool) -> tuple[float, np.ndarray]:
    """Returns the log loss of logits and the probabilities that they stand for."""
    from scipy.special import expit, log_expit, log_softmax

    if classes:
        logs = log_softmax(total, axis=1)
        return float(-np.sum(logs * truth, dtype=np.float64) / len(truth)), np.exp(logs)
    logs = np.where(truth > 0.5, log_expit(total), log_expit(-total))
    return float(-logs.mean(dtype=np.float64)), expit(total)

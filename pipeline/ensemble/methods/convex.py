"""Methods that solve for their weights: exact on the simplex, of any sign, one set per column."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from pipeline.config.schema import MethodConfig
from pipeline.ensemble.method import Method, is_probability
from pipeline.ensemble.pixel_sample import pixel_sample
from pipeline.ensemble.simplex import (
    error_grams,
    log_loss_derivatives,
    log_loss_weights,
    squared_error_weights,
)
from pipeline.ensemble.stack import Stack
from pipeline.ensemble.weights import exact_weights, inner_folds
from pipeline.metrics import SMALLEST_PROBABILITY, Metric
from pipeline.registry import METHODS


@METHODS.register("convex")
class Convex(Method):
    """The optimal weights on the simplex, with the proof: `gap_` bounds what others could gain.

    Exact for log loss (one or several labels), rmse, rmsle and r2. For other metrics of
    probabilities the weights are those of log loss, for mae those of squared error: the nearest
    convex problem; of pictures, those of the log loss (of greys: squared error) of a sample of their pixels.
    Methods and sources:
    `pipeline.ensemble.simplex`.
    """

    simplicity: ClassVar[int] = 10
    dense: ClassVar[bool] = True

    def _learn(self, stack: Stack, target: np.ndarray, metric: Metric, folds: np.ndarray | None) -> None:
        if metric.task is not None:
            stack, target = pixel_sample(stack, target, metric.task, self.seed)
        solution = exact_weights(stack, target, metric)
        self.weights_, self.gap_ = solution.weights, solution.gap


Penalty = Annotated[float, Field(gt=0)]


class SignedConfig(MethodConfig):
    """Keys of `ensemble.method: {kind: signed}`."""

    penalties: list[Penalty] = Field(
        default=[1.0, 0.1, 0.01, 0.001],
        description="of the distance from the convex weights, which are tried too: an infinite penalty",
    )


@METHODS.register("signed")
class Signed(Method):
    """Weights of any sign that sum to one, held near the simplex by a guard.

    A negative weight subtracts what two members get wrong together. It also overfits gladly, so
    the distance from the convex weights is penalised, by the strongest penalty among those whose
    inner cross-validated loss is best; no penalty may win over the convex weights themselves.
    Blends stay near the members: a probability is at least half of the members' smallest, a value
    at most the members' range beyond their smallest or largest.
    """

    Config: ClassVar[type[MethodConfig]] = SignedConfig
    simplicity: ClassVar[int] = 20

    def _learn(self, stack: Stack, target: np.ndarray, metric: Metric, folds: np.ndarray | None) -> None:
        self.probability_, self.normalise_ = is_probability(metric), target.ndim == 1
        penalties = [np.inf, *self._own.penalties]  # infinite: the convex weights
        losses = np.zeros(len(penalties))
        numbers = inner_folds(folds, len(stack), self.seed)
        for fold in np.unique(numbers) if stack.n_members > 1 and len(stack) > 2 else []:
            out = numbers == fold
            paths = self._path(stack.take(np.flatnonzero(~out)), target[~out], metric)
            held_out = stack.take(np.flatnonzero(out))
            losses += [out.mean() * metric.loss(target[out], self._guarded(held_out, w)) for w in paths]
        chosen = int(np.argmin(np.nan_to_num(losses, nan=np.inf)))
        self.penalty_ = penalties[chosen]
        self.weights_ = self._path(stack, target, metric)[chosen]

    def _combine(self, stack: Stack) -> np.ndarray:
        return self._guarded(stack, self._known_weights())

    def _path(self, stack: Stack, target: np.ndarray, metric: Metric) -> list[np.ndarray]:
        """Returns the weights for every penalty."""
        convex = exact_weights(stack, target, metric).weights
        if self.probability_:
            truth = stack.probability_of_truth(target)
            return [convex] + [_signed_log_loss(truth, convex, p) for p in self._own.penalties]
        gram = error_grams(stack, target).mean(axis=0)
        return [convex] + [_signed_squares(gram, convex, p) for p in self._own.penalties]

    def _guarded(self, stack: Stack, weights: np.ndarray) -> np.ndarray:
        blended = stack.combine(weights)
        if np.all(weights >= 0):
            return blended
        low, high = stack.member(0).astype(np.float64), stack.member(0).astype(np.float64)
        for number in range(1, stack.n_members):
            low = np.minimum(low, stack.member(number))
            high = np.maximum(high, stack.member(number))
        if not self.probability_:
            return np.clip(blended, low - (high - low), high + (high - low))
        blended = np.clip(blended, low / 2.0, (1.0 + high) / 2.0)
        return blended / blended.sum(axis=1, keepdims=True) if self.normalise_ else blended


def _signed_squares(gram: np.ndarray, start: np.ndarray, penalty: float) -> np.ndarray:
    """Minimises w'Gw + penalty * size(G) * |w - start|^2 over weights that sum to one."""
    members = len(gram)
    ridge = (penalty * np.trace(gram) / members + np.finfo(float).tiny) * np.eye(members)
    return start + _step_that_keeps_the_sum(gram + ridge, gram @ start)


def _signed_log_loss(truth: np.ndarray, start: np.ndarray, penalty: float) -> np.ndarray:
    """Minimises -mean log(P w) + penalty / 2 * |w - start|^2, sum one, by damped Newton steps."""
    weights = start
    for _ in range(50):
        value, gradient, hessian = log_loss_derivatives(truth, weights)
        value += 0.5 * penalty * float(np.sum((weights - start) ** 2))
        gradient = gradient + penalty * (weights - start)
        step = _step_that_keeps_the_sum(hessian + penalty * np.eye(len(weights)), gradient)
        slope = float(gradient @ step)
        if slope > -1e-10:
            break
        share = 1.0
        while share > 1e-8:
            tried = weights + share * step
            mixed = truth @ tried
            if mixed.min() > SMALLEST_PROBABILITY:
                loss = -np.log(mixed).mean(dtype=np.float64) + 0.5 * penalty * np.sum((tried - start) ** 2)
                if loss <= value + 0.01 * share * slope:
                    break
            share /= 2.0
        else:
            break
        weights = tried
    return weights


def _step_that_keeps_the_sum(hessian: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Returns the Newton step among those whose entries sum to zero."""
    members = len(gradient)
    system = np.ones((members + 1, members + 1))
    system[:members, :members], system[members, members] = hessian, 0.0
    return np.linalg.lstsq(system, np.append(-gradient, 0.0), rcond=1e-13)[0][:members]


class PerClassConfig(MethodConfig):
    """Keys of `ensemble.method: {kind: per_class}`."""

    prior_rows: float = Field(
        default=100.0, gt=0, description="rows of a class that speak as loudly as the common weights"
    )


@METHODS.register("per_class")
class PerClass(Method):
    """Weights of their own for every column, each on the simplex.

    Values and labels separate, and every column's weights are exact. For classes they are the
    exact weights of the class against the rest, drawn toward the common weights where a class has
    few rows: as if `prior_rows` more rows of it had spoken for those. Where this is no better than the
    common weights on the rows at hand, those are kept.
    """

    Config: ClassVar[type[MethodConfig]] = PerClassConfig
    simplicity: ClassVar[int] = 30

    def _learn(self, stack: Stack, target: np.ndarray, metric: Metric, folds: np.ndarray | None) -> None:
        solution = exact_weights(stack, target, metric)
        common = np.repeat(solution.weights[:, None], stack.n_outputs, axis=1)
        if target.ndim == 1:
            own = self._classes(stack, target, solution.weights)
        else:
            own = self._columns(stack, target, metric)
        self.normalise_ = target.ndim == 1
        losses = [metric.loss(target, self._blend(stack, weights)) for weights in (own, common)]
        self.weights_ = own if losses[0] < losses[1] else common

    def _combine(self, stack: Stack) -> np.ndarray:
        return self._blend(stack, self._known_weights())

    def _blend(self, stack: Stack, weights: np.ndarray) -> np.ndarray:
        blended = stack.combine(weights)
        if self.normalise_:
            blended = np.maximum(blended, SMALLEST_PROBABILITY)  # no column may be left with a weight
            blended /= blended.sum(axis=1, keepdims=True)
        return blended

    def _classes(self, stack: Stack, target: np.ndarray, common: np.ndarray) -> np.ndarray:
        weights = np.empty((stack.n_members, stack.n_outputs))
        for k in range(stack.n_outputs):
            column = Stack(tuple(values[:, k : k + 1] for values in stack.members), stack.rows)
            is_class = (target == k)[:, None]
            trust = is_class.sum() / (is_class.sum() + self._own.prior_rows)
            own = log_loss_weights(column.probability_of_truth(is_class)).weights if trust else common
            weights[:, k] = trust * own + (1.0 - trust) * common
        return weights

    def _columns(self, stack: Stack, target: np.ndarray, metric: Metric) -> np.ndarray:
        weights = np.empty((stack.n_members, stack.n_outputs))
        grams = None if is_probability(metric) else error_grams(stack, target)
        for k in range(stack.n_outputs):
            if grams is not None:
                weights[:, k] = squared_error_weights(grams[k : k + 1]).weights
            else:
                column = Stack(tuple(values[:, k : k + 1] for values in stack.members), stack.rows)
                weights[:, k] = log_loss_weights(column.probability_of_truth(target[:, [k]])).weights
        return weights

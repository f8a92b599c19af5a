"""Methods that search for weights by the metric itself, whatever it is."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from pipeline.config.schema import MethodConfig
from pipeline.ensemble.method import Method
from pipeline.ensemble.stack import Stack
from pipeline.ensemble.weights import WeightLoss, exact_weights, member_losses, search_sample
from pipeline.metrics import Metric
from pipeline.registry import METHODS


class NelderMeadConfig(MethodConfig):
    """Keys of `ensemble.method: {kind: nelder_mead}`."""

    evaluations: int = Field(default=25, ge=1, description="of the metric, per member and start")


@METHODS.register("nelder_mead")
class NelderMead(Method):
    """Simplex weights by Nelder and Mead's direct search, from several starts.

    The starts are equal weights, the exact weights of the nearest convex problem, and half the
    best member. The search runs over unconstrained numbers whose absolute values are normalised.
    Weights under 0.02 that the loss does not miss become 0.
    """

    Config: ClassVar[type[MethodConfig]] = NelderMeadConfig
    simplicity: ClassVar[int] = 14

    @classmethod
    def too_slow(cls, rows: int, members: int, outputs: int) -> str:
        return "" if members <= 12 else f"a direct search gets lost among {members} weights; see `greedy`"

    def _learn(self, stack: Stack, target: np.ndarray, metric: Metric, folds: np.ndarray | None) -> None:
        from scipy.optimize import minimize

        rows = search_sample(stack, metric, self.seed)
        loss = WeightLoss(stack.take(rows), target[rows], metric)
        members = stack.n_members
        equal = np.full(members, 1.0 / members)
        best = np.eye(members)[np.argmin(member_losses(stack, target, metric))]
        found = [equal]
        for start in (equal, exact_weights(stack, target, metric).weights, 0.5 * best + 0.5 * equal):
            simplex = np.vstack([start, start + (0.3 * np.eye(members))])
            options = {"initial_simplex": simplex, "maxfev": self._own.evaluations * members, "fatol": 1e-7}
            result = minimize(lambda x: loss(_normalised(x)), start, method="Nelder-Mead", options=options)
            found += [start, _normalised(result.x)]
        self.weights_ = _without_small(min(found, key=loss), loss)


def _normalised(numbers: np.ndarray) -> np.ndarray:
    weights = np.abs(numbers)
    total = weights.sum()
    return weights / total if total > 0 else np.full(len(weights), 1.0 / len(weights))


def _without_small(weights: np.ndarray, loss: WeightLoss) -> np.ndarray:
    for member in np.argsort(weights):
        if 0 < weights[member] < 0.02:
            fewer = weights.copy()
            fewer[member] = 0.0
            fewer /= fewer.sum()
            if loss(fewer) <= loss(weights):
                weights = fewer
    return weights


class GreedyConfig(MethodConfig):
    """Keys of `ensemble.method: {kind: greedy}`."""

    rounds: int = Field(default=50, ge=1, description="most members that a bag selects, with replacement")
    patience: int = Field(default=5, ge=1, description="rounds without a better loss before a bag stops")
    bags: int = Field(default=8, ge=1, description="selections by random halves of the rows, averaged")


@METHODS.register("greedy")
class Greedy(Method):
    """Greedy selection with replacement, bagged.

    Caruana, Niculescu-Mizil, Crew and Ksikes, "Ensemble Selection from Libraries of Models",
    ICML 2004, sections 2 and 3: start from nothing, add the member that helps the mean of the
    selected most, again and again; the weights are the counts. Every bag sees a random half of
    the rows and, among more than eight members, of the members; the bags' weights are averaged.
    Equal losses go to a member already selected, then to the shorter selection.
    """

    Config: ClassVar[type[MethodConfig]] = GreedyConfig
    simplicity: ClassVar[int] = 12

    def _learn(self, stack: Stack, target: np.ndarray, metric: Metric, folds: np.ndarray | None) -> None:
        random = np.random.default_rng(self.seed)
        rows, members = search_sample(stack, metric, self.seed), stack.n_members
        weights = np.zeros(members)
        for _ in range(self._own.bags):
            some = np.sort(random.choice(rows, (len(rows) + 1) // 2, replace=False))
            bag = np.sort(random.choice(members, max((members + 1) // 2, min(members, 8)), replace=False))
            weights += self._select(bag, WeightLoss(stack.take(some), target[some], metric))
        self.weights_ = weights / weights.sum()

    def _select(self, bag: np.ndarray, loss: WeightLoss) -> np.ndarray:
        """Returns the weights of the best selection from the bag's members."""
        own, counts, total = self._own, np.zeros(len(loss.parts)), np.zeros_like(loss.parts[0])
        best, best_loss, waited = counts, np.inf, 0
        for step in range(1, own.rounds + 1):
            losses = np.array([loss.of((total + loss.parts[m]) / step) for m in bag])
            tied = np.flatnonzero(losses <= losses.min() + 1e-12)
            choice = tied[np.argmax(counts[bag[tied]])]
            total = total + loss.parts[bag[choice]]
            counts = counts.copy()
            counts[bag[choice]] += 1
            if losses[choice] < best_loss - 1e-12:
                best, best_loss, waited = counts, losses[choice], 0
            else:
                waited += 1
            if waited == own.patience:
                break
        if not best.any():  # the metric is undefined on these rows
            best = np.isin(np.arange(len(counts)), bag).astype(float)
        return best / best.sum()

"""Methods with at most one fitted number: mean, best member, rank mean, weights by score."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from pipeline.config.schema import MethodConfig
from pipeline.ensemble.method import Method, is_probability
from pipeline.ensemble.stack import Stack
from pipeline.ensemble.weights import WeightLoss, member_losses, search_sample
from pipeline.metrics import Metric
from pipeline.registry import METHODS


@METHODS.register("mean")
class Mean(Method):
    """Every member counts the same."""

    simplicity: ClassVar[int] = 0
    dense: ClassVar[bool] = True
    boxes: ClassVar[bool] = True

    def _learn(self, stack: Stack, target: np.ndarray, metric: Metric, folds: np.ndarray | None) -> None:
        self.weights_ = np.full(stack.n_members, 1.0 / stack.n_members)


@METHODS.register("best")
class Best(Method):
    """The member with the best score, alone: what an ensemble must beat."""

    simplicity: ClassVar[int] = 13
    dense: ClassVar[bool] = True
    boxes: ClassVar[bool] = True

    def _learn(self, stack: Stack, target: np.ndarray, metric: Metric, folds: np.ndarray | None) -> None:
        self.weights_ = np.zeros(stack.n_members)
        self.weights_[np.argmin(member_losses(stack, target, metric))] = 1.0


class ScoreWeightsConfig(MethodConfig):
    """Keys of `ensemble.method: {kind: score_weights}`."""

    strengths: list[Annotated[float, Field(ge=0)]] = Field(
        default=[1e-9, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0],
        min_length=1,
        description="to choose from: 0 is the mean, a great one the best member alone",
    )


@METHODS.register("score_weights")
class ScoreWeights(Method):
    """Weights that fall off exponentially with a member's loss.

    The weight is exp(-strength * (loss - best loss) / standard deviation of the losses); the
    strength is chosen by the loss of the blend, from 0 (the mean) to 16 (nearly the best alone).
    """

    Config: ClassVar[type[MethodConfig]] = ScoreWeightsConfig
    simplicity: ClassVar[int] = 2

    def _learn(self, stack: Stack, target: np.ndarray, metric: Metric, folds: np.ndarray | None) -> None:
        losses = member_losses(stack, target, metric)
        known = np.isfinite(losses)
        distance = np.where(known, losses, np.inf) - (losses[known].min() if known.any() else 0.0)
        spread = distance[known].std() if known.any() else 0.0
        if spread <= 0:
            self.weights_ = np.full(stack.n_members, 1.0 / stack.n_members)
            return
        rows = search_sample(stack, metric, self.seed)
        loss = WeightLoss(stack.take(rows), target[rows], metric)
        candidates = [np.exp(-strength * distance / spread) for strength in self._own.strengths]
        self.weights_ = min((weights / weights.sum() for weights in candidates), key=loss)


class RankMeanConfig(MethodConfig):
    """Keys of `ensemble.method: {kind: rank_mean}`."""

    points: int = Field(
        default=4097, ge=2, description="of each distribution that are kept; between them ranks are linear"
    )


@METHODS.register("rank_mean")
class RankMean(Method):
    """The mean of ranks instead of values: members on different scales, metrics of order.

    A value's rank is its place among the member's values of that column when fitting, so that a
    row's blend does not depend on which rows stand beside it. The mean rank is turned back into a
    value by the members' mean quantiles; probabilities of classes are brought to a sum of one.

    Attributes:
        scales_: (2, all values) distinct values and their ranks, member by member, column by column.
        ends_: where each of those ends.
        quantiles_: (outputs, points) the members' mean value at evenly spaced ranks.
    """

    Config: ClassVar[type[MethodConfig]] = RankMeanConfig
    simplicity: ClassVar[int] = 3

    def _learn(self, stack: Stack, target: np.ndarray, metric: Metric, folds: np.ndarray | None) -> None:
        self.weights_ = np.full(stack.n_members, 1.0 / stack.n_members)
        self.normalise_ = is_probability(metric) and target.ndim == 1
        levels, members, outputs = np.linspace(0.0, 1.0, self._own.points), stack.n_members, stack.n_outputs
        scales = [_ranks(column, self._own.points) for m in range(members) for column in stack.member(m).T]
        self.scales_ = np.concatenate(scales, axis=1)
        self.ends_ = np.cumsum([scale.shape[1] for scale in scales])
        quantiles = [np.interp(levels, ranks, values) for values, ranks in scales]
        self.quantiles_ = np.reshape(quantiles, (members, outputs, self._own.points)).mean(axis=0)

    def _combine(self, stack: Stack) -> np.ndarray:
        ranks = np.zeros((len(stack), stack.n_outputs))
        scales = iter(np.split(self.scales_, self.ends_[:-1], axis=1))
        for number in range(stack.n_members):
            for k, column in enumerate(stack.member(number).T):
                ranks[:, k] += np.interp(column, *next(scales)) / stack.n_members
        levels = np.linspace(0.0, 1.0, self._own.points)
        for k, quantiles in enumerate(self.quantiles_):
            ranks[:, k] = np.interp(ranks[:, k], levels, quantiles)
        if self.normalise_:
            ranks /= np.maximum(ranks.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        return ranks


def _ranks(column: np.ndarray, most: int) -> np.ndarray:
    """Returns (2, values): the distinct values of a column (at most so many), their mid-ranks in (0, 1)."""
    values, counts = np.unique(column, return_counts=True)
    ranks = (np.cumsum(counts) - 0.5 * counts) / len(column)
    if len(values) > most:
        kept = np.linspace(0, len(values) - 1, most).astype(np.int64)
        values, ranks = values[kept], ranks[kept]
    return np.stack([values.astype(np.float64), ranks])

"""Weighted boxes fusion: boxes of several members that overlap become one."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from pipeline.config.schema import MethodConfig
from pipeline.data import dense
from pipeline.ensemble.method import Method
from pipeline.ensemble.picture_order import picture_order
from pipeline.ensemble.stack import Stack
from pipeline.metrics import Metric
from pipeline.registry import METHODS
from pipeline.tasks.box_array import BOX, fused
from pipeline.tasks.box_truth import named

ROWS = 300  # pictures that weights are chosen by, at most
FACTORS = (0.0, 0.5, 2.0)  # by which a weight is tried
ROUNDS = 2  # over all members


class FusionConfig(MethodConfig):
    """Keys of `ensemble.method: {kind: fusion}`."""

    overlaps: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        default=[0.45, 0.55, 0.65],
        min_length=1,
        description="to choose from: the IoU above which boxes are one",
    )


@METHODS.register("fusion")
class Fusion(Method):
    """Weighted boxes fusion, weights and overlap by the metric itself.

    Boxes of a class that overlap are one, whose corners are their mean by confidence and weight (Solovyev,
    Wang and Gabruseva, 2021; `pipeline.tasks.box_array.fused`). From equal weights on each in turn is
    doubled, halved or left out while that helps.

    Attributes:
        overlap_: IoU above which boxes are one.
    """

    Config: ClassVar[type[MethodConfig]] = FusionConfig
    simplicity: ClassVar[int] = 11
    boxes: ClassVar[bool] = True

    @classmethod
    def unsuitable(cls, metric: Metric, target: np.ndarray) -> str:
        return "" if metric.wants == "boxes" else "it fuses boxes"

    def _learn(self, stack: Stack, target: np.ndarray, metric: Metric, folds: np.ndarray | None) -> None:
        known = metric.task.known
        rows = np.sort(picture_order(target, len(known), self.seed)[:ROWS])
        truth, said = target[rows], [stack.take(rows).member(m) for m in range(stack.n_members)]
        keys = [named(*(member[place] for member in said)) for place in range(len(rows))]

        def loss(weights: np.ndarray, overlap: float) -> float:
            found = np.zeros(said[0].shape, BOX)
            for place, key in enumerate(keys):
                boxes = [member[place] for member in said]
                found[place] = known.remembered(
                    ("fused", tuple(weights.round(6).tolist()), overlap, key),
                    lambda b=boxes: fused(b, weights.tolist(), overlap, found.shape[1]),  # type: ignore[misc]
                )
            return metric.loss(truth, found)

        equal = np.full(stack.n_members, 1.0 / stack.n_members)
        weights, overlaps = equal, sorted(self._own.overlaps, key=lambda one: abs(one - dense.OVERLAP))
        losses = [loss(equal, overlap) for overlap in overlaps]
        self.overlap_, best = overlaps[int(np.argmin(losses))], min(losses)
        for _ in range(ROUNDS if stack.n_members > 1 else 0):
            for member in range(stack.n_members):
                for tried in self._tried(weights, member):
                    if (found := loss(tried, self.overlap_)) < best:
                        weights, best = tried, found
        self.weights_ = weights

    def _tried(self, weights: np.ndarray, member: int) -> list[np.ndarray]:
        found = []
        for factor in FACTORS:
            tried = weights.copy()
            tried[member] *= factor
            if tried.sum() > 0:
                found.append(tried / tried.sum())
        return found

    def _combine(self, stack: Stack) -> np.ndarray:
        return dense.weighted(stack.members, self._known_weights().tolist(), stack.rows, self.overlap_)

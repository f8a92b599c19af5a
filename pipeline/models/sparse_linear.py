"""Linear learners on sparse features: what they learn is a matrix of weights and a bias."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pipeline.clock import Clock
from pipeline.models.solver import fit_until
from pipeline.tasks.base import Task, general_kinds

CERTAIN = 30.0  # log-odds of a label that has the same value in all rows
TOLERANCE = 1e-4  # of the gradient of the mean loss, where L-BFGS stops


@dataclass(frozen=True)
class Weights:
    """Slopes and bias of a linear learner.

    Attributes:
        slopes: float32 (features, outputs).
        bias: float64 (outputs,).
    """

    slopes: np.ndarray
    bias: np.ndarray

    def score(self, features: Any) -> np.ndarray:
        """Returns float64 (rows, outputs) for sparse (rows, features)."""
        return np.asarray(features @ self.slopes, np.float64) + self.bias


class Learner(ABC):
    """Something linear that learns with one number for the strength of its regularisation.

    Args:
        kind: of the task.
        steps: most iterations of a solver.
        smoothing: of counts of features by class, where it counts them.
        floor: added to the size of a feature's log-count ratio of the class, where it is multiplied by that.
        end: when an iterative solver should be done, by `Clock.now`; infinity for never.

    Attributes:
        tasks: kinds of task that it can do.
        grid: strengths worth trying, from the strongest regularisation on.
        smooths: whether its smoothing is to be chosen too.
        ignores_absent: whether features that no row has change nothing.
    """

    tasks: ClassVar[tuple[str, ...]] = general_kinds(probabilities=True)
    grid: ClassVar[tuple[float, ...]] = ()
    smooths: ClassVar[bool] = False
    ignores_absent: ClassVar[bool] = True

    def __init__(
        self, task: Task, steps: int, smoothing: float, end: float = math.inf, floor: float = 0.0
    ) -> None:
        self.task = task
        self.steps = steps
        self.smoothing = smoothing
        self.end = end
        self.floor = floor

    @abstractmethod
    def fit(self, features: Any, target: np.ndarray, weights: np.ndarray | None, strength: float) -> Weights:
        """Learns.

        Args:
            features: CSR float32 (rows, features); for counts by class none is negative.
            target: as `TargetCoder.encode` returns it.
            weights: of the rows, or None.
            strength: a value of the kind of `grid`.
        """

    def answer(self, score: np.ndarray) -> np.ndarray:
        """Returns what `TargetCoder.decode` takes for what `Weights.score` returned."""
        chances = 1 / (1 + np.exp(-np.clip(score, -CERTAIN, CERTAIN)))
        if not self.task.exclusive:
            return chances
        if chances.shape[1] == 1:
            return np.hstack([1 - chances, chances])
        return chances / chances.sum(axis=1, keepdims=True)


class OneVersusRest(Learner):
    """A logistic regression with an L2 penalty for every class or label, C its strength."""

    grid = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)

    def fit(self, features: Any, target: np.ndarray, weights: np.ndarray | None, strength: float) -> Weights:
        labels, found = _labels(target).T, []
        for number, label in enumerate(labels):
            own = Clock.now() + (self.end - Clock.now()) / (len(labels) - number)
            found.append(self._one(features, label, weights, strength, own))
        slopes = np.column_stack([slopes for slopes, _ in found]).astype(np.float32)
        return Weights(slopes, np.array([bias for _, bias in found]))

    def _one(
        self, features: Any, label: np.ndarray, weights: np.ndarray | None, C: float, end: float
    ) -> tuple[np.ndarray, float]:
        from sklearn.linear_model import LogisticRegression

        if label.all() or not label.any():
            return np.zeros(features.shape[1], np.float32), CERTAIN if label.all() else -CERTAIN
        ratio = self._ratio(features, label, weights)
        estimator = LogisticRegression(C=C, max_iter=self.steps, tol=TOLERANCE)
        fit_until(estimator, _scaled(features, ratio), label, weights, end)
        slopes = estimator.coef_[0] if ratio is None else estimator.coef_[0] * ratio
        return slopes, float(estimator.intercept_[0])

    def _ratio(self, features: Any, label: np.ndarray, weights: np.ndarray | None) -> np.ndarray | None:
        """Returns what each feature is multiplied by before it is learned from."""
        return None


class NaiveBayesLogistic(OneVersusRest):
    """The same on features times their log-count ratio of the class (NB-SVM: Wang and Manning, 2012).

    The penalty then spares the features that a naive Bayes classifier would go by. What smooths the counts is
    shared out as the classes are: one and the same number for both would have every rare feature speak
    for a rare class. With a floor, features of which the counts say little keep a part of their say; sizes
    without a sign do the same as the ratios themselves, for slopes have one.
    """

    smooths = True

    def _ratio(self, features: Any, label: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        inside, outside = (_sums(features, group, weights) for group in (label, ~label))
        share = inside.sum() / (inside.sum() + outside.sum())
        prior = np.log(share) - np.log(1 - share)
        ratio = np.log((inside + self.smoothing * share) / (outside + self.smoothing * (1 - share))) - prior
        return (np.abs(ratio) + self.floor if self.floor else ratio).astype(np.float32)


class NaiveBayes(Learner):
    """Multinomial naive Bayes on TF-IDF (McCallum and Nigam, 1998), 1 / smoothing its strength."""

    grid = (1.0, 3.0, 10.0, 30.0, 100.0)
    ignores_absent = False

    def fit(self, features: Any, target: np.ndarray, weights: np.ndarray | None, strength: float) -> Weights:
        groups = target[:, None] == np.arange(target.max() + 1) if target.ndim == 1 else target > 0.5
        logs = np.column_stack([_log_shares(features, g, weights, 1 / strength) for g in groups.T])
        shares = np.average(groups, axis=0, weights=weights)
        tiny = np.exp(-CERTAIN)
        bias = np.log(np.maximum(shares, tiny))
        if not self.task.exclusive:
            others = [_log_shares(features, ~g, weights, 1 / strength) for g in groups.T]
            logs, bias = logs - np.column_stack(others), bias - np.log(np.maximum(1 - shares, tiny))
        return Weights(logs.astype(np.float32), bias)

    def answer(self, score: np.ndarray) -> np.ndarray:
        if not self.task.exclusive:
            return super().answer(score)
        chances = np.exp(score - score.max(axis=1, keepdims=True))
        return chances / chances.sum(axis=1, keepdims=True)


class SparseRidge(Learner):
    """Ridge regression by conjugate gradients, 1 / penalty its strength."""

    tasks = general_kinds(probabilities=False)
    grid = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)

    def fit(self, features: Any, target: np.ndarray, weights: np.ndarray | None, strength: float) -> Weights:
        from sklearn.linear_model import Ridge

        estimator = Ridge(1 / strength, solver="sparse_cg", max_iter=self.steps, tol=TOLERANCE)
        estimator.fit(features, target.astype(np.float32), sample_weight=weights)
        slopes = np.atleast_2d(estimator.coef_).T.astype(np.float32)
        return Weights(slopes, np.broadcast_to(estimator.intercept_, target.shape[1:]).astype(np.float64))

    def answer(self, score: np.ndarray) -> np.ndarray:
        return score


LEARNERS: dict[str, type[Learner]] = {
    "logistic": OneVersusRest,
    "nb_svm": NaiveBayesLogistic,
    "naive_bayes": NaiveBayes,
    "ridge": SparseRidge,
}


def _labels(target: np.ndarray) -> np.ndarray:
    """Returns bool (rows, labels): one column a class, a single one for two classes."""
    if target.ndim == 2:
        return target > 0.5
    classes = int(target.max()) + 1
    return target[:, None] == np.arange(1 if classes == 2 else 0, classes)


def _log_shares(features: Any, group: np.ndarray, weights: np.ndarray | None, smoothing: float) -> np.ndarray:
    """Returns float64 (features,): the logarithm of each feature's share in what a group of rows holds."""
    sums = _sums(features, group, weights) + smoothing
    return np.log(sums / sums.sum())


def _sums(features: Any, group: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Returns float64 (features,): what a group of rows holds of each feature."""
    rows = group.astype(np.float32) if weights is None else group * weights.astype(np.float32)
    return np.asarray(features.T @ rows, np.float64)


def _scaled(features: Any, ratio: np.ndarray | None) -> Any:
    """Returns the features times a number each; where the numbers stand is not copied."""
    from scipy.sparse import csr_matrix

    if ratio is None:
        return features
    values = np.take(ratio, features.indices)
    values *= features.data
    return csr_matrix((values, features.indices, features.indptr), shape=features.shape)

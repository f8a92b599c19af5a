"""Metrics by name, each with its direction and the kind of prediction that it wants."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from pipeline.errors import ConfigError
from pipeline.registry import Registry
from pipeline.tasks.base import Task

METRICS: Registry[Metric] = Registry("metric", home="pipeline.metrics")

Wants = Literal["probability", "label", "value"]
SMALLEST_PROBABILITY = 1e-15  # where Kaggle clips the probabilities of its log loss


@dataclass(frozen=True)
class Metric:
    """A score of predictions against the truth.

    Called with `target` and `prediction` as the pipeline keeps them: classification int64
    (rows,) and probabilities (rows, classes); multilabel 0/1 (rows, labels) and probabilities;
    regression values (rows, targets), both.

    Attributes:
        name: as in the YAML.
        function: scores what `wants` names: "probability" the columns as they are, "label" class
            numbers (the most probable class) or 0/1 per label (above one half), "value" values.
        greater_is_better: the direction.
        tasks: general kinds of task that it can score.
        log_target: models had better learn log(1 + y).
        ordinal: classes are numbers, and how far apart two of them are counts.
        binary: it looks at the second of two classes, and scores no other number of them.
        floor: below it a value of a regression breaks the rules; None: there is no such place.
        values: of an ordinal metric, what its classes are worth, where they are numbers (see `of`).
            It is no part of which metric this is: both forms are equal.
    """

    name: str
    function: Callable[[np.ndarray, np.ndarray], float]
    greater_is_better: bool
    wants: Wants
    tasks: tuple[str, ...]
    log_target: bool = False
    ordinal: bool = False
    binary: bool = False
    floor: float | None = None
    values: tuple[float, ...] = field(default=(), compare=False)

    def of(self, task: Task) -> Metric:
        """Returns the metric as it scores this task: an ordinal one by the values of its classes.

        Classes that are no numbers are as far apart as their places.
        """
        if not self.ordinal:
            return self
        try:
            return replace(self, values=tuple(float(name) for name in task.outputs))
        except ValueError:
            return self

    def __call__(self, target: np.ndarray, prediction: np.ndarray) -> float:
        if self.wants == "label":
            prediction = labels(target, prediction)
        if self.values:
            scale = np.array(self.values)
            target, prediction = scale[target], scale[prediction]
        return float(self.function(target, prediction))

    def loss(self, target: np.ndarray, prediction: np.ndarray) -> float:
        """Returns the score turned so that less is better."""
        score = self(target, prediction)
        return -score if self.greater_is_better else score

    def better(self, score: float, other: float) -> bool:
        """Returns whether the score beats the other."""
        return score > other if self.greater_is_better else score < other


def labels(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Returns class numbers for a (rows,) target, 0/1 per label for a (rows, labels) one.

    A prediction that is (rows,) already is one of labels (thresholds chosen elsewhere).
    """
    if target.ndim == 1:
        return prediction if prediction.ndim == 1 else prediction.argmax(axis=1)
    return (prediction > 0.5).astype(np.int64)


def find_metric(name: str) -> Metric:
    """Returns the metric of that name: a registered one, `map@K`, or `module.attribute`.

    Raises:
        ConfigError: there is none; the message names what is known.
    """
    if match := re.fullmatch(r"map@([1-9]\d*)", name):
        return map_at(int(match[1]))
    if "." in name:
        return _imported(name)
    return METRICS.get(name)


def _imported(name: str) -> Metric:
    module, _, attribute = name.rpartition(".")
    try:
        metric = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"metric: {name!r} cannot be imported: {error}.") from error
    if not isinstance(metric, Metric):
        raise ConfigError(
            f"metric: {name!r} must be a pipeline.metrics.Metric. Received: {type(metric).__name__}."
        )
    return metric


def _metric(name: str, greater: bool, wants: Wants, tasks: str, **facts: Any) -> Callable:
    """Returns a decorator that registers a function as a metric; tasks by their initials."""
    kinds: dict[str, str] = {"c": "classification", "m": "multilabel", "r": "regression"}

    def decorate(function: Callable[[np.ndarray, np.ndarray], float]) -> Metric:
        metric = Metric(name, function, greater, wants, tuple(kinds[key] for key in tasks), **facts)
        return METRICS.register(name)(metric)

    return decorate


@_metric("accuracy", True, "label", "cm")
def accuracy(target: np.ndarray, label: np.ndarray) -> float:
    """The share of rows whose label is right (multilabel: of all single labels)."""
    return float(np.mean(target == label))


@_metric("log_loss", False, "probability", "cm")
def log_loss(target: np.ndarray, probability: np.ndarray) -> float:
    """Mean of -log p(true class), rows brought to a sum of one, p clipped at 1e-15."""
    probability = np.asarray(probability, np.float64)
    if target.ndim == 1:
        chosen = probability[np.arange(len(target)), target] / probability.sum(axis=1)
    else:
        chosen = np.where(target > 0.5, probability, 1.0 - probability)
    return float(-np.log(np.clip(chosen, SMALLEST_PROBABILITY, 1.0)).mean())


@_metric("auc", True, "probability", "cm")
def auc(target: np.ndarray, probability: np.ndarray) -> float:
    """Area under the ROC curve; several classes: one against the rest, mean over classes.

    A class without a row, or with all of them, has no curve and is left out of the mean.
    """
    if target.ndim == 1:
        truth = target[:, None] == np.arange(probability.shape[1])
        if probability.shape[1] == 2:
            truth, probability = truth[:, 1:], probability[:, 1:]
    else:
        truth = target > 0.5
    areas = [
        _area(truth[:, k], probability[:, k])
        for k in range(truth.shape[1])
        if 0 < truth[:, k].sum() < len(truth)
    ]
    return float(np.mean(areas)) if areas else float("nan")


def _area(truth: np.ndarray, score: np.ndarray) -> float:
    """Returns the area by mid-ranks (Mann and Whitney), NaN where a score is NaN.

    Searches over weights and thresholds call metrics of ranks and labels thousands of times:
    written out they cost microseconds where a library's checks cost a millisecond.
    """
    if np.isnan(score).any():
        return float("nan")
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - 0.5 * (counts - 1)
    positives = int(truth.sum())
    above = ranks[place][truth].sum() - 0.5 * positives * (positives + 1)
    return float(above / (positives * (len(truth) - positives)))


@_metric("rmse", False, "value", "r")
def rmse(target: np.ndarray, value: np.ndarray) -> float:
    """Root of the mean squared error, mean over target columns."""
    return float(np.sqrt(np.mean((target - value) ** 2, axis=0)).mean())


@_metric("rmsle", False, "value", "r", log_target=True, floor=0.0)
def rmsle(target: np.ndarray, value: np.ndarray) -> float:
    """RMSE of log(1 + y), negative predictions counted as 0."""
    return rmse(np.log1p(target), np.log1p(np.maximum(value, 0.0)))


@_metric("mae", False, "value", "r")
def mae(target: np.ndarray, value: np.ndarray) -> float:
    """Mean absolute error."""
    return float(np.mean(np.abs(target - value)))


@_metric("r2", True, "value", "r")
def r2(target: np.ndarray, value: np.ndarray) -> float:
    """Coefficient of determination, mean over target columns.

    A column whose target is constant has none: as in scikit-learn 1 where it is met, else 0.
    """
    residual = np.sum((target - value) ** 2, axis=0)
    constant = np.ptp(target, axis=0) == 0
    total = np.sum((target - target.mean(axis=0)) ** 2, axis=0)
    explained = 1.0 - residual / np.where(constant, 1.0, total)
    return float(np.mean(np.where(constant, residual == 0, explained)))


@_metric("f1", True, "label", "c", binary=True)
def f1(target: np.ndarray, label: np.ndarray) -> float:
    """F1 of the second of two classes (`data.positive`); 0 where neither side has it."""
    right = np.sum((target == 1) & (label == 1))
    return float(2.0 * right / max(np.sum(target == 1) + np.sum(label == 1), 1))


@_metric("f1_micro", True, "label", "cm")
def f1_micro(target: np.ndarray, label: np.ndarray) -> float:
    """F1 over all decisions counted together."""
    right, counted = _f1_counts(target, label)
    return float(2.0 * right.sum() / max(counted.sum(), 1))


@_metric("f1_macro", True, "label", "cm")
def f1_macro(target: np.ndarray, label: np.ndarray) -> float:
    """F1 of each class or label, averaged; classes that neither side has are left out."""
    right, counted = _f1_counts(target, label)
    if target.ndim == 1:
        right, counted = right[counted > 0], counted[counted > 0]
    return float(np.mean(2.0 * right / np.maximum(counted, 1)))


@_metric("f1_samples", True, "label", "m")
def f1_samples(target: np.ndarray, label: np.ndarray) -> float:
    """F1 of the labels of each row, averaged; a row that has none and is given none counts as right."""
    truth, found = target > 0.5, label > 0.5
    right, counted = (truth & found).sum(axis=1), truth.sum(axis=1) + found.sum(axis=1)
    return float(np.mean(np.where(counted > 0, 2.0 * right / np.maximum(counted, 1), 1.0)))


def _f1_counts(target: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns per class or label: true positives, and positives of both sides together."""
    if target.ndim == 2:
        truth, found = target > 0.5, label > 0.5
        return (truth & found).sum(axis=0), truth.sum(axis=0) + found.sum(axis=0)
    table = _confusion(target, label)
    return np.diag(table), table.sum(axis=0) + table.sum(axis=1)


def _confusion(target: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Returns float64 (classes, classes): how often each class was given each label."""
    classes = int(max(target.max(), label.max())) + 1
    pairs = np.bincount(target.astype(np.int64) * classes + label.astype(np.int64), minlength=classes**2)
    return pairs.reshape(classes, classes).astype(np.float64)


@_metric("mcc", True, "label", "c")
def mcc(target: np.ndarray, label: np.ndarray) -> float:
    """Matthews correlation coefficient (the multiclass form of Gorodkin, 2004); 0 for one label."""
    table = _confusion(target, label)
    true, given, rows = table.sum(axis=1), table.sum(axis=0), table.sum()
    both = np.trace(table) * rows - true @ given
    alone = (rows**2 - true @ true) * (rows**2 - given @ given)
    return float(both / np.sqrt(alone)) if alone > 0 else 0.0


@_metric("qwk", True, "label", "c", ordinal=True)
def qwk(target: np.ndarray, label: np.ndarray) -> float:
    """Cohen's kappa with quadratic weights, of values: the classes' own where they are numbers.

    One less the mean squared difference over what it would be by chance, were the labels dealt out
    to other rows. 1 where target and labels are one and the same value.
    """
    by_chance = target.var() + label.var() + (target.mean() - label.mean()) ** 2
    return float(1.0 - np.mean((target - label) ** 2) / by_chance) if by_chance > 0 else 1.0


def map_at(k: int) -> Metric:
    """Returns mean average precision at k for one true class a row: 1 / its rank, 0 past k."""

    def score(target: np.ndarray, probability: np.ndarray) -> float:
        true = probability[np.arange(len(target)), target][:, None]
        rank = 1 + (probability > true).sum(axis=1) + ((probability == true).sum(axis=1) - 1)
        return float(np.where(rank <= k, 1.0 / rank, 0.0).mean())

    return Metric(f"map@{k}", score, True, "probability", ("classification",))

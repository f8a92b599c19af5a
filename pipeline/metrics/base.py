"""What a metric is, and how one is registered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from pipeline.registry import Registry
from pipeline.tasks.base import Task

METRICS: Registry[Metric] = Registry("metric", home="pipeline.metrics")
FAMILIES: Registry[Family] = Registry("family of metrics", home="pipeline.metrics")

Wants = Literal["probability", "label", "value"]
Score = Callable[[np.ndarray, np.ndarray], float]
Terms = Callable[[np.ndarray, np.ndarray], np.ndarray]
SMALLEST_PROBABILITY = 1e-15  # where Kaggle clips the probabilities of its log loss


def mean_of_columns(means: np.ndarray) -> np.ndarray:
    """Returns the mean over the last axis: (..., columns) -> (...)."""
    return np.asarray(means.mean(axis=-1))


@dataclass(frozen=True)
class RowMeans:
    """How a metric follows from means over rows, which are quick to resample.

    Attributes:
        terms: (target, prediction) -> float (rows, columns).
        of_means: means (..., columns) -> scores (...).
    """

    terms: Terms
    of_means: Callable[[np.ndarray], np.ndarray] = mean_of_columns

    def __call__(self, target: np.ndarray, prediction: np.ndarray) -> float:
        return float(self.of_means(self.terms(target, prediction).mean(axis=0)))


@dataclass(frozen=True)
class Metric:
    """A score of predictions against the truth.

    Called with `target` and `prediction` as the pipeline keeps them: classification int64
    (rows,) and probabilities (rows, classes); multilabel 0/1 (rows, labels) and probabilities;
    regression values (rows, targets), both.

    Attributes:
        name: as in the YAML.
        function: scores what `wants` names: "probability" the columns as they are, "label" class
            numbers (the most probable class) or 0/1 per label (above one half), "value" values. A
            `RowMeans` where the score follows from means over rows.
        greater_is_better: the direction.
        tasks: general kinds of task that it can score.
        log_target: models had better learn log(1 + y).
        ordinal: classes are numbers, and how far apart two of them are counts.
        binary: it looks at the second of two classes, and scores no other number of them.
        floor: below it a value of a regression breaks the rules; None: there is no such place.
        objective: the loss of a regression that comes nearest to it: "l2" (means), "l1" (medians),
            or "quantile".
        quantile: which one, of that objective.
        targets: the target columns that it takes; None: any number.
        depth: classes that it looks at in each row, the likeliest first; None: it does not rank them.
        values: of an ordinal metric, what its classes are worth, where they are numbers (see `of`).
            It is no part of which metric this is: both forms are equal.
    """

    name: str
    function: Score
    greater_is_better: bool
    wants: Wants
    tasks: tuple[str, ...]
    log_target: bool = False
    ordinal: bool = False
    binary: bool = False
    floor: float | None = None
    objective: Literal["l2", "l1", "quantile"] = "l2"
    quantile: float | None = None
    targets: int | None = None
    depth: int | None = None
    values: tuple[float, ...] = field(default=(), compare=False)

    @property
    def row_means(self) -> RowMeans | None:
        """How it follows from means over rows; None where it does not, or nobody has said how."""
        return self.function if isinstance(self.function, RowMeans) else None

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
        return float(self.function(*self.asked(target, prediction)))

    def asked(self, target: np.ndarray, prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns both sides as the function takes them: labels for a metric of labels, or their values."""
        if self.wants == "label":
            prediction = labels(target, prediction)
        if self.values:
            scale = np.array(self.values)
            target, prediction = scale[target], scale[prediction]
        return target, prediction

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


@dataclass(frozen=True)
class Family:
    """Metrics that differ by one number, with which their name ends: `map@5`.

    Attributes:
        form: "map@K": the name, and a letter for the number.
        make: returns the metric of a number.
        whole: the number is whole and at least 1.
        below: numbers are above 0 and below this.
    """

    form: str
    make: Callable[[float], Metric]
    whole: bool = False
    below: float = float("inf")

    def rule(self) -> str:
        """Returns what the number must be."""
        if self.whole:
            return "a whole number from 1"
        return "a number above 0" + ("" if self.below == float("inf") else f" and below {self.below:g}")

    def number(self, text: str) -> float | None:
        """Returns the number that is written so; None where it is none of the family."""
        try:
            number = float(text)
        except ValueError:
            return None
        return number if 0 < number < self.below and not (self.whole and number % 1) else None

    def name(self, number: float) -> str:
        """Returns the name of one of them."""
        return f"{self.form.partition('@')[0]}@{number:g}"


def metric(name: str, greater: bool, wants: Wants, tasks: str, **facts: Any) -> Callable[[Score], Metric]:
    """Returns a decorator that registers a function as a metric; tasks by their initials."""

    def decorate(function: Score) -> Metric:
        return METRICS.register(name)(_made(name, function, greater, wants, tasks, **facts))

    return decorate


def metric_of_rows(
    name: str,
    greater: bool,
    wants: Wants,
    tasks: str,
    of_means: Callable[[np.ndarray], np.ndarray] = mean_of_columns,
    **facts: Any,
) -> Callable[[Terms], Metric]:
    """Returns a decorator that registers the rows' terms as the metric that follows from their means."""

    def decorate(terms: Terms) -> Metric:
        made = _made(name, RowMeans(terms, of_means), greater, wants, tasks, **facts)
        return METRICS.register(name)(made)

    return decorate


def family(
    form: str,
    greater: bool,
    wants: Wants,
    tasks: str,
    whole: bool = False,
    below: float = float("inf"),
    **facts: Any,
) -> Callable[[Callable[[float], Score]], Callable[[float], Metric]]:
    """Returns a decorator that registers a function of a number, which returns that number's score."""

    def decorate(scored: Callable[[float], Score]) -> Callable[[float], Metric]:
        known: dict[float, Metric] = {}  # asked for twice, it is the same metric

        def make(number: float) -> Metric:
            if number not in known:
                own = {key: value(number) if callable(value) else value for key, value in facts.items()}
                known[number] = _made(found.name(number), scored(number), greater, wants, tasks, **own)
            return known[number]

        found = FAMILIES.register(form)(Family(form, make, whole, below))
        return make

    return decorate


def _made(name: str, function: Score, greater: bool, wants: Wants, tasks: str, **facts: Any) -> Metric:
    kinds: dict[str, str] = {"c": "classification", "m": "multilabel", "r": "regression"}
    return Metric(name, function, greater, wants, tuple(kinds[key] for key in tasks), **facts)

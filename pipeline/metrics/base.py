"""Metric: a score of predictions against the truth, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import numpy as np

from pipeline.errors import ConfigError, listing
from pipeline.metrics.bias import over_subgroups
from pipeline.metrics.curves import Curves
from pipeline.metrics.pooled import Pooled
from pipeline.metrics.truth import RowFacts, facts_of
from pipeline.registry import Registry
from pipeline.tasks.base import Task
from pipeline.tasks.box_array import UNSURE

METRICS: Registry[Metric] = Registry("metric", home="pipeline.metrics")

Wants = Literal["probability", "label", "value", "picture", "span", "boxes"]
Score = Callable[[np.ndarray, np.ndarray], float]
Terms = Callable[[np.ndarray, np.ndarray], np.ndarray]
WITH_SUBGROUPS = ("auc", "gini", "average_precision")
SMALLEST_PROBABILITY = 1e-15  # where Kaggle clips the probabilities of its log loss


def mean_of_columns(means: np.ndarray) -> np.ndarray:
    """Returns the mean over the last axis: (..., columns) -> (...)."""
    return np.asarray(means.mean(axis=-1))


@dataclass(frozen=True)
class RowMeans:
    """A metric as a function of means over rows, which are quick to resample.

    Attributes:
        terms: (target, prediction) -> float (rows, columns).
        of_means: means (..., columns) -> scores (...).
    """

    terms: Terms
    of_means: Callable[[np.ndarray], np.ndarray] = mean_of_columns

    def __call__(self, target: np.ndarray, prediction: np.ndarray) -> float:
        return float(self.of_means(self.terms(target, prediction).mean(axis=0)))

    def by_group(
        self,
        target: np.ndarray,
        prediction: np.ndarray,
        weights: np.ndarray | None,
        groups: np.ndarray | None,
    ) -> np.ndarray:
        """Returns the scores of weighted means, one for each group that has a weight.

        Args:
            weights: float64 (rows,); None: every row counts alike.
            groups: int64 (rows,) from 0; None: they are all one.
        """
        weights = np.ones(len(target)) if weights is None else weights
        groups = np.zeros(len(target), np.int64) if groups is None else groups
        terms, totals = self.terms(target, prediction), np.bincount(groups, weights)
        sums = np.stack([np.bincount(groups, column * weights) for column in terms.T], axis=1)
        some = totals > 0
        return np.asarray(self.of_means(sums[some] / totals[some, None]))


@dataclass(frozen=True)
class Metric:
    """A score of predictions against the truth.

    Called with `target` and `prediction` as the pipeline keeps them: classification int64
    (rows,) and probabilities (rows, classes); multilabel 0/1 (rows, labels) and probabilities;
    regression values (rows, targets), both.

    Attributes:
        name: as in the YAML.
        function: scores what `wants` names: "probability" the columns as they are, "label" class
            numbers (the most probable class) or 0/1 per label (above one half), "value" values, "picture"
            two pictures (height, width), of labels int32 or of greys float32, of which the score is the mean
            over the rows or follows from such means (see `of`), "span" two texts and "boxes" true and found
            boxes, likewise. A `RowMeans` where it follows from means, a `Curves` where from the order of
            probabilities, a `Pooled` where all boxes are taken together.
        greater_is_better: the direction.
        tasks: general kinds of task that it can score.
        log_target: models had better learn log(1 + y).
        log_optional: it is defined without, too: they do so where no target is negative.
        ordinal: classes are numbers, and how far apart two of them are counts.
        binary: it looks at the second of two classes, and scores no other number of them.
        floor: below it a value of a regression breaks the rules; None: there is no such place.
        objective: the loss of a regression that comes nearest to it: "l2" (means), "l1" (medians),
            or "quantile".
        quantile: which one, of that objective.
        targets: the target columns that it takes; None: any number.
        depth: classes that it looks at in each row, the likeliest first; None: it does not rank them.
        sees: what it sees of the rows beside target and prediction: "weights", "groups", "rows" (which
            of them count), "subgroups". The target must be a `Truth` that knows it.
        values: of an ordinal metric, what its classes are worth, where they are numbers (see `of`).
            It is no part of which metric this is: both forms are equal.
        ranked: boxes are scored at every confidence in turn: to leave unsure ones out gains nothing.
        task: of a metric of pictures, spans or boxes, the task whose answers it scores; None before `of`.

    Example:
        >>> def share_right(target, said):
        ...     return float(np.mean(target == said))
        >>> from pipeline.tasks.base import general_kinds
        >>> right = Metric("right", share_right, True, "label", general_kinds(exclusive=True))
        >>> target, probabilities = np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]])
        >>> right(target, probabilities)
        0.5
        >>> right.better(0.5, 0.4)
        True
    """

    name: str
    function: Score
    greater_is_better: bool
    wants: Wants
    tasks: tuple[str, ...]
    log_target: bool = False
    log_optional: bool = False
    ordinal: bool = False
    binary: bool = False
    floor: float | None = None
    objective: Literal["l2", "l1", "quantile"] = "l2"
    quantile: float | None = None
    targets: int | None = None
    depth: int | None = None
    sees: tuple[str, ...] = ()
    ranked: bool = False
    values: tuple[float, ...] = field(default=(), compare=False)
    task: Any = field(default=None, compare=False)

    @property
    def kind(self) -> str:
        """Its registered name, whatever it sees of the rows."""
        return self.name.partition(" (")[0]

    @property
    def by_task(self) -> bool:
        """Whether the task knows the truth: answers are pictures, spans or boxes."""
        return self.wants in ("picture", "span", "boxes")

    @property
    def row_means(self) -> RowMeans | None:
        """Its formula from (weighted) means over rows; None where there is none, or nobody has said it."""
        known = isinstance(self.function, RowMeans) and (not self.by_task or self.task is not None)
        return self.function if known and "groups" not in self.sees else None  # type: ignore[return-value]

    @property
    def medians(self) -> bool:
        """Whether the best answer of a regression is a row's median."""
        return self.objective == "l1" or self.quantile == 0.5

    def seeing(self, *words: str) -> Metric:
        """Returns the metric that looks at these facts of the rows, too.

        Raises:
            ConfigError: rows cannot be weighted, for it is no mean over them; or it has no subgroups.
        """
        if "subgroups" in words and (self.kind not in WITH_SUBGROUPS or "groups" in words):
            raise ConfigError(
                f"`subgroups` are for {listing(WITH_SUBGROUPS)} of two classes, without `groups`. "
                f"Received: {self.name}{' and groups' if 'groups' in words else ''}."
            )
        if "weights" in words and not isinstance(self.function, RowMeans):
            able = [name for name in METRICS if isinstance(METRICS.get(name).function, RowMeans)]
            raise ConfigError(
                f"{self.name!r} is no mean over rows and cannot be weighted. Those that can: "
                f"{listing(able, most=40)}."
            )
        if not words:
            return self
        binary = self.binary or "subgroups" in words
        tasks = self.tasks[:1] if "subgroups" in words else self.tasks
        return replace(self, name=f"{self.name} ({', '.join(words)})", sees=words, binary=binary, tasks=tasks)

    def of(self, task: Task) -> Metric:
        """Returns the metric as it scores this task: an ordinal one by the values of its classes.

        Classes that are no numbers are as far apart as their places. Where models learn no logarithms
        they are blended without. One of pictures or spans asks the task for them.
        """
        boxes: dict[str, Any] = {"least": 0.0 if self.ranked else UNSURE} if self.wants == "boxes" else {}
        if isinstance(self.function, Pooled):
            return replace(self, function=replace(self.function, task=task, **boxes), task=task)
        if self.by_task:
            alone: Any = self.function  # of one answer it is what the rows are terms of
            known = self.function if isinstance(self.function, RowMeans) else RowMeans(alone)
            terms: Any = known.terms if self.task is None else known.terms.args[0]  # type: ignore[attr-defined]
            return replace(
                self, function=replace(known, terms=partial(task.scores, terms, **boxes)), task=task
            )
        if self.log_optional and not task.logged:
            return replace(self, log_target=False)
        if not self.ordinal:
            return self
        try:
            return replace(self, values=tuple(float(name) for name in task.outputs))
        except ValueError:
            return self

    def __call__(self, target: np.ndarray, prediction: np.ndarray) -> float:
        if self.sees:
            return self._of_facts(self.facts(target), np.asarray(target), prediction)
        return float(self.function(*self.asked(target, prediction)))

    def of_rows(self, target: np.ndarray, prediction: np.ndarray) -> Callable[[np.ndarray], float]:
        """Returns the score of any rows as a function of their positions, for scores of many draws.

        What can be worked out of every row alone, or ranked, is so once.
        """
        if self.sees or self.by_task:
            return lambda rows: self(target[rows], prediction[rows])
        sides, function = self.asked(target, prediction), self.function
        if isinstance(function, Curves):
            return function.of_rows(*sides)
        return lambda rows: float(function(*(side[rows] for side in sides)))

    def _of_facts(self, facts: RowFacts, target: np.ndarray, prediction: np.ndarray) -> float:
        """Returns the score of the rows that count, by their weights; the mean over groups that have one."""
        if facts.counted is not None:
            rows = np.flatnonzero(facts.counted)
            facts = replace(facts.take(rows), counted=None)
            target, prediction = target[rows], prediction[rows]
        if not len(target):
            return float("nan")
        sides, weights, groups = self.asked(target, prediction), facts.weights, facts.groups
        if facts.subgroups is not None:
            return over_subgroups(self.function, *sides, facts.subgroups)
        if isinstance(self.function, RowMeans):
            scores = self.function.by_group(*sides, weights, groups)
        elif groups is None:
            return float(self.function(*sides))
        else:
            order = np.argsort(groups, kind="stable")
            parts = np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
            scores = np.array([self.function(*(side[part] for side in sides)) for part in parts])
        known = scores[~np.isnan(scores)]
        return float(known.mean()) if len(known) else float("nan")

    def facts(self, target: np.ndarray) -> RowFacts:
        """Returns what it sees of the rows, and of their facts nothing else.

        Raises:
            TypeError: the target has lost them, or never had them.
        """
        facts = facts_of(target) or RowFacts()
        known = {"weights": facts.weights, "groups": facts.groups, "rows": facts.counted}
        known["subgroups"] = facts.subgroups
        seen = {word: known[word] if word in self.sees else None for word in known}
        if lost := [word for word in self.sees if seen[word] is None]:
            raise TypeError(f"{self.name}: this target does not know its rows' {' and '.join(lost)}.")
        return RowFacts(seen["weights"], seen["groups"], seen["rows"], seen["subgroups"])

    def row_weights(self, target: np.ndarray) -> np.ndarray | None:
        """Returns float64 (rows,): how much each row counts; None where all count alike."""
        if not self.sees:
            return None
        facts = self.facts(target)
        weights = np.ones(len(target)) if facts.weights is None else facts.weights
        return weights if facts.counted is None else weights * facts.counted

    def asked(self, target: np.ndarray, prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns both sides as the function takes them: labels for a metric of labels, or their values."""
        target = np.asarray(target)
        if self.wants == "label":
            prediction = labels(target, prediction)
        if self.values:
            scale = np.array(self.values)
            target, prediction = scale[target], scale[prediction]
        return target, prediction

    def exactly(self, prediction: np.ndarray) -> np.ndarray:
        """Returns predictions in float64, so that sums are exact; pictures, spans and boxes as they are."""
        return prediction if self.by_task else np.asarray(prediction, np.float64)

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

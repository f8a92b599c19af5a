"""Registration of metrics: one, or a family of them that differ by a number in the name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.metrics.base import METRICS, Metric, RowMeans, Score, Terms, Wants, mean_of_columns
from pipeline.registry import Registry
from pipeline.tasks.base import general_kinds

FAMILIES: Registry[Family] = Registry("family of metrics", home="pipeline.metrics")


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


def metric(
    name: str, greater: bool, wants: Wants, tasks: str, **facts: Any
) -> Callable[[Callable[[Any, Any], float]], Metric]:
    """Returns a decorator that registers a function as a metric; tasks by their initials."""

    def decorate(function: Callable[[Any, Any], float]) -> Metric:
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
    own = {"s": "mask", "w": "span"}  # mask begins as multilabel
    kinds = {kind[0]: kind for kind in general_kinds(dense=None)} | own
    return Metric(name, function, greater, wants, tuple(kinds[key] for key in tasks), **facts)

"""One of several classes: one target of text, one probability per class."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.errors import DataError, SubmissionError, did_you_mean, listing
from pipeline.registry import TASKS
from pipeline.tasks.answer import Answer, finite, within_0_and_1
from pipeline.tasks.base import Task
from pipeline.tasks.contest import Contest

SMALLEST = 1e-15  # of a probability: nothing is impossible
HALF_A_ROW = 0.5  # added to every class's count of a constant answer, so that none is impossible
ROW_SUM_TOLERANCE = 1e-6  # probabilities of a row, as they are written, sum to one within this
EVEN_DECIMALS = 12  # up to so many, rows are rounded to a sum of one; with more there is nothing to even out


@TASKS.register("classification")
@dataclass(frozen=True)
class Classification(Task):
    """One target; rows of probabilities sum to one, and two classes have two columns."""

    kind: ClassVar[str] = "classification"
    general: ClassVar[str] = "classification"
    exclusive: ClassVar[bool] = True
    probabilities: ClassVar[bool] = True

    @classmethod
    def possible(cls, contest: Contest) -> bool:
        return not contest.several

    @classmethod
    def told(cls, contest: Contest) -> bool:
        return not contest.several

    @classmethod
    def read(cls, contest: Contest) -> tuple[Task, np.ndarray, Answer]:
        labels, columns = contest.only.distinct, contest.columns
        by_class = class_columns(sorted(labels), columns) if len(columns) > 1 else None
        classes = tuple(by_class) if by_class else class_order(set(labels), contest.positive)
        task = cls(classes)
        number = {name: index for index, name in enumerate(classes)}
        target = np.array([number[label] for label in labels], np.int64)[contest.only.codes]
        if contest.binary and len(classes) != 2:
            raise DataError(
                f"The metric {contest.metric!r} scores two classes. The target has {len(classes)}: "
                f"{listing(classes)}."
            )
        if by_class:
            return task, target, Answer("probability", columns, tuple(range(len(classes))))
        return task, target, _one_column(contest, classes)

    def columns(self, target: np.ndarray) -> np.ndarray:
        return (target[:, None] == np.arange(self.n_outputs)).astype(np.float64)

    def strata(self, target: np.ndarray) -> np.ndarray:
        return target

    def alone(self, target: np.ndarray) -> np.ndarray:
        _, inverse, counts = np.unique(target, return_inverse=True, return_counts=True)
        return counts[inverse] == 1

    def prior(self, target: np.ndarray) -> np.ndarray:
        shares = np.bincount(target, minlength=self.n_outputs) / len(target)
        return np.maximum(shares, SMALLEST).astype(np.float32)

    def constant(self, target: np.ndarray) -> np.ndarray:
        counts = np.bincount(target, minlength=self.n_outputs) + HALF_A_ROW
        return np.asarray(counts / counts.sum())

    def loss(self, target: np.ndarray, prediction: np.ndarray, smallest: float = 0.0) -> float:
        if target.ndim == 1:
            chosen = prediction[np.arange(len(target)), target.astype(np.int64)]
        else:
            chosen = prediction[target > 0.5]
        chosen = np.clip(chosen, smallest, 1.0) if smallest else chosen
        return float(-np.log(chosen).mean())

    def decided(self, values: np.ndarray) -> np.ndarray:
        return values.argmax(axis=1)

    def cells(
        self,
        answer: Answer,
        values: np.ndarray,
        labels: np.ndarray | None,
        decimals: int | None,
        beside: np.ndarray | None = None,
    ) -> list[list[str]]:
        if answer.kind == "ranking":
            best = np.argsort(-values, axis=1, kind="stable")[:, : answer.depth]
            return [[" ".join(self.outputs[k] for k in row)] for row in best]
        if answer.kind == "label":
            return self._named(answer, self.decided(values) if labels is None else labels)
        exact = values.astype(np.float64)
        exact /= exact.sum(axis=1, keepdims=True)
        even = decimals is not None and decimals <= EVEN_DECIMALS
        values = _rounded(exact, decimals) if even else exact.astype(values.dtype)  # type: ignore[arg-type]
        return answer.numbers(values, decimals)

    def _named(self, answer: Answer, numbers: np.ndarray) -> list[list[str]]:
        return [[self.outputs[k]] for k in numbers]

    def verify(
        self, answer: Answer, cells: list[list[str]], ids: list[str], beside: np.ndarray | None = None
    ) -> None:
        if not answer.outputs:
            ranking = answer.kind == "ranking"
            found = {name for row in cells for name in (row[0].split(" ") if ranking else row)}
            if unknown := found - set(self.outputs):
                raise SubmissionError(f"Classes that the training table lacks: {listing(sorted(unknown))}.")
            return
        values = finite(cells, ids)
        if answer.kind != "probability":
            return
        off = np.flatnonzero(abs(within_0_and_1(values, ids).sum(axis=1) - 1) > ROW_SUM_TOLERANCE)
        whole = len(answer.outputs) > 1
        if whole and len(off):
            raise SubmissionError(
                f"Rows whose probabilities do not sum to one: {listing(ids[i] for i in off)}."
            )

    @classmethod
    def example(cls, label: np.ndarray, number: np.ndarray) -> tuple[Task, np.ndarray]:
        return cls(("ant", "bee", "cat")), label.astype(np.int64)


def _one_column(contest: Contest, classes: tuple[str, ...]) -> Answer:
    """Returns the form of a sample that has one column of answers."""
    answer = contest.answer
    if answer == "auto":
        answer = "ranking" if contest.depth else "label" if contest.wants == "label" else "probability"
    if answer == "probability" and len(classes) != 2:
        raise DataError(
            f"The sample has one column for {len(classes)} classes, which cannot hold probabilities. "
            "Set `submission.answer: label`, or a sample with one column per class."
        )
    if answer == "value":
        raise DataError("`submission.answer: value` is for regression; classes are a label or a probability.")
    outputs = (1,) if answer == "probability" else ()
    depth = contest.depth or min(5, len(classes))
    return Answer(answer, contest.columns, outputs, depth)  # type: ignore[arg-type]


def _rounded(values: np.ndarray, decimals: int) -> np.ndarray:
    """Returns rows that sum to one, with so many digits after the point, of which they still do.

    All are rounded down, and what a row lacks then goes to those that lost the most. No value passes a
    larger one.
    """
    unit = 10**decimals
    whole = np.floor(values * unit)
    lost = values * unit - whole
    place = np.argsort(np.argsort(-lost, axis=1, kind="stable"), axis=1)
    return (whole + (place < np.rint(unit - whole.sum(axis=1))[:, None])) / unit


def class_columns(classes: list[str], columns: tuple[str, ...]) -> list[str]:
    """Returns the class that each column of the sample stands for, in the sample's order.

    A column is called like its class, or like it with one common text before and after
    ("Status_C"). A column whose class has no training row keeps its own name as a class.
    """
    before, after = "", ""
    if not set(classes) <= set(columns):
        before, after = _affixes(classes[0], classes, columns)
    named = {f"{before}{name}{after}": name for name in classes}
    unknown = [name for column, name in named.items() if column not in columns]
    if unknown:
        near = did_you_mean(unknown[0], columns)
        raise DataError(
            f"The sample has no column for the classes {listing(unknown)}.{near} "
            f"Its columns are: {listing(columns)}."
        )
    ends = len(after)
    return [named.get(name, name[len(before) : len(name) - ends] or name) for name in columns]


def _affixes(first: str, classes: list[str], columns: tuple[str, ...]) -> tuple[str, str]:
    for column in columns:
        start = column.find(first)
        while start >= 0:
            before, after = column[:start], column[start + len(first) :]
            if all(f"{before}{name}{after}" in columns for name in classes):
                return before, after
            start = column.find(first, start + 1)
    return "", ""


def class_order(classes: Collection[str], positive: str | None) -> tuple[str, ...]:
    """Numbers by value, words by the alphabet; the positive one of two last."""
    if len(classes) < 2:
        raise DataError(f"The target has one value only: {listing(classes)}. There is nothing to learn.")
    try:
        ordered = sorted(classes, key=lambda name: (float(name), name))
    except ValueError:
        ordered = sorted(classes)
    if positive is not None:
        if positive not in classes or len(classes) != 2:
            near = did_you_mean(positive, classes)
            raise DataError(
                f"`data.positive` must be one of two classes. Received: {positive!r}.{near} "
                f"The classes are: {listing(ordered)}."
            )
        ordered.sort(key=lambda name: name == positive)
    return tuple(ordered)

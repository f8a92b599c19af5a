"""One of several classes, written as a 0/1 column per class of which one is 1 in every row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.errors import DataError, listing
from pipeline.registry import TASKS
from pipeline.tasks.answer import Answer
from pipeline.tasks.base import Task
from pipeline.tasks.classification import Classification
from pipeline.tasks.contest import Contest


@TASKS.register("onehot")
@dataclass(frozen=True)
class OneHot(Classification):
    """A classification whose label is written as 0 and 1 per class."""

    kind: ClassVar[str] = "onehot"

    @classmethod
    def possible(cls, contest: Contest) -> bool:
        return contest.several

    @classmethod
    def told(cls, contest: Contest) -> bool:
        marks = contest.zero_one() if contest.several else None
        return marks is not None and bool((marks.sum(axis=1) == 1).all())

    @classmethod
    def read(cls, contest: Contest) -> tuple[Task, np.ndarray, Answer]:
        names, columns = tuple(contest.targets), contest.columns
        if set(columns) != set(names):
            raise DataError(
                f"The sample's columns ({listing(columns)}) must be the targets ({listing(names)})."
            )
        marks = contest.zero_one(columns)
        several = np.arange(len(contest.ids())) if marks is None else np.flatnonzero(marks.sum(axis=1) != 1)
        if marks is None or len(several):
            raise DataError(
                f"Several targets ({listing(names)}) are one classification only where exactly one of them "
                f"is 1 in every row, and the others are 0. It is not so for: "
                f"{listing(contest.ids()[several])}. Otherwise: `data.task: multilabel`."
            )
        wanted = "label" if contest.wants == "label" else "probability"
        answer = wanted if contest.answer == "auto" else contest.answer
        if answer not in ("probability", "label"):
            raise DataError(
                f"`submission.answer: {answer}` needs one column; the sample has {listing(columns)}."
            )
        form = Answer(answer, columns, tuple(range(len(columns))))  # type: ignore[arg-type]
        return cls(columns), marks.argmax(axis=1), form

    def _named(self, answer: Answer, numbers: np.ndarray) -> list[list[str]]:
        if not answer.outputs:
            return super()._named(answer, numbers)
        return [[str(int(k == output)) for output in answer.outputs] for k in numbers]

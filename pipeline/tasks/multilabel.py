"""Several yes/no labels: a 0/1 column each, and one probability each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.errors import DataError, listing
from pipeline.registry import TASKS
from pipeline.tasks.answer import Answer, finite, within_0_and_1
from pipeline.tasks.base import Task
from pipeline.tasks.contest import Contest
from pipeline.tasks.regression import columns_of_targets, values_of

MOST_STRATA = 10  # rows with as many labels, or more, are alike to a stratified split


@TASKS.register("multilabel")
@dataclass(frozen=True)
class Multilabel(Task):
    """A row may have any number of the labels."""

    kind: ClassVar[str] = "multilabel"
    general: ClassVar[str] = "multilabel"
    probabilities: ClassVar[bool] = True

    @classmethod
    def told(cls, contest: Contest) -> bool:
        return contest.several and contest.zero_one() is not None

    @classmethod
    def read(cls, contest: Contest) -> tuple[Task, np.ndarray, Answer]:
        target, names = values_of(contest), tuple(contest.targets)
        if not np.isin(target, (0.0, 1.0)).all():
            raise DataError(f"Labels must be 0 or 1 in every target column ({listing(names)}).")
        wanted = "label" if contest.wants == "label" else "probability"
        answer = wanted if contest.answer == "auto" else contest.answer
        return cls(names), target, Answer(answer, contest.columns, columns_of_targets(contest))  # type: ignore[arg-type]

    def columns(self, target: np.ndarray) -> np.ndarray:
        return np.asarray(target, np.float64)

    def strata(self, target: np.ndarray) -> np.ndarray:
        return np.minimum(target.sum(axis=1), MOST_STRATA).astype(np.int64)

    def prior(self, target: np.ndarray) -> np.ndarray:
        return target.mean(axis=0).astype(np.float32)

    def loss(self, target: np.ndarray, prediction: np.ndarray, smallest: float = 0.0) -> float:
        chosen = np.where(target > 0.5, prediction, 1.0 - prediction)
        chosen = np.clip(chosen, smallest, 1.0) if smallest else chosen
        return float(-np.log(chosen).mean())

    def decided(self, values: np.ndarray) -> np.ndarray:
        return (values > 0.5).astype(int)

    def cells(
        self,
        answer: Answer,
        values: np.ndarray,
        labels: np.ndarray | None,
        decimals: int | None,
        beside: np.ndarray | None = None,
    ) -> list[list[str]]:
        if answer.kind != "label":
            return answer.numbers(values, decimals)
        chosen = self.decided(values) if labels is None else labels
        return [[str(int(value)) for value in row] for row in chosen[:, list(answer.outputs)]]

    def verify(
        self, answer: Answer, cells: list[list[str]], ids: list[str], beside: np.ndarray | None = None
    ) -> None:
        values = finite(cells, ids)
        if answer.kind == "probability":
            within_0_and_1(values, ids)

    @classmethod
    def example(cls, label: np.ndarray, number: np.ndarray) -> tuple[Task, np.ndarray]:
        return cls(("red", "green")), np.stack([label == 0, label != 1], axis=1).astype(np.float64)

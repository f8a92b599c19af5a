"""One value per target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.errors import DataError, listing
from pipeline.registry import TASKS
from pipeline.tasks.answer import Answer, finite
from pipeline.tasks.base import Task
from pipeline.tasks.contest import LARGEST, Contest
from pipeline.tasks.strata import by_rank

STRATA = 10


@TASKS.register("regression")
@dataclass(frozen=True)
class Regression(Task):
    """Values.

    Attributes:
        log_target: models learn log(1 + y); predictions are values.
    """

    kind: ClassVar[str] = "regression"
    general: ClassVar[str] = "regression"

    log_target: bool = False

    @property
    def logged(self) -> bool:
        return self.log_target

    @classmethod
    def told(cls, contest: Contest) -> bool:
        return True

    @classmethod
    def read(cls, contest: Contest) -> tuple[Task, np.ndarray, Answer]:
        target = values_of(contest)
        log = contest.log_target
        if contest.log_optional:
            log = bool((target >= 0).all())
        elif log and (target <= -1).any():
            raise DataError(f"The metric {contest.metric!r} takes log(1 + y): targets must be above -1.")
        task = cls(tuple(contest.targets), log)
        kind = "value" if contest.answer == "auto" else contest.answer
        return task, target, Answer(kind, contest.columns, columns_of_targets(contest))  # type: ignore[arg-type]

    def columns(self, target: np.ndarray) -> np.ndarray:
        return np.asarray(target, np.float64)

    def strata(self, target: np.ndarray) -> np.ndarray:
        return by_rank(target.mean(axis=1), STRATA)

    def prior(self, target: np.ndarray) -> np.ndarray:
        if self.logged:
            return np.expm1(np.log1p(target).mean(axis=0)).astype(np.float32)
        return target.mean(axis=0).astype(np.float32)

    def constant(self, target: np.ndarray) -> np.ndarray:
        return np.asarray(np.median(target[np.isfinite(target).all(axis=1)], axis=0))

    def loss(self, target: np.ndarray, prediction: np.ndarray, smallest: float = 0.0) -> float:
        return float(np.mean((target - prediction) ** 2))

    def decided(self, values: np.ndarray) -> np.ndarray:
        return values

    def cells(
        self,
        answer: Answer,
        values: np.ndarray,
        labels: np.ndarray | None,
        decimals: int | None,
        beside: np.ndarray | None = None,
    ) -> list[list[str]]:
        return answer.numbers(values, decimals)

    def verify(
        self, answer: Answer, cells: list[list[str]], ids: list[str], beside: np.ndarray | None = None
    ) -> None:
        finite(cells, ids)

    @classmethod
    def example(cls, label: np.ndarray, number: np.ndarray) -> tuple[Task, np.ndarray]:
        return cls(("width", "height")), np.stack([10 * number, 5 - 3 * number], axis=1)


def values_of(contest: Contest) -> np.ndarray:
    """Returns the targets as float64 (rows, targets); raises DataError for cells that are no numbers."""
    values = []
    for name, texts in contest.targets.items():
        column = contest.numbers(name)
        if wrong := texts.among(np.isnan(column)):
            raise DataError(
                f"The target {name!r} must be numbers. Received: {listing(wrong)}. "
                f"(Infinite and those beyond {LARGEST:.2g} are none to learn from.)"
            )
        values.append(column)
    return np.stack(values, axis=1)


def columns_of_targets(contest: Contest) -> tuple[int, ...]:
    """Returns for each of the sample's columns which target it is; raises DataError where it is none."""
    names, columns = tuple(contest.targets), contest.columns
    if set(columns) == set(names):
        return tuple(names.index(column) for column in columns)
    if len(columns) == len(names) == 1:
        return (0,)
    raise DataError(f"The sample's columns ({listing(columns)}) must be the targets ({listing(names)}).")

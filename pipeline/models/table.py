"""Models of tables: rows are encoded and the target coded by the training rows, and both are saved."""

from __future__ import annotations

import json
import math
import time
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pipeline.clock import Clock
from pipeline.data.encode import TableEncoder
from pipeline.data.encoders.categories import Style
from pipeline.data.lesson import Lesson, copies, lesson_of, mixed, tempered
from pipeline.data.rows import Rows
from pipeline.data.saved import read_estimator, write_estimator
from pipeline.data.target import coder_of
from pipeline.inputs.base import expanded
from pipeline.models.base import AnytimeConfig, Context, Model

MANY_CELLS = 1_000_000  # of a matrix, from which several threads pay
BOOSTED_CELLS = 100_000  # the same of boosting: LightGBM is 1.35 times as fast there


@dataclass(frozen=True)
class Table:
    """Encoded rows.

    Attributes:
        features: float32 (rows, features).
        target: as `TargetCoder.encode` returns it.
        weights: float32 (rows,), or None.
        native: positions of features that are codes of categories.
        names: the features' names.
    """

    features: np.ndarray
    target: np.ndarray
    weights: np.ndarray | None
    native: Sequence[int] = ()
    names: Sequence[str] = ()


def threads_for(features: np.ndarray, context: Context, many: int = MANY_CELLS) -> int:
    """Returns how many threads a matrix is worth: one below `many` cells.

    Threads that wait for one another over a small matrix cost more than they bring: a logistic
    regression of 500 rows was 100 times slower with two threads on two busy cores than with one.
    """
    return context.threads if features.size > many else 1


class TableModel(Model):
    """A model that learns from one matrix.

    A subclass learns in `_learn` and answers in `_answer`; it may look at the inner rows by
    overriding `fit`. Where the training rows hold a single class there is nothing to learn, and
    the prediction is that class.

    Attributes:
        style: the encoding that it wants.
    """

    version: ClassVar[int] = 3  # the encoder's words are packed
    style: ClassVar[Style] = "dense"
    taught: ClassVar[bool] = True
    side_by_side: ClassVar[bool] = True

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> Model:
        """Learns from the training rows, and from inner ones where there are any."""
        from threadpoolctl import threadpool_limits

        limit = self.config.max_seconds if isinstance(self.config, AnytimeConfig) else None
        started, end = time.perf_counter(), Clock.now() + (limit or math.inf)
        whole = train if inner is None or self.config.validate_on == "fold" else train.join(inner)
        table = self._encode(whole, context)
        if not self._trivial:
            with threadpool_limits(threads_for(table.features, context)):
                self._learn(table, context, end)
        self.notes_["seconds"] = round(time.perf_counter() - started, 2)
        return self

    def _encode(self, rows: Rows, context: Context) -> Table:
        """Fits the coder and the encoder; forgets what an earlier fit noted."""
        self.coder_ = coder_of(self.task).fit(rows.target)
        self.encoder_ = TableEncoder(self.style, expanded(self.config.inputs, self.sees), context.seed)
        target, lesson = self.coder_.encode(rows.target), lesson_of(rows, self.config)
        columns = self.coder_.columns(rows.target)
        if lesson is not None and lesson.in_place:  # levels are coded by what is learned of their rows
            columns = np.ascontiguousarray(self._mixed(target, lesson)[:, -columns.shape[1] :])
        features = self.encoder_.fit_transform(rows, columns)
        self.notes_: dict[str, Any] = {"rows": len(rows), "features": features.shape[1]}
        if self.encoder_.notes_:
            self.notes_["columns"] = self.encoder_.notes_
        table = Table(features, target, rows.weights, self.encoder_.native_, self.encoder_.names_)
        return table if lesson is None or self._trivial else self._softened(table, lesson)

    def _softened(self, table: Table, lesson: Lesson) -> Table:
        """Returns the rows with what others say of them mixed into their targets.

        A class's share of a row is the weight of a copy of the row, which every learner takes.
        """
        target = self._mixed(table.target, lesson)
        if not self.task.exclusive:
            return replace(table, target=target)
        rows, classes, weights = copies(target)
        own = weights if table.weights is None else weights * table.weights[rows]
        return replace(table, features=table.features[rows], target=classes, weights=own.astype(np.float32))

    def _mixed(self, target: np.ndarray, lesson: Lesson) -> np.ndarray:
        """Returns an encoded target with what others say: (rows, columns), a share of each present class."""
        if not self.task.exclusive:
            return mixed(target, self.coder_.encode(lesson.said), lesson.share)
        said = tempered(lesson.said[:, self.coder_.state()["present_"]], lesson.temperature)
        return mixed(self.coder_.matrix(target), said, lesson.share)

    @property
    def _trivial(self) -> bool:
        return self.coder_.trivial

    @abstractmethod
    def _learn(self, table: Table, context: Context, end: float) -> None:
        """Learns from the encoded rows; what may be ended at any time stops at `end`, by `Clock.now`."""

    @abstractmethod
    def _answer(self, features: np.ndarray, context: Context) -> np.ndarray:
        """Returns what `TargetCoder.decode` takes."""

    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        from threadpoolctl import threadpool_limits

        if self._trivial:
            return self.coder_.decode(np.ones((len(rows), 1)))
        features = self.encoder_.transform(rows)
        with threadpool_limits(threads_for(features, context)):
            return self.coder_.decode(self._answer(features, context))

    def save(self, folder: Path) -> None:
        write_estimator(self.encoder_, folder / "encoder.skops")
        facts = {"target": self.coder_.state(), "notes": self.notes_}
        (folder / "model.json").write_text(json.dumps(facts), encoding="utf-8")
        if not self._trivial:
            self._write(folder)

    def load(self, folder: Path) -> Model:
        facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.coder_ = coder_of(self.task).restore(facts["target"])
        self.notes_ = facts["notes"]
        self.encoder_ = read_estimator(folder / "encoder.skops")
        if not self._trivial:
            self._read(folder)
        return self

    @abstractmethod
    def _write(self, folder: Path) -> None:
        """Writes what `_learn` learned."""

    @abstractmethod
    def _read(self, folder: Path) -> None:
        """Reads what `_write` wrote."""

    def gains(self) -> dict[str, float]:
        """Returns by feature the share of all that its splits gained; {} where the library does not say."""
        gains = np.zeros(0) if self._trivial else self._gains()
        if not len(gains) or gains.sum() <= 0:
            return {}
        return dict(zip(map(str, self.encoder_.names_), (gains / gains.sum()).tolist(), strict=True))

    def _gains(self) -> np.ndarray:
        """Returns float64 (features,), at any scale; none where the library does not say."""
        return np.zeros(0)

    def contributions(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        """Returns what each feature adds to each answer, on the scale on which a model's parts add up.

        SHAP values (Lundberg and others, "From local explanations to global understanding with explainable
        AI for trees", Nature Machine Intelligence 2, 2020), as the library works them out. Of two classes
        they speak for the second.

        Returns:
            float64 (rows, features + 1, outputs); what is the same for all rows stands last. No features
            where there was nothing to learn, or the library does not say.
        """
        if self._trivial:
            return np.zeros((len(rows), 1, 1))
        return self._contributions(self.encoder_.transform(rows), context)

    def _contributions(self, features: np.ndarray, context: Context) -> np.ndarray:
        """Returns what `contributions` does, of encoded rows."""
        return np.zeros((len(features), 1, 1))

    def notes(self) -> dict[str, Any]:
        return dict(self.notes_)

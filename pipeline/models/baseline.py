"""The answer that has seen no feature: what every other model must beat."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.data import dense
from pipeline.data.rows import Rows
from pipeline.models.base import MODELS, Context, Model
from pipeline.tasks.base import general_kinds


@MODELS.register("baseline")
class Baseline(Model):
    """Answers with the training rows' shares of the classes or labels, or with their median values.

    Attributes:
        answer_: float64 (outputs,).
    """

    sees = ()
    tasks = general_kinds(dense=None)
    seeded = False
    quick = True

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> Model:
        target = train.target
        self.answer_ = self.task.constant(target)
        return self

    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        if self.task.dense:
            values = dense.room((len(rows), self.task.n_outputs), kind=self.task.values_type)
            values[:] = self.answer_
            return values
        return np.tile(self.answer_, (len(rows), 1)).astype(np.float32)

    def save(self, folder: Path) -> None:
        np.save(folder / "answer.npy", self.answer_)

    def load(self, folder: Path) -> Model:
        self.answer_ = np.load(folder / "answer.npy", allow_pickle=False)
        return self

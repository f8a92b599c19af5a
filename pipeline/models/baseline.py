"""The answer that has seen no feature: what every other model must beat."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.data.rows import Rows
from pipeline.models.base import MODELS, Context, Model


@MODELS.register("baseline")
class Baseline(Model):
    """Answers with the training rows' shares of the classes or labels, or with their median values.

    Attributes:
        answer_: float64 (outputs,).
    """

    sees = ()
    seeded = False
    quick = True

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> Model:
        target = train.target
        self.answer_ = self.task.constant(target)
        return self

    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        return np.tile(self.answer_, (len(rows), 1)).astype(np.float32)

    def save(self, folder: Path) -> None:
        np.save(folder / "answer.npy", self.answer_)

    def load(self, folder: Path) -> Model:
        self.answer_ = np.load(folder / "answer.npy", allow_pickle=False)
        return self

"""Ridge regression, and the linear model that suits a task."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pipeline.data.rows import Rows
from pipeline.data.saved import read_estimator, write_estimator
from pipeline.models.base import MODELS, AnytimeConfig, Context, Model, ModelConfig
from pipeline.models.logistic import Logistic
from pipeline.models.size import Size
from pipeline.models.table import Table, TableModel
from pipeline.tasks.base import general_kinds

LEAST = 0.3  # of its seconds: the solver takes its first steps in any case
PER_CELL = 1e-6  # seconds per row, column and problem
MOST_CELLS = 2_000_000  # rows times outputs that are worth their time


class RidgeConfig(ModelConfig):
    """Keys of `kind: ridge`."""

    alpha: float | None = Field(
        default=None, gt=0, description="L2 penalty; default: chosen from `grid`, one per target"
    )
    grid: list[float] = Field(
        default=[0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0],
        min_length=1,
        description="penalties of which the one with the least leave-one-out error is taken",
    )

    instead: ClassVar[Mapping[str, str]] = {
        "reg_lambda": "The L2 penalty is `alpha`.",
        "weight_decay": "The L2 penalty is `alpha`.",
        "reg_alpha": "Ridge regression has no L1 penalty; the L2 penalty is `alpha`.",
    }

    def space(self) -> dict[str, dict[str, Any]]:
        return {"alpha": {"float": [1e-3, 1e5], "log": True}}

    def problems(self, where: str) -> list[str]:
        if any(value <= 0 for value in self.grid):
            return [f"{where}.grid must hold positive numbers. Received: {self.grid}."]
        return []


@MODELS.register("ridge")
class Ridge(TableModel):
    """Linear regression with an L2 penalty chosen by exact leave-one-out errors."""

    Config: ClassVar[type[ModelConfig]] = RidgeConfig
    tasks = general_kinds(probabilities=False)
    seeded = False
    quick = True
    config: RidgeConfig

    def _learn(self, table: Table, context: Context, end: float) -> None:
        from sklearn.linear_model import RidgeCV

        alphas = [self.config.alpha] if self.config.alpha else self.config.grid
        self.ridge_ = RidgeCV(alphas=alphas, alpha_per_target=table.target.shape[1] > 1)
        self.ridge_.fit(table.features.astype(np.float64), table.target, sample_weight=table.weights)
        self.notes_["alpha"] = np.atleast_1d(self.ridge_.alpha_).tolist()

    def _answer(self, features: np.ndarray, context: Context) -> np.ndarray:
        return self.ridge_.predict(features.astype(np.float64)).reshape(len(features), -1)

    def _write(self, folder: Path) -> None:
        write_estimator(self.ridge_, folder / "ridge.skops")

    def _read(self, folder: Path) -> None:
        self.ridge_ = read_estimator(folder / "ridge.skops")


@MODELS.register("linear")
class Linear(Model):
    """Ridge for a regression, logistic regression for the other tasks."""

    Config: ClassVar[type[AnytimeConfig]] = AnytimeConfig
    version = TableModel.version
    anytime = True
    taught = True
    side_by_side = True
    share = 0.3
    seeded = False
    quick = True
    config: AnytimeConfig

    @classmethod
    def seconds(cls, size: Size) -> float:
        return PER_CELL * size.rows * size.columns * size.problems

    @classmethod
    def least_seconds(cls, size: Size) -> float:
        return LEAST * cls.seconds(size)

    @classmethod
    def unsuitable(cls, size: Size) -> str:
        if size.rows * size.outputs > MOST_CELLS * max(1, 50 // size.columns):
            return f"{size.rows:,} rows and {size.outputs} outputs are slow to fit, and trees do better there"
        return ""

    def _model(self) -> TableModel:
        kind: type[TableModel] = Logistic if self.task.probabilities else Ridge
        known = {key: value for key, value in self.config if key in kind.Config.model_fields}
        return kind(kind.Config(**known), self.task)

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> Model:
        self.model_ = self._model().fit(train, inner, context)
        return self

    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        return self.model_.predict(rows, context)

    def save(self, folder: Path) -> None:
        self.model_.save(folder)

    def load(self, folder: Path) -> Model:
        self.model_ = self._model().load(folder)
        return self

    def notes(self) -> dict[str, Any]:
        return self.model_.notes()

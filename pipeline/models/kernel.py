"""Kernel machines: a linear model on how alike a row is to some of the training rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pipeline.clock import Clock
from pipeline.data.saved import read_estimator, write_estimator
from pipeline.models.base import MODELS, AnytimeConfig, Context
from pipeline.models.linear import Ridge
from pipeline.models.logistic import Logistic
from pipeline.models.size import Size
from pipeline.models.table import Table, TableModel

CHOOSING = 0.4  # of a limit in time, for choosing gamma
WIDTHS = (0.3, 1.0, 0.1, 3.0)  # tried for gamma, times the inverse of the median squared distance
PAIRS = 2_000  # of rows, by which that is measured
MOST_ASKED = 3_000  # training rows on which gamma is chosen
PENALTIES = [10.0**power for power in range(-4, 3)]
STRENGTHS = [1.0, 10.0, 100.0, 1000.0]  # C of the classes' regression
MOST_ROWS = 20_000  # that are worth the time
LEAST = 0.2  # of its seconds: what it takes in any case
MOST_COLUMNS = 300  # in more, all rows are about as far apart
PER_CELL = 2e-6  # seconds per row, landmark and problem


class KernelConfig(AnytimeConfig):
    """Keys of `kind: kernel`."""

    n_components: int = Field(
        default=600, ge=1, description="training rows, drawn at random, that every row is compared with"
    )
    gamma: float | None = Field(
        default=None,
        gt=0,
        description="how fast likeness falls with the squared distance of standardised features; default: "
        "chosen by leave-one-out errors, around the inverse of the median squared distance",
    )

    def space(self) -> dict[str, dict[str, Any]]:
        return {
            "gamma": {"float": [1e-4, 1.0], "log": True},
            "n_components": {"int": [100, 1500], "log": True},
        }


@MODELS.register("kernel")
class Kernel(TableModel):
    """Ridge or logistic regression on radial basis functions (Nyström's method: Williams and Seeger, 2000).

    Smooth where trees are steps: on small tables it errs elsewhere than they do. Which gamma, the exact
    leave-one-out errors of a ridge regression say.
    """

    Config: ClassVar[type[AnytimeConfig]] = KernelConfig
    anytime = True
    share = 0.5
    quick = True
    config: KernelConfig

    @classmethod
    def seconds(cls, size: Size) -> float:
        return PER_CELL * size.rows * min(size.rows, 600) * size.problems

    @classmethod
    def least_seconds(cls, size: Size) -> float:
        return LEAST * cls.seconds(size)

    @classmethod
    def unsuitable(cls, size: Size) -> str:
        if size.rows > MOST_ROWS:
            return f"{size.rows:,} rows are many for a kernel, and trees do better there"
        if size.columns > MOST_COLUMNS:
            return "in so many columns all rows are about as far apart"
        return ""

    def _learn(self, table: Table, context: Context, end: float) -> None:
        features = table.features.astype(np.float64)
        gamma = self.config.gamma or self._choose(features, table, context, end)
        self.landmarks_ = self._nystroem(gamma, len(features), context.seed).fit(features)
        self.linear_ = self._linear()
        self.linear_.coder_, self.linear_.notes_ = self.coder_, {}
        self.linear_._learn(self._seen(table), context, end)
        self.notes_ |= {"gamma": gamma, **self.linear_.notes_}

    def _linear(self) -> TableModel:
        kind: type[TableModel] = Logistic if self.task.probabilities else Ridge
        known = {key: value for key, value in self.config if key in kind.Config.model_fields}
        known["grid"] = STRENGTHS if self.task.probabilities else PENALTIES
        return kind(kind.Config(**known), self.task)

    def _seen(self, table: Table) -> Table:
        return Table(self._likeness(table.features), table.target, table.weights)

    def _likeness(self, features: np.ndarray) -> np.ndarray:
        """Returns float32 (rows, landmarks)."""
        return self.landmarks_.transform(features.astype(np.float64)).astype(np.float32)

    def _nystroem(self, gamma: float, rows: int, seed: int) -> Any:
        from sklearn.kernel_approximation import Nystroem

        return Nystroem(gamma=gamma, n_components=min(self.config.n_components, rows), random_state=seed)

    def _choose(self, features: np.ndarray, table: Table, context: Context, end: float) -> float:
        """Returns the gamma with the least leave-one-out error of a ridge regression on some of the rows.

        Those that there is no time to try are left out, the most unusual ones first.
        """
        from sklearn.linear_model import RidgeCV

        end = Clock.now() + CHOOSING * (end - Clock.now())
        rng, seed = np.random.default_rng(context.seed), context.seed
        first, second = rng.integers(0, len(features), (2, PAIRS))
        middle = np.median(((features[first] - features[second]) ** 2).sum(axis=1))
        part = np.sort(rng.permutation(len(features))[:MOST_ASKED])
        targets = self.coder_.matrix(table.target) if table.target.ndim == 1 else table.target
        weights = None if table.weights is None else table.weights[part]
        errors = {}
        for number, width in enumerate(WIDTHS):
            gamma = float(width / max(middle, 1e-9))
            context.report(number / len(WIDTHS) * CHOOSING, f"gamma {gamma:.3g}")
            seen = self._nystroem(gamma, len(part), seed).fit_transform(features[part])
            ridge = RidgeCV(PENALTIES).fit(seen, targets[part], sample_weight=weights)
            errors[gamma] = -ridge.best_score_
            if Clock.now() >= end:
                break
        return min(errors, key=lambda gamma: errors[gamma])

    def _answer(self, features: np.ndarray, context: Context) -> np.ndarray:
        return self.linear_._answer(self._likeness(features), context)

    def _write(self, folder: Path) -> None:
        write_estimator(self.landmarks_, folder / "landmarks.skops")
        self.linear_._write(folder)

    def _read(self, folder: Path) -> None:
        self.landmarks_ = read_estimator(folder / "landmarks.skops")
        self.linear_ = self._linear()
        self.linear_._read(folder)

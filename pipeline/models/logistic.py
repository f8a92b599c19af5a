"""Logistic regression, its penalty chosen by an inner cross-validation."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pipeline.clock import Clock
from pipeline.data.saved import read_estimator, write_estimator
from pipeline.data.target import SMALLEST
from pipeline.models.base import MODELS, AnytimeConfig, Context
from pipeline.models.params import ParamsConfig
from pipeline.models.solver import fit_quietly, fit_until
from pipeline.models.table import Table, TableModel
from pipeline.tasks.base import general_kinds

INVERSE = "The L2 penalty is given by its inverse, `C`."
CELLS_TO_CHOOSE = 2_000_000  # rows x features by which C is chosen; a part of the rows where there are more
CHOOSING = 0.6  # of a limit in time, for choosing C
PROBED = 50  # steps of the solver after which its speed is known: they are quick


class LogisticConfig(ParamsConfig, AnytimeConfig):
    """Keys of `kind: logistic`."""

    library = "sklearn.linear_model.LogisticRegression"

    C: float | None = Field(
        default=None, gt=0, description="inverse of the L2 penalty; default: chosen from `grid`"
    )
    grid: list[float] = Field(
        default=[0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0],
        min_length=1,
        description="values of C that the inner cross-validation tries, in rising order",
    )
    inner_folds: int = Field(default=4, ge=2, description="folds of the inner cross-validation")
    max_iter: int = Field(default=300, ge=1, description="most iterations of the solver")
    params: dict[str, Any] = Field(
        default={}, description="parameters of scikit-learn's LogisticRegression, by its names"
    )

    instead: ClassVar[Mapping[str, str]] = {
        "reg_lambda": INVERSE,
        "weight_decay": INVERSE,
        "reg_alpha": "The L1 penalty is `params: {l1_ratio: 1.0, solver: saga}`, its strength `C`.",
    }

    def space(self) -> dict[str, dict[str, Any]]:
        return {"C": {"float": [1e-4, 1e4], "log": True}, "max_iter": {"int": [50, 500], "log": True}}

    def problems(self, where: str) -> list[str]:
        found = super().problems(where)
        if any(value <= 0 for value in self.grid) or sorted(self.grid) != self.grid:
            found.append(f"{where}.grid must hold positive numbers in rising order. Received: {self.grid}.")
        return found


@MODELS.register("logistic")
class Logistic(TableModel):
    """Multinomial logistic regression with an L2 penalty; one per label in a multilabel task."""

    Config: ClassVar[type[AnytimeConfig]] = LogisticConfig
    anytime = True
    share = 0.3
    tasks = general_kinds(probabilities=True)
    seeded = False  # it draws the inner folds by which C is chosen, and no more
    quick = True
    config: LogisticConfig

    def _learn(self, table: Table, context: Context, end: float) -> None:
        labels = [table.target] if table.target.ndim == 1 else list(table.target.T)
        features = table.features.astype(np.float64)
        self.estimators_, chosen = [], []
        for number, label in enumerate(labels):
            label = label.astype(np.int64)
            if len(np.unique(label)) == 1:
                self.estimators_.append(float(label[0]))
                continue
            own = Clock.now() + (end - Clock.now()) / (len(labels) - number)
            C = self.config.C or self._choose(features, label, table.weights, context, own)
            estimator = self._estimator(C)
            fit_until(estimator, features, label, table.weights, own, PROBED)
            self.estimators_.append(estimator)
            chosen.append(C)
            context.report((number + 1) / len(labels), f"C {C:g}")
        self.notes_["C"] = chosen

    def _estimator(self, C: float) -> Any:
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=C, max_iter=self.config.max_iter, **self.config.params)

    def _choose(
        self,
        features: np.ndarray,
        label: np.ndarray,
        weights: np.ndarray | None,
        context: Context,
        end: float,
    ) -> float:
        """Returns the C with the least log loss on inner folds of the training rows.

        The values are tried from the strongest penalty on, each from the solution before it, until
        the loss has risen twice in a row or most of the time is over. Without a class of two rows
        nothing can be measured, and the middle of the grid is taken.
        """
        end = Clock.now() + CHOOSING * (end - Clock.now())
        rng = np.random.default_rng(context.seed)
        rows = min(len(label), max(1000, CELLS_TO_CHOOSE // features.shape[1]))
        part = np.sort(rng.permutation(len(label))[:rows])
        features, label = features[part], label[part]
        weights = None if weights is None else weights[part]
        splits = _splits(label, self.config.inner_folds, context.seed)
        if not splits:
            return self.config.grid[len(self.config.grid) // 2]
        starts: list[Any] = [None] * len(splits)
        losses: list[float] = []
        for number, C in enumerate(self.config.grid):
            losses.append(self._loss(C, features, label, weights, splits, starts))
            context.report(number / len(self.config.grid), f"C {C:g}: {losses[-1]:.4f}")
            if (len(losses) > 2 and losses[-1] > losses[-2] > losses[-3]) or Clock.now() >= end:
                break
        return self.config.grid[int(np.argmin(losses))]

    def _loss(
        self,
        C: float,
        features: np.ndarray,
        label: np.ndarray,
        weights: np.ndarray | None,
        splits: list[tuple[np.ndarray, np.ndarray]],
        starts: list[Any],
    ) -> float:
        """Returns the mean log loss on the inner folds; keeps the estimators in `starts`."""
        losses = []
        for fold, (inside, outside) in enumerate(splits):
            estimator = starts[fold] or self._estimator(C).set_params(warm_start=True)
            estimator.set_params(C=C)
            fit_quietly(
                estimator, features[inside], label[inside], None if weights is None else weights[inside]
            )
            starts[fold] = estimator
            outside = outside[np.isin(label[outside], estimator.classes_)]
            chances = estimator.predict_proba(features[outside])
            true = chances[np.arange(len(outside)), np.searchsorted(estimator.classes_, label[outside])]
            logs = np.log(np.maximum(true, SMALLEST))
            losses.append(-np.average(logs, weights=None if weights is None else weights[outside]))
        return float(np.mean(losses))

    def _answer(self, features: np.ndarray, context: Context) -> np.ndarray:
        answers = [
            np.column_stack([np.full(len(features), 1.0 - estimator), np.full(len(features), estimator)])
            if isinstance(estimator, float)
            else estimator.predict_proba(features.astype(np.float64))
            for estimator in self.estimators_
        ]
        return answers[0] if self.task.exclusive else np.column_stack([p[:, 1] for p in answers])

    def _write(self, folder: Path) -> None:
        write_estimator(self.estimators_, folder / "logistic.skops")

    def _read(self, folder: Path) -> None:
        self.estimators_ = read_estimator(folder / "logistic.skops")


def _splits(label: np.ndarray, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Returns stratified splits in whose training parts there are two classes or more."""
    from sklearn.model_selection import StratifiedKFold

    folds = min(folds, int(np.bincount(label).max()))
    if folds < 2:
        return []
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of classes with fewer rows than folds
        splits = list(splitter.split(label[:, None], label))
    return [(inside, outside) for inside, outside in splits if len(np.unique(label[inside])) > 1]

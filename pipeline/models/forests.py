"""Random forests and extremely randomised trees."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pipeline.data.saved import read_estimator, write_estimator
from pipeline.models.arguments import check_params
from pipeline.models.base import MODELS, Context, ModelConfig
from pipeline.models.table import Table, TableModel

BATCH = 50  # trees grown between two reports of progress
LARGE = 20_000  # rows


class ForestConfig(ModelConfig):
    """Keys of `kind: random_forest` and `kind: extra_trees`."""

    trees: int | None = Field(
        default=None, ge=1, description="how many trees; default: 300, from 20,000 rows on 100"
    )
    min_rows: int | None = Field(
        default=None, ge=1, description="fewest rows of a leaf; default: 2, from 20,000 rows on 1"
    )
    columns: float = Field(default=0.5, gt=0, le=1, description="share of the features tried at a split")
    params: dict[str, Any] = Field(default={}, description="scikit-learn's own parameters, by its names")

    def space(self) -> dict[str, dict[str, Any]]:
        return {
            "min_rows": {"int": [1, 50], "log": True},
            "columns": {"float": [0.1, 1.0]},
            "max_depth": {"choice": [None, 6, 10, 16, 24]},
        }

    def key_of(self, name: str) -> str:
        return name if name in type(self).model_fields or "." in name else f"params.{name}"

    def problems(self, where: str) -> list[str]:
        return check_params("sklearn.ensemble.RandomForestClassifier", self.params, f"{where}.params")


class Forest(TableModel):
    """Averaged trees on random parts of the data, all outputs in one.

    A tree that finds all classes equally likely is added to the vote, so that no probability is 0.
    """

    Config: ClassVar[type[ModelConfig]] = ForestConfig
    style = "tree"
    estimator: ClassVar[str]
    config: ForestConfig

    def _learn(self, table: Table, context: Context) -> None:
        from sklearn import ensemble

        labels = self.task.probabilities and not self.task.exclusive
        regression = not self.task.probabilities
        large = len(table.features) >= LARGE
        trees = self.config.trees or (100 if large else 300)
        params = {
            "min_samples_leaf": self.config.min_rows or (1 if large else 2),
            "max_features": self.config.columns,
            "random_state": context.seed,
            "n_jobs": context.threads,
            "warm_start": True,
        } | self.config.params
        kind = getattr(ensemble, self.estimator + ("Regressor" if regression else "Classifier"))
        self.forest_ = kind(n_estimators=0, **params)
        target = table.target.astype(np.int64) if labels else table.target
        if target.ndim == 2 and target.shape[1] == 1:
            target = target[:, 0]
        while (grown := self.forest_.n_estimators) < trees:
            self.forest_.n_estimators = min(grown + BATCH, trees)
            self.forest_.fit(table.features, target, sample_weight=table.weights)
            done = self.forest_.n_estimators
            context.report(done / trees, f"tree {done}/{trees}")
        # Threads add up their trees' answers in the order in which they finish: rounding would
        # then differ from run to run.
        self.forest_.n_jobs = 1

    def _answer(self, features: np.ndarray, context: Context) -> np.ndarray:
        trees = self.forest_.n_estimators
        if not self.task.probabilities:
            return self.forest_.predict(features).reshape(len(features), -1)
        answer = self.forest_.predict_proba(features)
        if not self.task.exclusive:
            labels = answer if isinstance(answer, list) else [answer]
            classes = self.forest_.classes_ if isinstance(answer, list) else [self.forest_.classes_]
            shares = [p @ known for p, known in zip(labels, classes, strict=True)]
            return (np.column_stack(shares) * trees + 0.5) / (trees + 1)
        return (answer * trees + 1.0 / answer.shape[1]) / (trees + 1)

    def _write(self, folder: Path) -> None:
        write_estimator(self.forest_, folder / "forest.skops")

    def _read(self, folder: Path) -> None:
        self.forest_ = read_estimator(folder / "forest.skops")


@MODELS.register("random_forest")
class RandomForest(Forest):
    """Trees on bootstrap samples (Breiman, Machine Learning 45, 2001)."""

    estimator = "RandomForest"


@MODELS.register("extra_trees")
class ExtraTrees(Forest):
    """Trees with random cut points (Geurts et al., Machine Learning 63, 2006)."""

    estimator = "ExtraTrees"

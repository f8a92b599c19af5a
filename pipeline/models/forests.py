"""Random forests and extremely randomised trees."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from pipeline.clock import Clock
from pipeline.data.saved import read_estimator, write_estimator
from pipeline.models.base import MODELS, AnytimeConfig, Context
from pipeline.models.params import ParamsConfig
from pipeline.models.size import Size
from pipeline.models.table import Table, TableModel

BATCH = 50  # trees grown between two reports of progress
TIMED_BATCH = 5  # between two looks at the clock; which trees grow does not depend on it
LARGE = 20_000  # rows
PRUNING = "A forest has no penalty; the nearest is `min_samples_leaf`, or `params: {ccp_alpha: 0.001}`."

PER_SPLIT = 2.5e-5  # extra trees: seconds per row and column tried


class ForestConfig(ParamsConfig, AnytimeConfig):
    """Keys of `kind: random_forest` and `kind: extra_trees`, by scikit-learn's names."""

    library = "sklearn.ensemble.RandomForestClassifier"

    n_estimators: int | None = Field(
        default=None, ge=1, description="how many trees; default: 300, from 20,000 rows on 100"
    )
    max_depth: int | None = Field(default=None, ge=1, description="greatest depth of a tree; default: no end")
    min_samples_leaf: int | None = Field(
        default=None, ge=1, description="fewest rows of a leaf; default: 2, from 20,000 rows on 1"
    )
    max_features: Literal["sqrt", "log2"] | int | float | None = Field(
        default=0.5,
        description="features tried at a split: a share (0.5; 1.0 is all), a number (1 is one), or null for "
        "all",
    )
    params: dict[str, Any] = Field(
        default={}, description="scikit-learn's own parameters, by its names; none that a key says too"
    )

    instead: ClassVar[Mapping[str, str]] = {
        "num_leaves": "scikit-learn's name is `params: {max_leaf_nodes: 31}`.",
        "subsample": "The nearest is `params: {bootstrap: true, max_samples: 0.8}`.",
        "colsample_bytree": "A forest draws features for every split: `max_features`.",
        "reg_lambda": PRUNING,
        "reg_alpha": PRUNING,
    }

    def space(self) -> dict[str, dict[str, Any]]:
        return {
            "min_samples_leaf": {"int": [1, 50], "log": True},
            "max_features": {"float": [0.1, 1.0]},
            "max_depth": {"choice": [None, 6, 10, 16, 24]},
        }

    def problems(self, where: str) -> list[str]:
        found, most = super().problems(where), self.max_features
        share, number = isinstance(most, float) and not 0 < most <= 1, isinstance(most, int) and most < 1
        if share or number:
            said = "must be a share above 0 up to 1.0, or a number of at least 1"
            found.append(f"`{where}.max_features` {said}. Received: {most}.")
        return found


class Forest(TableModel):
    """Averaged trees on random parts of the data, all outputs in one.

    A tree that finds all classes equally likely is added to the vote, so that no probability is 0.
    """

    Config: ClassVar[type[AnytimeConfig]] = ForestConfig
    anytime = True
    share = 0.7
    style = "tree"
    quick = True
    estimator: ClassVar[str]
    config: ForestConfig

    def _learn(self, table: Table, context: Context, end: float) -> None:
        from sklearn import ensemble

        labels = self.task.probabilities and not self.task.exclusive
        regression = not self.task.probabilities
        large = len(table.features) >= LARGE
        trees = self.config.n_estimators or (100 if large else 300)
        params = {
            "max_depth": self.config.max_depth,
            "min_samples_leaf": self.config.min_samples_leaf or (1 if large else 2),
            "max_features": self.config.max_features,
            "random_state": context.seed,
            "n_jobs": context.threads,
            "warm_start": True,
        } | self.config.params
        kind = getattr(ensemble, self.estimator + ("Regressor" if regression else "Classifier"))
        self.forest_ = kind(n_estimators=0, **params)
        target = table.target.astype(np.int64) if labels else table.target
        if target.ndim == 2 and target.shape[1] == 1:
            target = target[:, 0]
        batch = BATCH if math.isinf(end) else TIMED_BATCH
        while (grown := self.forest_.n_estimators) < trees and (not grown or Clock.now() < end):
            self.forest_.n_estimators = min(grown + batch, trees)
            self.forest_.fit(table.features, target, sample_weight=table.weights)
            done = self.forest_.n_estimators
            context.report(done / trees, f"tree {done}/{trees}")
        self.notes_["trees"] = self.forest_.n_estimators
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

    def _gains(self) -> np.ndarray:
        return np.asarray(self.forest_.feature_importances_, float)

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

    @classmethod
    def seconds(cls, size: Size) -> float:
        tried = math.sqrt(size.columns) if size.task.probabilities else size.columns / 3
        return PER_SPLIT * size.rows * tried

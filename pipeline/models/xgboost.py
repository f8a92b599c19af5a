"""Gradient boosting with XGBoost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pipeline.models.arguments import joined
from pipeline.models.base import MODELS, AnytimeConfig, Context
from pipeline.models.boosting import Boosting, Report, TreesConfig
from pipeline.models.pace import Pace
from pipeline.models.table import BOOSTED_CELLS, Table, threads_for


class XGBoostConfig(TreesConfig):
    """Keys of `kind: xgboost`."""

    library = "xgboost"

    num_leaves: int | None = Field(
        default=None,
        ge=2,
        description="most leaves of a tree, which then grows leaf by leaf (XGBoost's max_leaves with "
        "grow_policy lossguide) as deep as `max_depth` allows; default: no limit but the depth",
    )
    max_depth: int | None = Field(
        default=None,
        ge=1,
        le=30,
        description="greatest depth of a tree; default: 4 (1,000 rows) to 8 (100,000), and "
        "none with `num_leaves`",
    )
    min_child_weight: float = Field(
        default=2.0, ge=0, description="least sum of second derivatives in a leaf"
    )

    instead: ClassVar[Mapping[str, str]] = {
        **TreesConfig.instead,
        "min_child_samples": "xgboost does not count the rows of a leaf; the nearest is "
        "`min_child_weight`, the least sum of second derivatives in it.",
    }

    def space(self) -> dict[str, dict[str, Any]]:
        return super().space() | {
            "max_depth": {"int": [2, 12]},
            "min_child_weight": {"float": [0.1, 50.0], "log": True},
            "reg_alpha": {"float": [1e-6, 10.0], "log": True},
            "gamma": {"float": [1e-6, 5.0], "log": True},
        }


@MODELS.register("xgboost")
class XGBoost(Boosting):
    """Depth-wise boosted trees (Chen and Guestrin, KDD 2016), with native categories and gaps."""

    Config: ClassVar[type[AnytimeConfig]] = XGBoostConfig
    leads = 1
    faster: ClassVar[Mapping[str, Any]] = {"learning_rate": 0.1, "refit": False}
    suffix = ".ubj"
    config: XGBoostConfig

    def _params(self, table: Table, context: Context) -> dict[str, Any]:
        config = self.config
        losses = {
            "l1": "reg:absoluteerror",
            "huber": "reg:pseudohubererror",
            "quantile": "reg:quantileerror",
        }
        objective = losses.get(config.objective, "reg:squarederror")
        params: dict[str, Any] = {
            "objective": "binary:logistic" if self.task.probabilities else objective,
            "eta": self._rate(table),
            "max_depth": config.max_depth or self._by_rows(table, 4, 6, 8),
            "min_child_weight": config.min_child_weight,
            "colsample_bytree": self._columns(table),
            "subsample": config.subsample,
            "alpha": config.reg_alpha,
            "lambda": config.reg_lambda,
            "tree_method": "hist",
            "seed": context.seed,
            "nthread": threads_for(table.features, context, BOOSTED_CELLS),
            "verbosity": 0,
        }
        if objective == "reg:quantileerror":
            params["quantile_alpha"] = config.quantile
        if self.coder_.n_classes > 2:
            params |= {"objective": "multi:softprob", "num_class": self.coder_.n_classes}
        if config.num_leaves is not None:
            params |= {"grow_policy": "lossguide", "max_leaves": config.num_leaves}
            params["max_depth"] = config.max_depth or 0  # no limit
        return joined("xgboost", params, config.params)

    def _boost(
        self,
        table: Table,
        problem: int,
        rounds: int,
        context: Context,
        report: Report,
        valid: Table | None = None,
        pace: Pace | None = None,
    ) -> tuple[Any, int]:
        import xgboost

        class Progress(xgboost.callback.TrainingCallback):
            def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
                report(epoch + 1, rounds)
                return False

        types = ["c" if index in table.native else "q" for index in range(table.features.shape[1])]
        data = self._matrix(table.features, types, context, self._label(table, problem), table.weights)
        callbacks: list[Any] = [Progress()]
        watched, curves = [], {}  # type: ignore[var-annotated]
        if valid is not None:
            held = self._matrix(valid.features, types, context, self._label(valid, problem), valid.weights)
            watched = [(held, "inner")]
            callbacks.append(xgboost.callback.EarlyStopping(rounds=self.config.early_stopping_rounds))
        if pace is not None:
            callbacks.append(_xgboost_pace(pace))  # last: a callback that ends the training ends the round
        booster = xgboost.train(
            self._params(table, context),
            data,
            num_boost_round=rounds,
            evals=watched,
            evals_result=curves,
            callbacks=callbacks,
            verbose_eval=False,
        )
        best = booster.best_iteration + 1 if valid is not None else booster.num_boosted_rounds()
        if watched:
            self.curves_.keep(curves, best, rounds, pace)
        return booster[:best], best

    def _matrix(
        self,
        features: np.ndarray,
        types: list[str],
        context: Context,
        label: np.ndarray | None = None,
        weights: np.ndarray | None = None,
    ) -> Any:
        import xgboost

        return xgboost.DMatrix(
            features,
            label,
            weight=weights,
            feature_types=types,
            enable_categorical=True,
            nthread=threads_for(features, context, BOOSTED_CELLS),
        )

    def _booster_answer(self, booster: Any, features: np.ndarray, context: Context) -> np.ndarray:
        booster.set_param({"nthread": threads_for(features, context, BOOSTED_CELLS)})
        return booster.predict(self._matrix(features, booster.feature_types, context))

    def _contributions(self, features: np.ndarray, context: Context) -> np.ndarray:
        said = []
        for booster in self.boosters_:
            booster.set_param({"nthread": threads_for(features, context, BOOSTED_CELLS)})
            data = self._matrix(features, booster.feature_types, context)
            said.append(booster.predict(data, pred_contribs=True, strict_shape=True))
        return np.concatenate(said, axis=1).astype(np.float64).transpose(0, 2, 1)

    def _gains(self) -> np.ndarray:
        gains = np.zeros(len(self.encoder_.names_))
        for booster in self.boosters_:
            for feature, gain in booster.get_score(importance_type="total_gain").items():
                gains[int(feature[1:])] += gain  # "f0", "f1": the features had no names
        return gains

    def _read_booster(self, file: Path) -> Any:
        import xgboost

        return xgboost.Booster(model_file=file)


def _xgboost_pace(pace: Pace) -> Any:
    """Returns a callback that ends the training in time."""
    import xgboost

    class InTime(xgboost.callback.TrainingCallback):
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            rate = pace.after_round(epoch + 1)
            if rate is not None:
                model.set_param("learning_rate", rate)
            return pace.over

    return InTime()

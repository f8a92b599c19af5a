"""Gradient boosting with LightGBM and XGBoost."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pipeline.models.base import MODELS, AnytimeConfig, Context
from pipeline.models.boosting import Boosting, BoostingConfig, Report
from pipeline.models.pace import Pace
from pipeline.models.table import Table, threads_for


class LightGBMConfig(BoostingConfig):
    """Keys of `kind: lightgbm`."""

    library = "lightgbm"

    leaves: int | None = Field(
        default=None, ge=2, description="leaves of a tree; default: 10 (1,000 rows) to 63 (100,000)"
    )
    min_rows: int | None = Field(
        default=None, ge=1, description="fewest rows of a leaf; default: 5 (small data) to 20"
    )

    def space(self) -> dict[str, dict[str, Any]]:
        return super().space() | {
            "leaves": {"int": [4, 256], "log": True},
            "min_rows": {"int": [1, 200], "log": True},
            "lambda_l1": {"float": [1e-6, 10.0], "log": True},
            "extra_trees": {"choice": [False, True]},
        }


@MODELS.register("lightgbm")
class LightGBM(Boosting):
    """Leaf-wise boosted trees (Ke et al., NeurIPS 2017), with native categories and gaps."""

    Config: ClassVar[type[AnytimeConfig]] = LightGBMConfig
    config: LightGBMConfig

    def _params(self, table: Table, context: Context) -> dict[str, Any]:
        config = self.config
        objectives = {"auto": "regression", "l2": "regression", "l1": "regression_l1", "huber": "huber"}
        objective = "binary" if self.task.probabilities else objectives[config.objective]
        params: dict[str, Any] = {
            "objective": objective,
            "learning_rate": self._rate(table),
            "num_leaves": config.leaves or self._by_rows(table, 10, 31, 63),
            "min_child_samples": config.min_rows or int(np.clip(len(table.features) // 100, 5, 20)),
            "feature_fraction": self._columns(table),
            "bagging_fraction": config.bagging,
            "bagging_freq": 1,
            "lambda_l2": config.l2,
            "seed": context.seed,
            "num_threads": threads_for(table.features, context),
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }
        if self.coder_.n_classes > 2:
            params |= {"objective": "multiclass", "num_class": self.coder_.n_classes}
        return params | config.params

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
        import lightgbm

        params = self._params(table, context)
        data = lightgbm.Dataset(
            table.features,
            self._label(table, problem),
            weight=table.weights,
            categorical_feature=list(table.native),
            params=params,
        )
        callbacks: list[Any] = [lambda env: report(env.iteration + 1, rounds)]
        watched = []
        if valid is not None:
            label = self._label(valid, problem)
            watched = [lightgbm.Dataset(valid.features, label, weight=valid.weights, reference=data)]
            stopping = lightgbm.early_stopping(self.config.patience, verbose=False)
            callbacks.append(stopping)
        if pace is not None:
            callbacks.append(_lightgbm_pace(pace, stopping if valid is not None else None))
        booster = lightgbm.train(params, data, rounds, valid_sets=watched, callbacks=callbacks)
        stopped = pace is not None and booster.best_iteration > 0
        return booster, booster.best_iteration if valid is not None or stopped else rounds

    def _booster_answer(self, booster: Any, features: np.ndarray, context: Context) -> np.ndarray:
        return booster.predict(features, num_threads=threads_for(features, context))

    def _write(self, folder: Path) -> None:
        for problem, booster in enumerate(self.boosters_):
            booster.save_model(self._file(folder, problem))

    def _read(self, folder: Path) -> None:
        import lightgbm

        files = [self._file(folder, problem) for problem in range(self._boosters)]
        self.boosters_ = [lightgbm.Booster(model_file=file) for file in files]

    def _file(self, folder: Path, problem: int) -> Path:
        return folder / f"booster_{problem}.txt"


def _lightgbm_pace(pace: Pace, stopping: Any) -> Any:
    """Returns a callback that ends the training in time, with the rounds that were best by then.

    Args:
        pace: of the booster.
        stopping: the callback that knows the best round, or None: then all rounds are kept.
    """
    import lightgbm

    def callback(env: Any) -> None:
        rate = pace.after_round(env.iteration + 1)
        if pace.over:
            best = (stopping.best_iter if stopping is not None else None) or [env.iteration]
            raise lightgbm.callback.EarlyStopException(best[0], env.evaluation_result_list or [])
        if rate is not None:
            env.model.reset_parameter({"learning_rate": rate})

    callback.order = 40  # type: ignore[attr-defined] # after early stopping's 30
    return callback


class XGBoostConfig(BoostingConfig):
    """Keys of `kind: xgboost`."""

    library = "xgboost"

    depth: int | None = Field(
        default=None, ge=1, le=30, description="depth of a tree; default: 4 (1,000 rows) to 8 (100,000)"
    )
    min_weight: float = Field(default=2.0, ge=0, description="least sum of second derivatives in a leaf")

    def space(self) -> dict[str, dict[str, Any]]:
        return super().space() | {
            "depth": {"int": [2, 12]},
            "min_weight": {"float": [0.1, 50.0], "log": True},
            "alpha": {"float": [1e-6, 10.0], "log": True},
            "gamma": {"float": [1e-6, 5.0], "log": True},
        }


@MODELS.register("xgboost")
class XGBoost(Boosting):
    """Depth-wise boosted trees (Chen and Guestrin, KDD 2016), with native categories and gaps."""

    Config: ClassVar[type[AnytimeConfig]] = XGBoostConfig
    config: XGBoostConfig

    def _params(self, table: Table, context: Context) -> dict[str, Any]:
        config = self.config
        losses = {"l1": "reg:absoluteerror", "huber": "reg:pseudohubererror"}
        objective = losses.get(config.objective, "reg:squarederror")
        params: dict[str, Any] = {
            "objective": "binary:logistic" if self.task.probabilities else objective,
            "eta": self._rate(table),
            "max_depth": config.depth or self._by_rows(table, 4, 6, 8),
            "min_child_weight": config.min_weight,
            "colsample_bytree": self._columns(table),
            "subsample": config.bagging,
            "lambda": config.l2,
            "tree_method": "hist",
            "seed": context.seed,
            "nthread": threads_for(table.features, context),
            "verbosity": 0,
        }
        if self.coder_.n_classes > 2:
            params |= {"objective": "multi:softprob", "num_class": self.coder_.n_classes}
        return params | config.params

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

        self.types_ = ["c" if index in table.native else "q" for index in range(table.features.shape[1])]
        data = self._matrix(table.features, context, self._label(table, problem), table.weights)
        callbacks: list[Any] = [Progress()]
        watched = []
        if valid is not None:
            held = self._matrix(valid.features, context, self._label(valid, problem), valid.weights)
            watched = [(held, "inner")]
            callbacks.append(xgboost.callback.EarlyStopping(rounds=self.config.patience))
        if pace is not None:
            callbacks.append(_xgboost_pace(pace))  # last: a callback that ends the training ends the round
        booster = xgboost.train(
            self._params(table, context),
            data,
            num_boost_round=rounds,
            evals=watched,
            callbacks=callbacks,
            verbose_eval=False,
        )
        best = booster.best_iteration + 1 if valid is not None else booster.num_boosted_rounds()
        return booster[:best], best

    def _matrix(
        self,
        features: np.ndarray,
        context: Context,
        label: np.ndarray | None = None,
        weights: np.ndarray | None = None,
    ) -> Any:
        import xgboost

        return xgboost.DMatrix(
            features,
            label,
            weight=weights,
            feature_types=self.types_,
            enable_categorical=True,
            nthread=threads_for(features, context),
        )

    def _booster_answer(self, booster: Any, features: np.ndarray, context: Context) -> np.ndarray:
        booster.set_param({"nthread": threads_for(features, context)})
        return booster.predict(self._matrix(features, context))

    def _write(self, folder: Path) -> None:
        for problem, booster in enumerate(self.boosters_):
            booster.save_model(self._file(folder, problem))

    def _read(self, folder: Path) -> None:
        import xgboost

        self.boosters_ = []
        for problem in range(self._boosters):
            self.boosters_.append(xgboost.Booster(model_file=self._file(folder, problem)))
        self.types_ = self.boosters_[0].feature_types

    def _file(self, folder: Path, problem: int) -> Path:
        return folder / f"booster_{problem}.ubj"


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

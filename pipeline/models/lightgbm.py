"""Gradient boosting with LightGBM."""

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


class LightGBMConfig(TreesConfig):
    """Keys of `kind: lightgbm`."""

    library = "lightgbm"

    num_leaves: int | None = Field(
        default=None, ge=2, description="most leaves of a tree; default: 10 (1,000 rows) to 63 (100,000)"
    )
    max_depth: int | None = Field(
        default=None, ge=-1, description="greatest depth of a tree; default, and -1: as `num_leaves` allow"
    )
    min_child_samples: int | None = Field(
        default=None, ge=1, description="fewest rows of a leaf; default: 5 (small data) to 20"
    )
    min_child_weight: float | None = Field(
        default=None,
        ge=0,
        description="least sum of second derivatives in a leaf; default: LightGBM's, 0.001",
    )

    def space(self) -> dict[str, dict[str, Any]]:
        return super().space() | {
            "num_leaves": {"int": [4, 256], "log": True},
            "min_child_samples": {"int": [1, 200], "log": True},
            "reg_alpha": {"float": [1e-6, 10.0], "log": True},
            "extra_trees": {"choice": [False, True]},
        }


@MODELS.register("lightgbm")
class LightGBM(Boosting):
    """Leaf-wise boosted trees (Ke et al., NeurIPS 2017), with native categories and gaps."""

    Config: ClassVar[type[AnytimeConfig]] = LightGBMConfig
    leads = 2
    faster: ClassVar[Mapping[str, Any]] = {"learning_rate": 0.1, "refit": False}
    variants: ClassVar[tuple[Mapping[str, Any], ...]] = ({"params": {"extra_trees": True}},)
    per_cell = 2.5e-6
    suffix = ".txt"
    config: LightGBMConfig

    def _params(self, table: Table, context: Context) -> dict[str, Any]:
        config = self.config
        objective: str = "l2" if config.objective == "auto" else config.objective
        if self.task.probabilities:
            objective = "binary"
        params: dict[str, Any] = {
            "objective": objective,
            "learning_rate": self._rate(table),
            "num_leaves": config.num_leaves or self._by_rows(table, 10, 31, 63),
            "min_child_samples": config.min_child_samples or int(np.clip(len(table.features) // 100, 5, 20)),
            "feature_fraction": self._columns(table),
            "bagging_fraction": config.subsample,
            "bagging_freq": 1,  # without it LightGBM ignores the share
            "lambda_l1": config.reg_alpha,
            "lambda_l2": config.reg_lambda,
            "seed": context.seed,
            "num_threads": threads_for(table.features, context, BOOSTED_CELLS),
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }
        if objective == "quantile":
            params["alpha"] = config.quantile
        if self.coder_.n_classes > 2:
            params |= {"objective": "multiclass", "num_class": self.coder_.n_classes}
        if config.max_depth is not None:
            params["max_depth"] = config.max_depth
        if config.min_child_weight is not None:
            params["min_child_weight"] = config.min_child_weight
        return joined("lightgbm", params, config.params)

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
        if valid is not None and self.config.early_stopping_rounds is not None:
            label = self._label(valid, problem)
            watched = [lightgbm.Dataset(valid.features, label, weight=valid.weights, reference=data)]
            stopping = lightgbm.early_stopping(self.config.early_stopping_rounds, verbose=False)
            curves: dict[str, Any] = {}
            callbacks += [stopping, lightgbm.record_evaluation(curves)]
        if pace is not None:
            callbacks.append(_lightgbm_pace(pace, stopping if valid is not None else None))
        booster = lightgbm.train(params, data, rounds, valid_sets=watched, callbacks=callbacks)
        stopped = pace is not None and booster.best_iteration > 0
        if watched:
            self.curves_.keep(curves, booster.best_iteration, rounds, pace)
        return booster, booster.best_iteration if valid is not None or stopped else rounds

    def _booster_answer(self, booster: Any, features: np.ndarray, context: Context) -> np.ndarray:
        return booster.predict(features, num_threads=threads_for(features, context, BOOSTED_CELLS))

    def _contributions(self, features: np.ndarray, context: Context) -> np.ndarray:
        threads = threads_for(features, context, BOOSTED_CELLS)
        said = [one.predict(features, pred_contrib=True, num_threads=threads) for one in self.boosters_]
        shape = (len(features), -1, features.shape[1] + 1)
        return np.concatenate([np.asarray(one, np.float64).reshape(shape) for one in said], 1).transpose(
            0, 2, 1
        )

    def _gains(self) -> np.ndarray:
        return np.sum([booster.feature_importance("gain") for booster in self.boosters_], axis=0, dtype=float)

    def _read_booster(self, file: Path) -> Any:
        import lightgbm

        return lightgbm.Booster(model_file=file)


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

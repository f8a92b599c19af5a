"""Gradient boosting with CatBoost, where it is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pipeline.errors import ModelError
from pipeline.models.arguments import joined
from pipeline.models.base import MODELS, AnytimeConfig, Context
from pipeline.models.boosting import Boosting, BoostingConfig, Report
from pipeline.models.pace import Pace
from pipeline.models.table import BOOSTED_CELLS, Table, threads_for

WHOLE = ("Bayesian", "No")  # kinds of bootstrap that leave no rows out
LEAF_WISE = "Lossguide"
DEEPEST = 16  # that CatBoost grows
MIN_ROWS = (
    "catboost's symmetric trees know no least leaf; the nearest is `params: {grow_policy: Depthwise, "
    "min_data_in_leaf: 20}`: a leaf with fewer rows is not split."
)
HOW_TO_INSTALL = "needs the package catboost, which is not installed: run `make setup CATBOOST=1`."


def installed() -> bool:
    """Says whether the package is there, without importing it."""
    return importlib.util.find_spec("catboost") is not None


class CatBoostConfig(BoostingConfig):
    """Keys of `kind: catboost`."""

    library = "catboost"

    columns: ClassVar[str] = "colsample_bylevel"

    reg_lambda: float = Field(default=3.0, ge=0, description="L2 penalty of the leaves' values")
    num_leaves: int | None = Field(
        default=None,
        ge=2,
        description="most leaves of a tree, which then grows leaf by leaf (CatBoost's grow_policy Lossguide)"
        "; default: symmetric trees, as many as the depth makes",
    )
    max_depth: int | None = Field(
        default=None,
        ge=1,
        le=DEEPEST,
        description="greatest depth of a tree; default: 6, 8 from 100,000 rows on, 16 with `num_leaves`",
    )
    colsample_bylevel: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="share of the features that a level of a tree is split by, drawn anew for each; default: "
        "0.4, more where that is under 8",
    )

    instead: ClassVar[Mapping[str, str]] = {
        **BoostingConfig.instead,
        "colsample_bytree": "catboost draws features for every level of a tree, not for the tree: "
        "`colsample_bylevel`.",
        "reg_alpha": "catboost has no L1 penalty; the nearest is `reg_lambda`, the L2 penalty.",
        "min_child_samples": MIN_ROWS,
        "min_child_weight": MIN_ROWS,
    }

    def space(self) -> dict[str, dict[str, Any]]:
        return super().space() | {
            "max_depth": {"int": [3, 10]},
            "random_strength": {"float": [0.1, 10.0], "log": True},
        }

    def problems(self, where: str) -> list[str]:
        if not installed():
            return [f"`{where}.kind: catboost` {HOW_TO_INSTALL}"] if self.enabled else []
        found = super().problems(where)
        bootstrap = self.params.get("bootstrap_type")
        if bootstrap in WHOLE and "subsample" in self.model_fields_set:
            found.append(f"`{where}.subsample`: `bootstrap_type: {bootstrap}` leaves no rows out.")
        policy = self.params.get("grow_policy", LEAF_WISE)
        if self.num_leaves is not None and policy != LEAF_WISE:
            found.append(f"`{where}.num_leaves` needs `grow_policy: {LEAF_WISE}`. Received: {policy}.")
        return found


@MODELS.register("catboost")
class CatBoost(Boosting):
    """Symmetric boosted trees with ordered target statistics (Prokhorenkova et al., NeurIPS 2018).

    Categories of any number of levels go to the library as they are; it codes each by targets of
    rows that come before in a random order. It does not combine them unless `params` ask for more
    than one (`max_ctr_complexity`): in five folds of the house prices of Ames, combinations of four,
    its own default, took five times as long and were no better (RMSLE 0.1246, without 0.1241).
    """

    Config: ClassVar[type[AnytimeConfig]] = CatBoostConfig
    style = "native"
    side_by_side = False  # nobody has tried its library so
    suffix = ".cbm"
    config: CatBoostConfig

    def _params(self, table: Table, context: Context) -> dict[str, Any]:
        config = self.config
        losses = {"auto": "RMSE", "l2": "RMSE", "l1": "MAE", "huber": "Huber:delta=1"}
        losses["quantile"] = f"Quantile:alpha={config.quantile}"
        params: dict[str, Any] = {
            "loss_function": "Logloss" if self.task.probabilities else losses[config.objective],
            "learning_rate": self._rate(table),
            "depth": config.max_depth or self._by_rows(table, 6, 6, 8),
            "l2_leaf_reg": config.reg_lambda,
            "rsm": self._columns(table),
            "bootstrap_type": "Bernoulli",
            "subsample": config.subsample,
            "max_ctr_complexity": 1,
            "random_seed": context.seed,
            "thread_count": threads_for(table.features, context, BOOSTED_CELLS),
            "allow_const_label": True,
            "allow_writing_files": False,
            "logging_level": "Silent",
        }
        if config.params.get("bootstrap_type") in WHOLE:
            del params["subsample"]
        if self.coder_.n_classes > 2:
            params["loss_function"] = "MultiClass"
        if config.num_leaves is not None:
            params |= {"grow_policy": LEAF_WISE, "max_leaves": config.num_leaves}
            params["depth"] = config.max_depth or DEEPEST
        return joined("catboost", params, config.params)

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
        catboost = load_catboost()

        class Progress:
            def after_iteration(self, info: Any) -> bool:
                report(info.iteration, rounds)
                if pace is not None:
                    pace.after_round(info.iteration)  # its rate is not for CatBoost, which cannot change it
                return pace is None or not pace.over

        params = self._params(table, context) | {"iterations": rounds}
        if valid is not None:
            params |= {
                "od_type": "Iter",
                "od_wait": self.config.early_stopping_rounds,
                "use_best_model": True,
            }
            held = self._pool(valid.features, self._label(valid, problem), valid.weights)
        booster = catboost.CatBoost(params)
        try:
            booster.fit(
                self._pool(table.features, self._label(table, problem), table.weights),
                eval_set=None if valid is None else held,
                callbacks=[Progress()],
            )
        except catboost.CatBoostError as error:
            raise ModelError(f"{self.config.kind}: {error}") from error
        if valid is not None:
            curves = {"inner": booster.get_evals_result().get("validation", {})}
            self.curves_.keep(curves, booster.tree_count_, rounds, pace)
        return booster, booster.tree_count_

    @property
    def _order(self) -> list[int]:
        """The features in CatBoost's order: its codes stand last."""
        native = self.encoder_.native_
        return [*np.delete(np.arange(len(self.encoder_.names_)), native), *native]

    def _contributions(self, features: np.ndarray, context: Context) -> np.ndarray:
        threads, pool = threads_for(features, context, BOOSTED_CELLS), self._pool(features)
        shape, parts = (len(features), -1, features.shape[1] + 1), []
        for booster in self.boosters_:
            said = booster.get_feature_importance(pool, type="ShapValues", thread_count=threads)
            parts.append(np.asarray(said, np.float64).reshape(shape).transpose(0, 2, 1))
        said = np.concatenate(parts, axis=2)
        found = said.copy()
        found[:, self._order] = said[:, :-1]
        return found

    def _gains(self) -> np.ndarray:
        """Returns CatBoost's own measure, how much answers change with a feature; its codes stand last."""
        features = len(self.encoder_.names_)
        gains = np.zeros(features)
        gains[self._order] = np.sum([booster.get_feature_importance() for booster in self.boosters_], axis=0)
        return gains

    def _pool(
        self, features: np.ndarray, label: np.ndarray | None = None, weights: np.ndarray | None = None
    ) -> Any:
        """Returns CatBoost's form of the rows: amounts as they are, codes as words, a gap as "-"."""
        catboost = load_catboost()
        native = self.encoder_.native_
        amounts = np.delete(features, native, axis=1)
        codes = np.where(np.isnan(features[:, native]), -1, features[:, native]).astype(np.int64)
        words = np.array([*(b"%d" % code for code in range(codes.max(initial=-1) + 1)), b"-"], dtype=object)
        data = catboost.FeaturesData(
            num_feature_data=np.ascontiguousarray(amounts, np.float32) if amounts.shape[1] else None,
            cat_feature_data=words[codes] if native else None,
        )
        return catboost.Pool(data, label, weight=weights)

    def _booster_answer(self, booster: Any, features: np.ndarray, context: Context) -> np.ndarray:
        threads = threads_for(features, context, BOOSTED_CELLS)
        pool = self._pool(features)
        if not self.task.probabilities:
            return booster.predict(pool, thread_count=threads)
        answer = booster.predict(pool, prediction_type="Probability", thread_count=threads)
        return answer if self.task.exclusive else answer[:, 1]

    def _read_booster(self, file: Path) -> Any:
        catboost = load_catboost()
        try:
            return catboost.CatBoost().load_model(str(file))
        except catboost.CatBoostError as error:
            raise ModelError(f"{file.name} cannot be read: {error}") from error


def load_catboost() -> ModuleType:
    """Imports and returns the package.

    Raises:
        ModelError: it is not installed.
    """
    if not installed():
        raise ModelError(f"`kind: catboost` {HOW_TO_INSTALL}")
    import catboost

    return catboost

"""Checks the names of parameters that the model libraries would swallow or only log."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from importlib import import_module

from pipeline.errors import did_you_mean

# XGBoost's parameters and their aliases (its documentation, "XGBoost Parameters", release 3.2).
# The library has no list to ask; it trains on and logs a name that it does not know.
XGBOOST = frozenset(
    """
    booster device verbosity validate_parameters nthread n_jobs disable_default_eval_metric
    eta learning_rate gamma min_split_loss max_depth min_child_weight max_delta_step subsample
    sampling_method colsample_bytree colsample_bylevel colsample_bynode lambda reg_lambda alpha reg_alpha
    tree_method scale_pos_weight updater refresh_leaf process_type grow_policy max_leaves max_bin
    num_parallel_tree monotone_constraints interaction_constraints multi_strategy max_cached_hist_node
    max_cat_to_onehot max_cat_threshold sample_type normalize_type rate_drop one_drop skip_drop
    feature_selector top_k tweedie_variance_power huber_slope quantile_alpha expectile_alpha
    aft_loss_distribution lambdarank_pair_method lambdarank_num_pair_per_sample lambdarank_normalization
    lambdarank_score_normalization lambdarank_unbiased lambdarank_bias_norm ndcg_exp_gain objective base_score
    eval_metric seed random_state seed_per_iteration num_class
    """.split()
)

# What the pipeline sets itself: the library's name -> what to use in its place.
RESERVED: dict[str, dict[str, str | None]] = {
    "lightgbm": {
        "objective": "the key `objective`",
        "num_class": None,
        "metric": None,
        "num_iterations": "the key `rounds`",
        "early_stopping_round": "the key `patience`",
        "learning_rate": "the key `rate`",
        "seed": "the configuration's `seed`",
        "num_threads": "the configuration's `threads`",
    },
    "xgboost": {
        "objective": "the key `objective`",
        "num_class": None,
        "eval_metric": None,
        "eta": "the key `rate`",
        "learning_rate": "the key `rate`",
        "seed": "the configuration's `seed`",
        "random_state": "the configuration's `seed`",
        "nthread": "the configuration's `threads`",
        "n_jobs": "the configuration's `threads`",
    },
    "catboost": {
        "loss_function": "the key `objective`",
        "iterations": "the key `rounds`",
        "learning_rate": "the key `rate`",
        "early_stopping_rounds": "the key `patience`",
        "od_wait": "the key `patience`",
        "od_type": None,
        "use_best_model": None,
        "random_seed": "the configuration's `seed`",
        "thread_count": "the configuration's `threads`",
        "depth": "the key `depth`",
        "l2_leaf_reg": "the key `l2`",
        "rsm": "the key `columns`",
        "subsample": "the key `bagging`",
        "cat_features": None,
        "text_features": None,
        "embedding_features": None,
        "allow_writing_files": None,
        "train_dir": None,
        "save_snapshot": None,
        "verbose": None,
        "silent": None,
        "logging_level": None,
    },
    "sklearn": {
        "random_state": "the configuration's `seed`",
        "n_jobs": "the configuration's `threads`",
        "n_estimators": "the key `trees`",
        "max_iter": "the key `steps`",
        "C": "the key `C`",
        "warm_start": None,
    },
}


# CatBoost's other names for the same (its documentation, "Training parameters", release 1.2).
CATBOOST_ALIASES = {
    "objective": "loss_function",
    "n_estimators": "iterations",
    "num_boost_round": "iterations",
    "num_trees": "iterations",
    "eta": "learning_rate",
    "random_state": "random_seed",
    "max_depth": "depth",
    "reg_lambda": "l2_leaf_reg",
    "colsample_bylevel": "rsm",
    "verbose_eval": "verbose",
}


def check_params(library: str, names: Iterable[str], where: str) -> list[str]:
    """Returns a message on each name that the library does not know or the pipeline sets itself.

    Args:
        library: "lightgbm" (aliases included), "xgboost", "catboost", or an estimator of scikit-learn by its
            dotted name ("sklearn.ensemble.RandomForestClassifier").
        names: of the parameters. Without any the library is not imported.
        where: the key that holds them, "models.lgbm.params".
    """
    names = list(names)
    if not names:
        return []
    known = known_params(library)
    reserved = RESERVED["sklearn" if library.startswith("sklearn.") else library]
    messages = []
    for name in names:
        label = library.rpartition(".")[2]
        if name not in known:
            messages.append(f"{where}: {label} has no parameter {name!r}.{did_you_mean(name, known)}")
        elif known[name] in reserved:
            other = reserved[known[name]]
            messages.append(
                f"{where}: {name!r} is set by the pipeline" + (f"; use {other}." if other else ".")
            )
    return messages


def own_key(library: str, name: str) -> str:
    """Returns the dotted key of a model's section that one of the library's parameters is set by.

    `learning_rate` is the key `rate`; what no key stands for is under `params`.
    """
    known = known_params(library)
    told = RESERVED[library].get(known.get(name, name)) or ""
    own = re.fullmatch(r"the key `(\w+)`", told)
    return own[1] if own else f"params.{name}"


def known_params(library: str) -> dict[str, str]:
    """Returns every name that the library accepts, and the one that it stands for."""
    if library == "xgboost":
        return {name: name for name in XGBOOST}
    if library == "lightgbm":
        from lightgbm.basic import _ConfigAliases

        aliases = _ConfigAliases._get_all_param_aliases()
        return {alias: name for name, others in aliases.items() for alias in (name, *others)}
    if library == "catboost":
        from catboost import CatBoostRegressor

        names = [*inspect.signature(CatBoostRegressor).parameters, *CATBOOST_ALIASES]
        return {name: CATBOOST_ALIASES.get(name, name) for name in names}
    module, _, name = library.rpartition(".")
    return {name: name for name in inspect.signature(getattr(import_module(module), name)).parameters}

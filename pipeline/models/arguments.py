"""Checks the names of parameters that the model libraries would swallow or only log."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Iterable, Mapping
from importlib import import_module
from typing import Any

from pipeline.config.words import meant, nearest
from pipeline.errors import closest

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

# XGBoost's aliases (its documentation), and the name that our sections call the setting by.
XGBOOST_ALIASES = {
    "eta": "learning_rate",
    "lambda": "reg_lambda",
    "alpha": "reg_alpha",
    "min_split_loss": "gamma",
    "random_state": "seed",
    "n_jobs": "nthread",
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
    "num_leaves": "max_leaves",
    "min_child_samples": "min_data_in_leaf",
    "reg_lambda": "l2_leaf_reg",
    "colsample_bylevel": "rsm",
    "verbose_eval": "verbose",
}

# Settings that are keys of a section: the library's name -> the key. Where the key is not given, `params` may
# hold them.
KEYS: dict[str, dict[str, str]] = {
    "lightgbm": {
        "num_leaves": "num_leaves",
        "max_depth": "max_depth",
        "min_data_in_leaf": "min_child_samples",
        "min_sum_hessian_in_leaf": "min_child_weight",
        "feature_fraction": "colsample_bytree",
        "bagging_fraction": "subsample",
        "lambda_l1": "reg_alpha",
        "lambda_l2": "reg_lambda",
    },
    "xgboost": {
        "max_depth": "max_depth",
        "max_leaves": "num_leaves",
        "min_child_weight": "min_child_weight",
        "colsample_bytree": "colsample_bytree",
        "subsample": "subsample",
        "reg_alpha": "reg_alpha",
        "reg_lambda": "reg_lambda",
    },
    "catboost": {
        "depth": "max_depth",
        "max_leaves": "num_leaves",
        "rsm": "colsample_bylevel",
        "subsample": "subsample",
        "l2_leaf_reg": "reg_lambda",
    },
    "sklearn": {
        "max_depth": "max_depth",
        "min_samples_leaf": "min_samples_leaf",
        "max_features": "max_features",
    },
}

# What the pipeline sets itself: the library's name -> what to use in its place.
RESERVED: dict[str, dict[str, str | None]] = {
    "lightgbm": {
        "objective": "the key `objective`",
        "num_class": None,
        "metric": None,
        "num_iterations": "the key `n_estimators`",
        "early_stopping_round": "the key `early_stopping_rounds`",
        "learning_rate": "the key `learning_rate`",
        "seed": "the configuration's `seed`",
        "num_threads": "the configuration's `threads`",
    },
    "xgboost": {
        "objective": "the key `objective`",
        "num_class": None,
        "eval_metric": None,
        "learning_rate": "the key `learning_rate`",
        "seed": "the configuration's `seed`",
        "nthread": "the configuration's `threads`",
    },
    "catboost": {
        "loss_function": "the key `objective`",
        "iterations": "the key `n_estimators`",
        "learning_rate": "the key `learning_rate`",
        "early_stopping_rounds": "the key `early_stopping_rounds`",
        "od_wait": "the key `early_stopping_rounds`",
        "od_type": None,
        "use_best_model": None,
        "random_seed": "the configuration's `seed`",
        "thread_count": "the configuration's `threads`",
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
        "n_estimators": "the key `n_estimators`",
        "max_iter": "the key `max_iter`",
        "C": "the key `C`",
        "warm_start": None,
    },
}


def check_params(
    library: str,
    names: Iterable[str],
    where: str,
    keys: Collection[str] = (),
    given: Collection[str] = (),
) -> list[str]:
    """Returns a message on each name that cannot stand in a section's `params`.

    Args:
        library: "lightgbm" (aliases included), "xgboost", "catboost", or an estimator of scikit-learn by its
            dotted name ("sklearn.ensemble.RandomForestClassifier").
        names: of the parameters. Without any the library is not imported.
        where: the key that holds them, "models.lgbm.params".
        keys: of the section that holds `params`.
        given: those of the keys that have a value of the user's: no parameter may say the same again.
    """
    names = list(names)
    if not names:
        return []
    known, messages = known_params(library), []
    first: dict[str, str] = {}  # what a parameter stands for -> the name that said it first
    for name in names:
        own = own_key(library, name).removeprefix("params.")
        if name not in known:
            messages.append(f"{where}: {_unknown(library, name, known, keys)}")
        elif (said := RESERVED[_family(library)].get(known[name], "")) != "":
            messages.append(f"{where}: {name!r} is set by the pipeline" + (f"; use {said}." if said else "."))
        elif own in given:
            key = f"{where.removesuffix('params')}{own}"
            messages.append(f"{where}: `{key}` and `{where}.{name}` are the same setting; keep `{own}`.")
        elif known[name] in first:
            other = first[known[name]]
            messages.append(f"{where}: {other!r} and {name!r} are the same parameter; keep one.")
        first.setdefault(known.get(name, name), name)
    return messages


def _unknown(library: str, name: str, known: Mapping[str, str], keys: Collection[str]) -> str:
    """Says that a library has no such parameter, and what was meant: its own or a key of the section."""
    key = next((word for word in meant(name) if word in keys), None)
    if key is None and (near := closest(name, [*known, *keys])):
        key = next((word for word in (near, own_key(library, near)) if word in keys), None)
    near = f" Did you mean the key `{key}`, beside `params`?" if key else nearest(name, known)
    return f"{library.rpartition('.')[2]} has no parameter {name!r}.{near}"


def _family(library: str) -> str:
    return "sklearn" if library.startswith("sklearn.") else library


def own_key(library: str, name: str) -> str:
    """Returns the dotted key of a model's section that one of the library's parameters is set by.

    `lambda_l2` is the key `reg_lambda`; what no key stands for is under `params`.
    """
    meaning = known_params(library).get(name, name)
    if meaning in KEYS[_family(library)]:
        return KEYS[_family(library)][meaning]
    own = re.fullmatch(r"the key `(\w+)`", RESERVED[_family(library)].get(meaning) or "")
    return own[1] if own else f"params.{name}"


def joined(library: str, own: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the parameters of a fit: `params` go before our own, by whatever name.

    Of two names for one parameter a library takes one without a word, and not always the user's.
    """
    if not params:
        return dict(own)
    known = known_params(library)
    said = {known.get(name, name) for name in params}
    return {name: value for name, value in own.items() if known.get(name, name) not in said} | dict(params)


def known_params(library: str) -> dict[str, str]:
    """Returns every name that the library accepts, and the one that it stands for."""
    if library == "xgboost":
        return {name: XGBOOST_ALIASES.get(name, name) for name in XGBOOST}
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

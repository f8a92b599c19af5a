"""The plain way to train and ask five models of tables: the libraries' own calls on given arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

ROUNDS = 100
TREES = 100


def lightgbm(
    train: np.ndarray, label: np.ndarray, valid: np.ndarray, classes: int, seed: int, threads: int
) -> np.ndarray:
    """Returns probabilities (rows, classes) of LightGBM."""
    import lightgbm

    params = {
        "objective": "multiclass",
        "num_class": classes,
        "learning_rate": 0.1,
        "num_leaves": 31,
        "min_child_samples": 20,
        "feature_fraction": 0.8,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 1.0,
        "seed": seed,
        "num_threads": threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    booster = lightgbm.train(params, lightgbm.Dataset(train, label), ROUNDS)
    return booster.predict(valid, num_threads=threads)


def xgboost(
    train: np.ndarray, label: np.ndarray, valid: np.ndarray, classes: int, seed: int, threads: int
) -> np.ndarray:
    """Returns probabilities (rows, classes) of XGBoost."""
    import xgboost

    params = {
        "objective": "multi:softprob",
        "num_class": classes,
        "eta": 0.1,
        "max_depth": 6,
        "min_child_weight": 2.0,
        "colsample_bytree": 0.8,
        "subsample": 0.8,
        "lambda": 1.0,
        "tree_method": "hist",
        "seed": seed,
        "nthread": threads,
        "verbosity": 0,
    }
    booster = xgboost.train(params, xgboost.DMatrix(train, label, nthread=threads), ROUNDS)
    return booster.predict(xgboost.DMatrix(valid, nthread=threads))


def random_forest(
    train: np.ndarray, label: np.ndarray, valid: np.ndarray, classes: int, seed: int, threads: int
) -> np.ndarray:
    """Returns probabilities (rows, classes) of a random forest."""
    from sklearn.ensemble import RandomForestClassifier

    return _forest(RandomForestClassifier, seed, threads).fit(train, label).predict_proba(valid)


def extra_trees(
    train: np.ndarray, label: np.ndarray, valid: np.ndarray, classes: int, seed: int, threads: int
) -> np.ndarray:
    """Returns probabilities (rows, classes) of extremely randomised trees."""
    from sklearn.ensemble import ExtraTreesClassifier

    return _forest(ExtraTreesClassifier, seed, threads).fit(train, label).predict_proba(valid)


def logistic(
    train: np.ndarray, label: np.ndarray, valid: np.ndarray, classes: int, seed: int, threads: int
) -> np.ndarray:
    """Returns probabilities (rows, classes) of a logistic regression."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0, max_iter=300)
    return model.fit(train.astype(np.float64), label).predict_proba(valid.astype(np.float64))


def _forest(kind: Any, seed: int, threads: int) -> Any:
    return kind(TREES, min_samples_leaf=1, max_features=0.5, random_state=seed, n_jobs=threads)

"""Adversarial validation: can a model tell training rows from test rows, and by what?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.audit.columns import TEXTS, Column
from pipeline.audit.finding import Finding
from pipeline.audit.leaks import rank_auc
from pipeline.errors import listing

WARN, INFO = 0.70, 0.60  # AUC; one half means that nothing tells them apart
ROWS = 8_000  # of each side
FEWEST = 50
LEVELS = 50  # values of a category; of columns with more, how common each value is
ROUNDS = 80
NAMED = 5  # columns named at most
GAIN = 0.1  # share of all gain that a column must have to be named
PARAMETERS = {
    "objective": "binary",
    "num_leaves": 15,
    "learning_rate": 0.15,
    "min_data_in_leaf": 10,
    "feature_fraction": 0.8,
    "verbosity": -1,
    "deterministic": True,
}


def find_shift(columns: Sequence[Column], seed: int, threads: int, ordered: bool) -> list[Finding]:
    """Trains small boosted trees to tell the sides apart, on halves of the rows in turn.

    Args:
        columns: of both tables.
        seed: of the sample and of the halves.
        threads: that LightGBM may start.
        ordered: the folds are ordered in time, as the tables then are: a shift is no surprise.
    """
    columns = [column for column in columns if column.kind != "constant"]
    if not columns:
        return []
    rng = np.random.default_rng(seed)
    sides = [rng.permutation(len(side))[:ROWS] for side in (columns[0].train, columns[0].test)]
    if min(map(len, sides)) < FEWEST:
        return []
    features = np.column_stack([np.concatenate(_features(column, sides)) for column in columns])
    is_test = np.repeat([False, True], [len(side) for side in sides])
    auc, gain = _tell_apart(features, is_test, seed, threads)
    ones, others = len(sides[1]), len(sides[0])
    chance = 4 * np.sqrt((ones + others + 1) / (12 * ones * others))  # four standard errors of a guess
    if auc < max(INFO, 0.5 + chance):
        return []
    order = [k for k in np.argsort(-gain)[:NAMED] if gain[k] >= GAIN] or [int(gain.argmax())]
    named = listing(f"{columns[k].name!r} ({gain[k]:.0%})" for k in order)
    text = (
        f"training and test rows can be told apart (AUC {auc:.2f}; 0.5 is not at all), by {named}. Leave "
        "such columns out (`data.drop`), or split as the test rows were split (`folds.time`, `folds.group`)."
    )
    return [Finding("train-test-shift", "warn" if auc >= WARN and not ordered else "info", text)]


def _features(column: Column, sides: list[np.ndarray]) -> list[np.ndarray]:
    """Returns both sides' sampled rows as numbers that never tell the side by their making."""
    train, test = column.codes
    if not column.is_number:
        both = np.concatenate([train, test]).astype(np.int64)
        counts = np.bincount(both + 1)
        if len(counts) > LEVELS or column.kind in TEXTS:
            train, test = _rarity(column, train, test)
    return [np.asarray(values[rows], np.float64) for values, rows in zip((train, test), sides, strict=True)]


def _rarity(column: Column, train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns how often each row's value stands in its own table, as a share; texts by their length."""
    if column.kind == "text":
        return tuple(np.array([len(text) for text in side], float) for side in (column.train, column.test))  # type: ignore[return-value]
    levels = int(max(train.max(), test.max())) + 2
    both = np.bincount(np.concatenate([train, test]).astype(np.int64) + 1, minlength=levels)
    return both[train.astype(np.int64) + 1], both[test.astype(np.int64) + 1]


def _tell_apart(
    features: np.ndarray, is_test: np.ndarray, seed: int, threads: int
) -> tuple[float, np.ndarray]:
    """Returns the cross-validated AUC and each feature's share of the gain."""
    import lightgbm

    half = np.random.default_rng(seed).permutation(len(is_test)) % 2 == 0
    scores = np.zeros(len(is_test))
    gain = np.zeros(features.shape[1])
    parameters = {**PARAMETERS, "num_threads": threads, "seed": seed}
    for here in (half, ~half):
        data = lightgbm.Dataset(features[~here], is_test[~here].astype(float), params={"verbosity": -1})
        booster = lightgbm.train(parameters, data, ROUNDS)
        scores[here] = booster.predict(features[here], num_threads=threads)
        gain += booster.feature_importance("gain")
    return rank_auc(scores, is_test), gain / max(gain.sum(), 1e-12)

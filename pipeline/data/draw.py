"""Drawing rows into folds: by class, by group, by both or by neither."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np


def assign(kind: str, strata: np.ndarray, groups: np.ndarray | None, n: int, seed: int) -> np.ndarray:
    """Draws the folds of rows.

    Args:
        kind: "plain", "stratified", "group" or "stratified_group".
        strata: int64 (rows,): what stratification balances.
        groups: (rows,) numbers of groups that stay together, where the kind obeys them.
        n: number of folds; at most that of the rows or groups.
        seed: of the draw.

    Returns:
        int16 (rows,): the fold of each row.
    """
    groups = groups if "group" in kind else None
    if "stratified" in kind and np.bincount(np.unique(strata, return_inverse=True)[1]).max() < n:
        return _spread(strata, groups, n, seed)
    found = np.zeros(len(strata), np.int16)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # classes with fewer rows than folds are spread
        for number, (_, valid) in enumerate(_splitter(kind, n, seed).split(strata, strata, groups)):
            found[valid] = number
    # Of few groups of very different sizes scikit-learn leaves a fold empty now and then.
    return found if len(np.unique(found)) == n else _spread(strata, groups, n, seed)


def _spread(strata: np.ndarray, groups: np.ndarray | None, n: int, seed: int) -> np.ndarray:
    """Draws folds where scikit-learn will not: every class has fewer rows than there are folds.

    Rows, or whole groups of them, come in random order (large groups first), and each goes where the
    fewest rows of its classes are, then to the smallest fold. No fold stays empty.
    """
    classes = np.unique(strata, return_inverse=True)[1]
    groups = np.arange(len(strata)) if groups is None else np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(groups)
    order = np.random.default_rng(seed).permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    members = np.split(np.argsort(groups, kind="stable"), np.cumsum(sizes)[:-1])
    of_class, total = np.zeros((n, classes.max() + 1), np.int64), np.zeros(n, np.int64)
    found = np.zeros(len(strata), np.int16)
    for group in order:
        own = classes[members[group]]
        fold = np.lexsort((total, of_class[:, own].sum(axis=1)))[0]
        np.add.at(of_class[fold], own, 1)
        total[fold] += len(own)
        found[members[group]] = fold
    return found


def _splitter(kind: str, n: int, seed: int) -> Any:
    from sklearn import model_selection

    name = {
        "stratified": "StratifiedKFold",
        "plain": "KFold",
        "group": "GroupKFold",
        "stratified_group": "StratifiedGroupKFold",
    }[kind]
    return getattr(model_selection, name)(n_splits=n, shuffle=True, random_state=seed)

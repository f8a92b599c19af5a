"""Inner split: validation rows cut from a fold's training rows, by the rule that cut the fold itself."""

from __future__ import annotations

import numpy as np

from pipeline.data.draw import assign
from pipeline.tasks.base import Task


def inner_split(
    task: Task, target: np.ndarray, groups: np.ndarray | None, ordered: bool, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Cuts validation rows from a fold's training rows, by the rule that cut the fold itself.

    Groups stay together however few they are, and so do rows of one moment. Where all rows are of one
    group or moment nothing can be kept apart (see `inner_warning`): rows are drawn by class then.

    Args:
        task: decides what is balanced.
        target: of the training rows.
        groups: (rows,) group, given fold or time of the training rows, or None.
        ordered: `groups` is a time: the last rows validate.
        share: of the rows to hold out, between 0 and 1.
        seed: of the draw.

    Returns:
        Positions within the training rows that train, and those that validate.
    """
    names, numbers = np.unique([] if groups is None else groups, return_inverse=True)
    if len(names) < 2:
        held = _by_class(task, target, share, seed)
    elif ordered:
        held = _last(numbers, share)
    else:
        held = _of_groups(task, target, numbers, share, seed)
    return np.flatnonzero(~held), np.flatnonzero(held)


def inner_warning(groups: np.ndarray | None, ordered: bool) -> str:
    """Returns why an inner split of these rows cannot keep to the folds' rule, or "" where it can."""
    if groups is None or len(np.unique(groups)) > 1:
        return ""
    what = "of one moment" if ordered else "of one group or given fold"
    return f"all {len(groups)} training rows are {what}: the inner split draws from them by class"


def _last(moment: np.ndarray, share: float) -> np.ndarray:
    """Holds out the rows after the cut between two moments that comes nearest to the share."""
    after = len(moment) - np.cumsum(np.bincount(moment))[:-1]
    return moment > np.argmin(abs(after - share * len(moment)))


def _of_groups(task: Task, target: np.ndarray, groups: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Holds out whole groups; where they are few, the one whose rows come nearest to the share.

    A row whose class is left without a training row decides nothing: such rows count against a group.
    """
    n, sizes = round(1 / share), np.bincount(groups)
    if len(sizes) >= n:
        number = assign("stratified_group", task.strata(target), groups, n, seed)
        return number == number.min()
    order = np.random.default_rng(seed).permutation(len(sizes))
    cost = abs(sizes - share * len(groups))
    if task.exclusive:
        classes = np.unique(target, return_inverse=True)[1]
        table = np.zeros((len(sizes), classes.max() + 1))
        np.add.at(table, (groups, classes), 1)
        cost += np.where(table == table.sum(axis=0), table, 0).sum(axis=1)
    return groups == order[np.argmin(cost[order])]


def _by_class(task: Task, target: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Holds out rows of every class that has more than one."""
    rows, strata = len(target), task.strata(target)
    n = int(np.clip(round(1 / share), 2, rows))
    free = np.flatnonzero(~task.alone(target))
    if len(free) < n:
        free, strata = np.arange(rows), np.zeros(rows, np.int64)
    held = np.zeros(rows, bool)
    held[free] = assign("stratified", strata[free], None, n, seed) == 0
    return held

"""Groups that only series name: the same subject or machine in two folds, where the test has others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.audit.finding import Finding
from pipeline.data.folds import Folds
from pipeline.data.groups import kept_apart, may_group
from pipeline.errors import listing

if TYPE_CHECKING:
    import pandas as pd


def split_groups(train: pd.DataFrame, test: pd.DataFrame, folds: Folds, file: str) -> list[Finding]:
    """Returns a finding where a group lies in several folds, though the test rows are of other groups.

    Args:
        train: what is the same all along a series, for each training row.
        test: the same of the test rows.
        folds: that will score the rows.
        file: the table of the series.
    """
    both = [name for name in train if name in test and not test[name].isna().any()]
    cut = {}
    for name in both:
        if may_group(train[name]) and (reason := kept_apart(train[name], test[name])):
            groups, of = np.unique(train[name].astype(str).to_numpy(str), return_inverse=True)
            if several := _in_several(of, len(groups), folds):
                cut[name] = f"{name!r} ({several} of {len(groups)} lie in several folds; {reason})"
    if not cut:
        return []
    coarsest = min(cut, key=lambda name: train[name].nunique())
    text = (
        f"{file} names groups by what is the same all along a series, and the test holds others: "
        f"{listing(cut.values())}. A score on groups that were learned from says too much: "
        f"`folds: {{group: {coarsest}, group_table: {file}}}`."
    )
    return [Finding("split-groups", "warn", text)]


def _in_several(groups: np.ndarray, count: int, folds: Folds) -> int:
    """Returns how many groups have rows in more than one fold; rows that no fold scores train in all."""
    most = np.zeros(count, bool)
    for assignment in folds.assignment:
        pairs = np.unique(np.stack([groups, assignment]), axis=1)
        most |= np.bincount(pairs[0], minlength=count) > 1
    return int(most.sum())

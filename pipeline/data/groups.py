"""Groups: columns whose values were kept on one side of the split into training and test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

FEWEST_GROUPS = 5
FEWEST_EXPECTED = 5  # test rows that a random split would find in training: of fewer, none is no surprise
MOST_GROUPS = 0.5  # of the rows: with more, most groups have one row
SEEN_BY_CHANCE = 0.5  # a test row's value that a random split would find in training at least this often
SEEN, OF_CHANCE = 0.1, 0.2  # and that is found there no more often than this, and than this part of chance


def may_group(column: pd.Series, fewest: int = FEWEST_GROUPS, most: float = MOST_GROUPS) -> bool:
    """Says whether a column of the training rows has several groups of several rows each.

    Args:
        column: without gaps, no truth values or fractions.
        fewest: groups.
        most: groups, as a part of the rows.
    """
    from pandas.api import types

    if column.isna().any() or types.is_bool_dtype(column.dtype):
        return False
    if types.is_float_dtype(column.dtype) and not np.all(column % 1 == 0):
        return False
    return bool(fewest <= column.nunique() <= most * len(column))


def kept_apart(train: pd.Series, test: pd.Series, by_chance: float = SEEN_BY_CHANCE) -> str:
    """Says why a column's values seem to have been kept on one side of the split; "" where they were not.

    A column of groups repeats its values within the training rows, yet the test rows hold other
    values: where rows are drawn at random, most test rows find their value in training.

    Args:
        train: of the training rows.
        test: of the test rows.
        by_chance: test rows that a random split would find in training, as a part of them, at least.
    """
    here, there = train.astype(str), test.astype(str)
    seen, chance = float(there.isin(set(here)).mean()), _seen_by_chance(here, there)
    expected = chance >= by_chance and chance * len(there) >= FEWEST_EXPECTED
    if not expected or seen > min(SEEN, OF_CHANCE * chance):
        return ""
    return f"{seen:.0%} of the test rows have a value that training has; by chance {chance:.0%} would"


def _seen_by_chance(train: pd.Series, test: pd.Series) -> float:
    """Returns the share of test rows that would find their value in training, were rows drawn at random."""
    import pandas as pd

    counts = pd.concat([train, test]).value_counts()
    share = len(test) / (len(train) + len(test))
    of = counts.reindex(test.to_numpy()).to_numpy()
    return float(np.mean(1 - share ** (of - 1.0)))

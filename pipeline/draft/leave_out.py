"""Columns that no model should see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.columns import as_numbers, guess_kind
from pipeline.draft.choice import words

if TYPE_CHECKING:
    import pandas as pd


def find_useless(train: pd.DataFrame, test: pd.DataFrame, columns: list[str]) -> dict[str, str]:
    """Returns column -> why it is left out: numbers of rows, names that no two rows share.

    Constant columns and those that one of the tables lacks are not among them: the pipeline leaves
    them out by itself.

    Args:
        train: training table.
        test: test table.
        columns: that both have, neither id nor target.
    """
    import pandas as pd
    from pandas.api import types

    useless = {}
    for name in columns:
        column = train[name]
        if types.is_float_dtype(column.dtype) or types.is_bool_dtype(column.dtype):
            continue
        if types.is_numeric_dtype(column.dtype):
            if _counts_rows(column, name):
                useless[name] = "it numbers the rows"
        elif pd.concat([column, test[name]]).is_unique and guess_kind(column) in {"category", "code"}:
            useless[name] = "no two rows share a value"
    return useless


def _counts_rows(column: pd.Series, name: str) -> bool:
    """Says whether a column is 0, 1, 2, ... down the table, or a shuffled index by its name."""
    numbers = as_numbers(column)
    if len(numbers) < 3:
        return False
    if np.array_equal(numbers, np.arange(len(numbers)) + numbers[0]):
        return True
    return bool({"unnamed", "index", "row", "id"} & set(words(name))) and column.is_unique

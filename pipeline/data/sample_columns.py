"""Columns of the sample submission: answers, and those that are handed in again as they are."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

FEWEST_COUNTED = 3  # rows that 0, 1, 2, ... must have to be an index
UNNAMED = re.compile(r"Unnamed: \d+")  # what pandas calls a column without a name


def answer_columns(
    sample: pd.DataFrame, key: str, asked: Collection[str], known: Collection[str]
) -> tuple[str, ...]:
    """Returns the sample's columns that are to be filled in, in its order.

    The others say again what the row is: columns of the test table (its date, its text), an index,
    text. A column of numbers that is none of these is an answer, whatever it is called: to hand in
    the sample's own numbers unseen would be worse than an error.

    Args:
        sample: the sample submission as text.
        key: its id column.
        asked: names that are answers wherever they stand: the targets, the classes.
        known: columns of the test table.
    """
    names = [str(name) for name in sample.columns if name != key]
    new = [name for name in names if name in asked or name not in known] or names
    if len(new) > 1:
        new = [name for name in new if name in asked or not _tells_the_row(sample[name], name)] or new
    return tuple(new)


def counts_rows(column: pd.Series) -> bool:
    """Says whether a column of text is an index: 0, 1, 2, ... or 1, 2, 3, ..."""
    if len(column) < FEWEST_COUNTED:
        return False
    return any(column.iloc[-1] == str(len(column) - 1 + first) and _counts(column, first) for first in (0, 1))


def _counts(column: pd.Series, first: int) -> bool:
    return column.tolist() == [str(number) for number in range(first, first + len(column))]


def _tells_the_row(column: pd.Series, name: str) -> bool:
    import pandas as pd

    filled = column[column.notna() & (column.str.strip() != "")]
    if len(filled) and not np.isfinite(pd.to_numeric(filled, errors="coerce")).all():
        return True
    return bool(UNNAMED.fullmatch(name)) or counts_rows(column)

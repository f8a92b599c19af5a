"""Side tables: columns of another table, joined to the rows of training and test by a key.

Where a key has one row, its columns are joined as they are. Where it has several they are aggregated:
how many there are, mean, least and greatest of numbers, the most frequent of other values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.columns import as_text
from pipeline.data.levels import joined_words
from pipeline.errors import Problems, did_you_mean, listing

if TYPE_CHECKING:
    import pandas as pd

STATISTICS, MOST = ("mean", "min", "max"), "most"  # of numbers, and of other values


def keys_of(table: pd.DataFrame, by: list[str]) -> np.ndarray:
    """Returns str objects (rows,): the values of the key columns as one text, "" where one is missing."""
    return joined_words([as_text(table[name]) for name in by])


def joined(table: pd.DataFrame, side: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Returns the rows with the side table's columns of their key; what the rows have already stays.

    Args:
        table: rows of training, test, or new ones.
        side: with unique keys (see `one_per_key`).
        by: columns of both.
    """
    import pandas as pd

    wanted = [name for name in side.columns if name not in table.columns]
    places = pd.Index(keys_of(side, by), dtype=object).get_indexer(pd.Index(keys_of(table, by), dtype=object))
    columns = {name: _taken(side[name], places) for name in wanted}
    return pd.concat([table, pd.DataFrame(columns, index=table.index)], axis=1)


def one_per_key(side: pd.DataFrame, by: list[str], name: str) -> pd.DataFrame:
    """Returns the side table with each key once, in the order of its first row; without empty keys.

    Args:
        side: the table.
        by: the key.
        name: of the table, with which the names of aggregates begin.
    """
    import pandas as pd
    from pandas.api import types

    keys = keys_of(side, by)
    there = keys != ""
    side, keys = side[there].reset_index(drop=True), keys[there]
    if len(set(keys.tolist())) == len(keys):
        return side
    groups = side.groupby(keys, sort=False)
    found = {column: groups[column].first() for column in by}
    found[f"{name}_rows"] = groups.size()
    for column in (str(column) for column in side.columns if column not in by):
        if types.is_numeric_dtype(side[column].dtype):
            for statistic in STATISTICS:
                found[_aggregate(name, column, statistic)] = groups[column].agg(statistic)
        else:
            found[_aggregate(name, column, MOST)] = groups[column].agg(_most_frequent)
    return pd.DataFrame(found).reset_index(drop=True)


def aggregates_of(name: str, column: str) -> set[str]:
    """Returns what the columns are called that are made of a column where a key has several rows.

    Args:
        name: of the side table.
        column: of it.
    """
    return {_aggregate(name, column, what) for what in (*STATISTICS, MOST)}


def _aggregate(name: str, column: str, what: str) -> str:
    return f"{name}_{column}_{what}"


def check_side(
    side: pd.DataFrame, by: list[str], tables: dict[str, pd.DataFrame], problems: Problems
) -> bool:
    """Says whether every table has the columns of the key; tells the problems which do not."""
    before = len(problems.messages)
    for file, table in tables.items():
        for column in by:
            if column not in table.columns:
                near = did_you_mean(column, list(map(str, table.columns)))
                problems.add(f"`data.tables`: {file} has no column {column!r} to join by.{near}")
    if len(problems.messages) > before:
        return False
    known = set(keys_of(side, by).tolist()) - {""}
    for file, table in tables.items():
        if not known & set(keys_of(table, by).tolist()):
            some = listing(list(known), most=3)
            problems.add(
                f"`data.tables`: no key of {file} ({listing(by)}) is one of the side table's: {some}."
            )
    return len(problems.messages) == before


def _taken(column: pd.Series, places: np.ndarray) -> pd.Series:
    """Returns the values at the places, missing where the place is -1."""
    from pandas.api import types

    if types.is_bool_dtype(column.dtype):
        column = column.astype(np.float64)
    if not len(column):
        return column.reindex(range(len(places)))
    taken = column.take(np.maximum(places, 0)).reset_index(drop=True)
    return taken if (places >= 0).all() else taken.where(places >= 0)


def _most_frequent(values: pd.Series) -> object:
    """Returns the most frequent value, of those as frequent the first in order; None where there is none."""
    counts = values.dropna().value_counts(sort=False).sort_index()
    return None if counts.empty else counts.idxmax()

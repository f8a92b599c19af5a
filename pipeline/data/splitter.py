"""The column of the training table by which rows are split into folds: groups, times, or the folds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.config.schema import Config
from pipeline.data.columns import as_dates, day_comes_first
from pipeline.data.folds import fold_kind
from pipeline.data.long_table import group_of_ids
from pipeline.data.source import Source
from pipeline.data.tables import Tables
from pipeline.errors import DataError, Problems, did_you_mean, listing

if TYPE_CHECKING:
    import pandas as pd


def read_splitter(source: Source, tables: Tables, config: Config, problems: Problems) -> np.ndarray | None:
    """Returns (rows,) values of the column that decides the folds: text, or moments; None: none does.

    Args:
        source: the competition's files.
        tables: read and checked.
        config: says which column.
        problems: told of a column that is not there, or has gaps.

    Raises:
        DataError: the column of times holds something else; the table of groups is not there, or an id has
            several groups in it.
    """
    key = {"group": "group", "stratified_group": "group", "time": "time", "column": "column"}.get(
        fold_kind(config.folds)
    )
    if key is None:
        return None
    name = getattr(config.folds, key)
    if key == "group" and config.folds.group_table:
        column = _of_long_table(source, config.folds.group_table, name, tables, config)
    elif name not in tables.train.columns:
        near = did_you_mean(name, tables.train.columns)
        problems.add(f"`folds.{key}`: {config.data.train} has no column {name!r}.{near}")
        return None
    else:
        column = tables.train[name]
    if key == "group" and (pattern := config.folds.group_pattern):
        column = column.astype(str).str.extract(pattern)[0]
    if column.isna().any():
        problems.add(f"`folds.{key}`: {int(column.isna().sum())} rows have no value in {name!r}.")
    return _moments(column) if key == "time" else column.astype(str).to_numpy(str)


def _of_long_table(source: Source, file: str, name: str, tables: Tables, config: Config) -> pd.Series:
    """Returns the groups of the training rows, gaps where a table with many rows for each id has none."""
    arrays = config.data.arrays
    by = arrays.by if arrays and arrays.by and file in (arrays.table, arrays.test_table) else tables.id
    return tables.train[tables.id].map(group_of_ids(source, file, config.data, by, name))


def _moments(column: pd.Series) -> np.ndarray:
    """Returns a time column as numbers: dates in seconds, numbers as they are."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(np.float64)
    dates = as_dates(column, day_comes_first(column))
    if len(wrong := column[np.isnat(dates)]):
        raise DataError(f"`folds.time`: {column.name!r} has values that are no dates: {listing(wrong)}.")
    return dates.astype(np.int64)

"""Long tables: many rows for each row of the contest, read a part at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.data_section import DataConfig
from pipeline.data.source import Source
from pipeline.data.table_file import TableFile
from pipeline.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

AT_ONCE = 500_000  # rows of the table in memory


def opened_with(source: Source, file: str, data: DataConfig, wanted: Sequence[str], key: str) -> TableFile:
    """Returns a table that has all columns that are wanted.

    Args:
        source: where it lies.
        file: its name.
        data: how CSV files are written.
        wanted: columns.
        key: of the configuration, which names the file and the columns.

    Raises:
        DataError: it is not there, or lacks a column.
    """
    table = TableFile.open(source, file, data)
    for column in wanted:
        if column not in table.names:
            near = did_you_mean(column, table.names)
            raise DataError(f"`{key}`: {file} has no column {column!r}.{near}")
    return table


def parts_of(table: TableFile, only: list[str] | None, by: str, key: str) -> Iterator[pd.DataFrame]:
    """Yields the rows of a table, the ids as text, a part at a time.

    Args:
        table: a CSV or Parquet file.
        only: columns; None: all.
        by: that of the ids.
        key: of the configuration, which names the file.

    Raises:
        DataError: it is of another format, or cannot be read.
    """
    import pandas as pd

    where = f"{table.source.root}: {table.name}"
    try:
        with table.source.open(table.name) as file:
            if table.dialect is not None:
                how: dict[str, Any] = {"sep": table.dialect.separator, "encoding": table.dialect.encoding}
                packed: Any = "gzip" if table.name.endswith(".gz") else None
                yield from pd.read_csv(
                    file,
                    usecols=only,
                    dtype={by: str},
                    chunksize=AT_ONCE,
                    compression=packed,
                    skiprows=table.dialect.skip,
                    **how,
                )
                return
            if not table.name.endswith((".parquet", ".pq")):
                raise DataError(f"`{key}`: {table.name} must be a CSV or Parquet file.")
            from pyarrow import parquet

            for batch in parquet.ParquetFile(file).iter_batches(AT_ONCE, columns=only or list(table.names)):
                frame = batch.to_pandas().reset_index(drop=True)
                yield frame.assign(**{by: frame[by].astype(str)})
    except (ValueError, OSError, EOFError) as error:
        raise DataError(f"{where} cannot be read: {error}.") from error


def fixed_columns(parts: Iterable[pd.DataFrame], by: str) -> pd.DataFrame:
    """Returns the columns that have one value in all rows of an id, and more than one in all.

    Args:
        parts: rows of a table, one part after the other.
        by: column of the ids.

    Returns:
        A row for each id, by the id as text; numbers as they are.
    """
    import pandas as pd

    first: pd.DataFrame | None = None
    for part in parts:
        part = part.assign(**{by: part[by].astype(str)})
        if first is not None:
            part = part[[by, *first.columns]]
        new = part.drop_duplicates(by).set_index(by)
        first = new if first is None else pd.concat([first, new[~new.index.isin(first.index)]])
        begun = first.loc[part[by]]
        same = [name for name in first.columns if _equal(part[name], begun[name])]
        first = first[same]
        if not same:
            break
    if first is None:
        return pd.DataFrame()
    return first[[name for name in first.columns if first[name].nunique(dropna=False) > 1]]


def _equal(values: pd.Series, others: pd.Series) -> bool:
    """Says whether two columns are equal row by row, gaps being equal."""
    one, other = values.reset_index(drop=True), others.reset_index(drop=True)
    return bool(((one == other) | (one.isna() & other.isna())).all())


def group_of_ids(source: Source, file: str, data: DataConfig, by: str, group: str) -> dict[str, str]:
    """Returns id -> its value of a column that is the same in all of its rows, as text; no empty ones.

    Args:
        source: where the table lies.
        file: its name.
        data: how CSV files are written.
        by: column of the ids.
        group: the other column.

    Raises:
        DataError: the table is not there, lacks a column, or an id has several values.
    """
    key = "folds.group_table"
    table = opened_with(source, file, data, [by, group], key)
    found: dict[str, str] = {}
    for part in parts_of(table, list(dict.fromkeys([by, group])), by, key):
        pairs = part[[by, group]].dropna().astype(str).drop_duplicates()
        for name, value in zip(pairs[by].tolist(), pairs[group].tolist(), strict=True):
            if found.setdefault(name, value) != value:
                raise DataError(
                    f"`{key}`: {group!r} must have one value in all rows of an id of {file}. "
                    f"{by} {name!r} has {found[name]!r} and {value!r}."
                )
    return found


def rows_of(fixed: pd.DataFrame, ids: np.ndarray) -> pd.DataFrame:
    """Returns what `fixed_columns` found in the order of the ids; of an id that it lacks gaps."""
    return fixed.reindex(np.asarray(ids).astype(str)).reset_index(drop=True)

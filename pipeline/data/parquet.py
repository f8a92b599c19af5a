"""Parquet files into tables, a column at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import pandas as pd


def read_parquet(file: BinaryIO) -> pd.DataFrame:
    """Returns the table of a file, its stored index left out.

    `pandas.read_parquet` holds the whole file twice at a time, as Arrow's table and its own; here
    no more than one column is.

    Raises:
        ValueError: it is no Parquet file (`pyarrow.ArrowInvalid`).
    """
    import pandas as pd
    from pyarrow import parquet

    source = parquet.ParquetFile(file)
    facts = source.schema_arrow.pandas_metadata or {}
    index = {name for name in facts.get("index_columns", ()) if isinstance(name, str)}
    names = [name for name in source.schema_arrow.names if name not in index]
    columns = {}
    for name in names:
        column = source.read(columns=[name], use_threads=False, use_pandas_metadata=False)
        columns[name] = column.to_pandas().reset_index(drop=True)[name]
    return pd.DataFrame(columns, copy=False)


def release_memory() -> None:
    """Gives back what Arrow keeps for later, after work on long columns of text: hundreds of MB."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()

"""Parquet files into tables, a column at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import pandas as pd

WHOLE = 2**53  # whole numbers beyond it are not all held by float64


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
    columns = {}
    for name in _names(source):
        column = source.read(columns=[name], use_threads=False, use_pandas_metadata=False)
        columns[name] = _exact(column).to_pandas().reset_index(drop=True)[name]
    return pd.DataFrame(columns, copy=False)


def column_names(file: BinaryIO) -> list[str]:
    """Returns the names of a file's columns, its stored index left out."""
    from pyarrow import parquet

    return _names(parquet.ParquetFile(file))


def _names(source: Any) -> list[str]:
    facts = source.schema_arrow.pandas_metadata or {}
    index = {name for name in facts.get("index_columns", ()) if isinstance(name, str)}
    return [name for name in source.schema_arrow.names if name not in index]


def _exact(column: Any) -> Any:
    """Returns a table of one column; as text where gaps would make floats of whole numbers beyond them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, values = column.schema.types[0], column.column(0)
    if not pa.types.is_integer(kind) or not values.null_count or values.null_count == len(values):
        return column
    ends = pc.min_max(values).as_py()
    if max(abs(ends["min"]), abs(ends["max"])) <= WHOLE:
        return column
    return pa.table({column.column_names[0]: values.cast(pa.string())})


def release_memory() -> None:
    """Gives back what Arrow keeps for later, after work on long columns of text: hundreds of MB."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()

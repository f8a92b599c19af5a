"""A CSV's columns as text, a block of rows at a time."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.data.dialect import Dialect, csv_rows, open_csv
from pipeline.data.source import Source
from pipeline.errors import DataError

BLOCK = 4 << 20  # bytes
ROWS = 20_000  # of a block that Python reads


def text_blocks(source: Source, name: str, dialect: Dialect, wanted: Sequence[str]) -> Iterator[list[Any]]:
    """Yields the wanted columns as arrays of exact text (pyarrow, "" for an empty field).

    Arrow reads them. Where it meets rows of another width, Python goes on: fields that a row lacks
    are empty, as they are in other readers.

    Raises:
        DataError: a row has more fields than the header; says which.
    """
    import pyarrow as pa

    done = 0
    try:
        for block in _by_arrow(source, name, dialect, wanted):
            done += len(block[0])
            yield block
    except pa.ArrowInvalid:
        yield from _by_python(source, name, dialect, wanted, done)


def _by_arrow(source: Source, name: str, dialect: Dialect, wanted: Sequence[str]) -> Iterator[list[Any]]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    encoding = "utf8" if dialect.encoding in ("utf-8", "utf-8-sig") else dialect.encoding
    read = arrow_csv.ReadOptions(
        use_threads=False,
        block_size=BLOCK,
        skip_rows=dialect.skip,
        column_names=list(dialect.names),
        skip_rows_after_names=1,
        encoding=encoding,
    )
    parse = arrow_csv.ParseOptions(
        delimiter=dialect.separator, quote_char=dialect.quote or False, newlines_in_values=True
    )
    convert = arrow_csv.ConvertOptions(
        include_columns=list(wanted),
        column_types={column: pa.string() for column in wanted},
        strings_can_be_null=False,
    )
    with open_csv(source, name) as file:
        for batch in arrow_csv.open_csv(file, read, parse, convert):
            if batch.num_rows:
                yield batch.columns


def _by_python(
    source: Source, name: str, dialect: Dialect, wanted: Sequence[str], done: int
) -> Iterator[list[Any]]:
    """Yields the rows after the first `done` ones."""
    import pyarrow as pa

    places = [dialect.names.index(column) for column in wanted]
    with open_csv(source, name) as file:
        rows: list[list[str]] = []
        for number, row in enumerate(_padded_rows(file, source, name, dialect)):
            if number >= done:
                rows.append(row)
            if len(rows) == ROWS:
                yield [pa.array([row[place] for row in rows], pa.string()) for place in places]
                rows = []
        if rows:
            yield [pa.array([row[place] for row in rows], pa.string()) for place in places]


def _padded_rows(file: Any, source: Source, name: str, dialect: Dialect) -> Iterator[list[str]]:
    width, encoding = len(dialect.names), "utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding
    text = io.TextIOWrapper(file, encoding, newline="")
    for _ in range(dialect.skip):
        text.readline()
    reader = csv_rows(text, dialect.separator, dialect.quote)
    header = False
    try:
        for row in reader:
            if not row or not header:
                header = header or bool(row)
                continue
            if any(row[width:]):
                raise DataError(
                    f"{source.root}: {name}, line {reader.line_num + dialect.skip} has {len(row)} fields, "
                    f"the header {width}: is `data.separator` {dialect.separator!r} right?"
                )
            yield [*row[:width], *[""] * (width - len(row))]
    except csv.Error as error:
        raise DataError(f"{source.root}: {name}, line {reader.line_num}: {error}.") from error

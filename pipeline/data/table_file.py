"""One file that holds a table: a CSV, a Parquet or JSON file, or pictures whose names are its rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pipeline.config.data_section import DataConfig
from pipeline.data.dialect import Dialect, find_dialect
from pipeline.data.file_pattern import FilePattern
from pipeline.data.json_table import is_json, read_json_table
from pipeline.data.parquet import column_names, read_parquet, release_memory
from pipeline.data.raw import count_rows, read_raw
from pipeline.data.source import Source
from pipeline.data.which_rows import drawn_rows
from pipeline.errors import DataError, listing

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

UTF8 = "utf-8-sig"
MOST_COLUMNS = 50_000  # a wider CSV is a transposed or broken file


@dataclass(frozen=True)
class TableFile:
    """A file whose columns are known and whose rows are not read yet.

    Attributes:
        source: where it lies.
        name: its name there; with braces it is a pattern, "train/{species}/{id}.jpg": a row per file, its
            columns and the file's name (`file`, unless a column of the pattern is called so) as text.
        dialect: how a CSV is written; None for the others.
        names: of its columns.
        encoding: of a JSON file.
        most_rows: of which as many, drawn at random, are read where it has more; None: all.
    """

    source: Source
    name: str
    dialect: Dialect | None
    names: tuple[str, ...]
    encoding: str = UTF8
    most_rows: int | None = None

    @classmethod
    def open(cls, source: Source, name: str, data: DataConfig) -> TableFile:
        """Looks at a file's columns.

        Raises:
            DataError: names the file and what is wrong with it.
        """
        where = f"{source.root}: {name}"
        if "{" in name:
            fields = FilePattern(name).fields
            return cls(source, name, None, tuple(dict.fromkeys([*fields, "file"])))
        if PurePosixPath(name).suffix in {".parquet", ".pq"}:
            try:
                with source.open(name) as file:
                    return cls(source, name, None, tuple(column_names(file)))
            except (ValueError, OSError) as error:
                raise DataError(f"{where} cannot be read: {error}.") from error
        if is_json(name):
            encoding = UTF8 if data.encoding == "auto" else data.encoding
            table = read_json_table(where, source.read(name), (), encoding)
            return cls(source, name, None, tuple(map(str, table.columns)), encoding)
        try:
            dialect = find_dialect(source, name, data)
        except (ValueError, OSError, EOFError) as error:
            raise DataError(f"{where} cannot be read: {error}.") from error
        names = dialect.names
        if len(names) > MOST_COLUMNS:
            raise DataError(f"{where} has {len(names):,} columns; at most {MOST_COLUMNS:,}.")
        doubled = (
            sorted({column for column in names if names.count(column) > 1})
            if len(set(names)) < len(names)
            else []
        )
        if doubled:
            raise DataError(f"{where} has columns of the same name: {listing(doubled)}.")
        return cls(source, name, dialect, names)

    @property
    def is_pattern(self) -> bool:
        """Whether its rows are files."""
        return "{" in self.name

    @property
    def is_csv(self) -> bool:
        """Whether gaps and numbers are but text."""
        return self.dialect is not None

    @cached_property
    def drawn(self) -> np.ndarray | None:
        """Rows that are read, bool (rows of the file,); None: all."""
        if self.most_rows is None or self.dialect is None:
            return None
        return drawn_rows(count_rows(self.source, self.name, self.dialect), self.most_rows)

    def read(self, exact: Collection[str], only: Collection[str] | None = None) -> dict[str, pd.Series]:
        """Returns columns by name: numbers, or text as it stands there (see `read_raw`).

        Args:
            exact: columns that are text in any case.
            only: columns to read; None: all.

        Raises:
            DataError: it has no rows, or cannot be read.
        """
        where = f"{self.source.root}: {self.name}"
        try:
            if self.is_pattern:
                columns = _columns_of_files(self.source, FilePattern(self.name))
            elif self.dialect is not None:
                columns = read_raw(self.source, self.name, self.dialect, exact, only, self.drawn)
            else:
                columns = self._typed(exact)
        except (ValueError, OSError, EOFError) as error:
            raise DataError(f"{where} cannot be read: {error}.") from error
        release_memory()
        if not columns or not len(next(iter(columns.values()))):
            raise DataError(f"{where} has a header but no rows.")
        return columns

    def _typed(self, exact: Collection[str]) -> dict[str, pd.Series]:
        """Reads a file whose values have types of their own."""
        if is_json(self.name):
            where = f"{self.source.root}: {self.name}"
            table = read_json_table(where, self.source.read(self.name), tuple(exact), self.encoding)
        else:
            with self.source.open(self.name) as file:
                table = read_parquet(file)
        return {
            name: table[name].astype(str) if name in exact else table[name]
            for name in map(str, table.columns)
        }


def _columns_of_files(source: Source, pattern: FilePattern) -> dict[str, pd.Series]:
    import pandas as pd

    rows = list(pattern.matches(source.names()))
    if not rows:
        raise DataError(f"{source.root} holds no file that fits {pattern.text!r}.")
    names, values = zip(*rows, strict=True)
    columns = dict(zip(pattern.fields, zip(*values, strict=True), strict=True))
    return {
        column: pd.Series(list(words), dtype=str) for column, words in ({"file": names} | columns).items()
    }

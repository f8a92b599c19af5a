"""Columns as a file has them: plain numbers as numbers, all else as exact text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.data.csv_text import text_blocks
from pipeline.data.dialect import Dialect
from pipeline.data.parquet import release_memory
from pipeline.data.source import Source

if TYPE_CHECKING:
    import pandas as pd

GAP_WORDS = (  # what stands for a gap where no empty cell does
    *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
    *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
)
GROWTH = 1.125  # of an array that is full
WHOLE = 2.0**53  # whole numbers from here on are not all held by float64


def read_raw(
    source: Source,
    name: str,
    dialect: Dialect,
    exact: Collection[str],
    only: Collection[str] | None = None,
    kept: np.ndarray | None = None,
) -> dict[str, pd.Series]:
    """Reads a CSV in blocks; memory holds little more than the table.

    A column is one of numbers where every value is a gap or a number that is written plainly and
    that its number keeps: "0007" and 1577134800018226901 are text. A column that shows itself to be
    text only late is read again.

    Args:
        source: where it lies.
        name: its name there.
        dialect: how it is written.
        exact: columns that are kept as text in any case.
        only: columns to read; None: all.
        kept: bool (rows of the file,), those that are read; None: all.

    Returns:
        Columns by name: int64, float64 (NaN for gaps) or text as it stands there, "" where empty.
    """
    wanted = [column for column in dialect.names if only is None or column in only]
    columns = {column: _Column(text=column in exact) for column in wanted}
    for block in _kept(text_blocks(source, name, dialect, wanted), kept):
        for read, texts in zip(columns.values(), block, strict=True):
            read.add(texts)
    late = {column for column, read in columns.items() if read.is_late}
    found: dict[str, pd.Series] = {}
    for column, read in columns.items():
        if column not in late:
            found[column] = read.taken()
            release_memory()  # of the column's blocks, before the next one is put together
    if late:
        found |= read_raw(source, name, dialect, late, late, kept)
    return {column: found[column] for column in wanted}


def count_rows(source: Source, name: str, dialect: Dialect) -> int:
    """Returns the rows of a CSV, without keeping any."""
    return sum(len(block[0]) for block in text_blocks(source, name, dialect, dialect.names[:1]))


def _kept(blocks: Iterable[list[Any]], kept: np.ndarray | None) -> Iterator[list[Any]]:
    """Yields blocks of columns with the rows that are kept; without those of which none is."""
    import pyarrow as pa

    done = 0
    for block in blocks:
        rows = len(block[0])
        if kept is None:
            yield block
        elif (some := kept[done : done + rows]).any():
            yield [texts.filter(pa.array(some)) for texts in block]
        done += rows


class _Column:
    """Takes the blocks of one column: numbers while all are, else text."""

    def __init__(self, text: bool) -> None:
        self._parser = None if text else NumberParser()
        self._numbers: np.ndarray = np.zeros(0, np.int64)
        self._rows = 0  # of the numbers; there is room for more
        self._texts: list[Any] = []
        self._lost = False

    def add(self, texts: Any) -> None:
        """Takes a pyarrow array of text."""
        if self._parser:
            numbers = self._parser.parse(texts)
            if numbers is not None:
                self._append(numbers)
                return
            self._parser, self._lost = None, self._rows > 0
            self._numbers = np.zeros(0)
        if not self._lost:
            self._texts.append(texts)

    def _append(self, numbers: np.ndarray) -> None:
        """Adds numbers to one array that grows in its place: many small ones would leave gaps in memory."""
        if numbers.dtype != self._numbers.dtype and self._numbers.dtype == np.int64:
            self._numbers = self._numbers[: self._rows].astype(np.float64)
        end = self._rows + len(numbers)
        if end > len(self._numbers):
            self._numbers.resize(max(end, int(GROWTH * len(self._numbers))), refcheck=False)
        self._numbers[self._rows : end] = numbers
        self._rows = end

    @property
    def is_late(self) -> bool:
        """Whether it must be read again as text: words came after numbers, or it holds nothing else."""
        if self._parser and self._parser.words:
            self._lost = bool(np.isnan(self._numbers[: self._rows]).all())
        return self._lost

    def taken(self) -> pd.Series:
        """Returns the whole column and forgets it."""
        import pandas as pd
        import pyarrow as pa

        if self._parser is None:
            texts, self._texts = self._texts, []
            return pd.Series(pa.chunked_array(texts, pa.string()).to_pandas().array, dtype="str")
        numbers, self._numbers = self._numbers, np.zeros(0)
        numbers.resize(self._rows, refcheck=False)
        return pd.Series(numbers, copy=False)


class NumberParser:
    """Turns a column's blocks of text into numbers; remembers what the last block needed.

    Attributes:
        words: whether words stand for gaps.
    """

    def __init__(self) -> None:
        self.words = False
        self._gaps = False
        self._fractions = False

    def parse(self, texts: Any) -> np.ndarray | None:
        """Returns a pyarrow array as int64 or as float64 with NaN for gaps.

        None where a value is neither a gap nor a number that is written plainly, or its number would
        not keep it.
        """
        numbers = None if self._gaps else self._cast(texts)
        if numbers is None:
            self._gaps = True
            texts = self._without_gaps(texts)
            numbers = self._cast(texts)
        if numbers is None or _holds(texts, "^[+-]?0[0-9xX]"):
            return None
        values = numbers.to_numpy(zero_copy_only=False)
        largest = max(np.fmax.reduce(values, initial=0), -np.fmin.reduce(values, initial=0))
        if largest >= WHOLE and _holds(texts, "^[+-]?[0-9]+$", numbers):
            return None
        return values

    def _cast(self, texts: Any) -> Any:
        import pyarrow as pa

        if not self._fractions:
            try:
                return texts.cast(pa.int64())
            except pa.ArrowInvalid:  # slow where many values are wrong: Arrow writes a message for each
                self._fractions = True
        try:
            return texts.cast(pa.float64())
        except pa.ArrowInvalid:
            self._fractions = self._gaps  # whole numbers and gaps, perhaps
            return None

    def _without_gaps(self, texts: Any) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        named = pc.is_in(texts, value_set=pa.array(GAP_WORDS))
        self.words |= bool(pc.any(named).as_py())
        trimmed = pc.utf8_trim_whitespace(texts)
        return pc.if_else(pc.or_(named, pc.equal(trimmed, "")), pa.scalar(None, pa.string()), trimmed)


def _holds(texts: Any, expression: str, numbers: Any = None) -> bool:
    """Says whether any value matches; of those from `WHOLE` on, where their numbers are given."""
    import pyarrow.compute as pc

    found = pc.match_substring_regex(texts, expression)
    if numbers is not None:
        found = pc.and_(found, pc.greater_equal(pc.abs(numbers.cast("float64", safe=False)), WHOLE))
    return bool(pc.any(found).as_py())

"""Long tables: many rows for each row of the contest, as sensors write them, a step each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.data.long_table import fixed_columns
from pipeline.draft.choice import words

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".csv", ".csv.gz", ".parquet", ".pq")
FEWEST_STEPS = 5  # of the median series
FOUND = 0.5  # share of the rows that must have a series
STEP_WORDS = {"step", "time", "timestamp", "date", "datetime", "frame", "tick", "seq", "sequence", "second"}
STEP_WORDS |= {"seconds", "minute", "hour", "cycle", "counter", "index", "order", "day", "ms", "t"}


@dataclass(frozen=True)
class LongTable:
    """A table with many rows for each id.

    Attributes:
        file: its name.
        by: column of the ids.
        step: column that orders the rows of an id, "" where none does.
        channels: columns of numbers that vary within an id.
        plain: whether these are all numbers beside `by` and `step`.
        lengths: rows of each id of training and test that has some.
        train, test: share of these rows that have a series.
        fixed: columns that are the same all along an id, by the ids.
    """

    file: str
    by: str
    step: str
    channels: tuple[str, ...]
    plain: bool
    lengths: tuple[int, ...]
    train: float
    test: float
    fixed: pd.DataFrame


@dataclass(frozen=True)
class Series:
    """The long table or tables that were chosen: their part of `data.arrays`, and what it rests on.

    `complete`: whether every row of training and test has a series.
    """

    section: dict[str, Any]
    reason: str
    channels: tuple[str, ...]
    lengths: tuple[int, ...]
    complete: bool


def repeats_ids(table: pd.DataFrame, key: str) -> bool:
    """Says whether a table has so many rows for each id that they may be the steps of series."""
    if key not in table.columns or len(table) < FEWEST_STEPS * max(1, table[key].nunique()):
        return False
    return len(table.select_dtypes("number").columns) > 0


def find_long_tables(
    tables: Mapping[str, pd.DataFrame], key: str, train: set[str], test: set[str]
) -> tuple[LongTable, ...]:
    """Returns those of the tables that hold series of the rows, most channels first.

    Args:
        tables: by their files' names.
        key: the contest's id column, which is tried first.
        train: ids of the training rows.
        test: ids of the test rows.
    """
    found = []
    for name, table in tables.items():
        if name.lower().endswith(ENDINGS) and len(table) and (one := _read(name, table, key, train, test)):
            found.append(one)
    return tuple(sorted(found, key=lambda one: (-len(one.channels), one.file)))


def choose_series(tables: Sequence[LongTable], targets: Sequence[str]) -> Series | None:
    """Returns the first table that has series of both sides, or two that are alike, one of each side.

    Args:
        tables: those with most channels first.
        targets: columns that are no channels, whichever table holds them.
    """
    for own, other in sides_of(tables):
        common = tuple(name for name in own.channels if name in other.channels and name not in targets)
        if common:
            return _chosen(own, other, common)
    return None


def sides_of(tables: Sequence[LongTable]) -> list[tuple[LongTable, LongTable]]:
    """Returns what may hold the series of training and of test rows: one table of both, else two alike."""
    pairs = [(table, table) for table in tables]
    pairs += [(one, other) for one in tables for other in tables if one is not other]
    return [
        (own, other)
        for own, other in pairs
        if (own.by, own.step) == (other.by, other.step) and own.train >= FOUND and other.test >= FOUND
    ]


def _chosen(own: LongTable, other: LongTable, channels: tuple[str, ...]) -> Series:
    section: dict[str, Any] = {"table": own.file}
    if other.file != own.file:
        section["test_table"] = other.file
    section["by"] = own.by
    if own.step:
        section["step"] = own.step
    if not (own.plain and other.plain and channels == own.channels == other.channels):
        section["channels"] = list(channels)
    order = f"in the order of {own.step}" if own.step else "as they stand"
    files = tuple(dict.fromkeys((own.file, other.file)))
    reason = f"{own.by} names many rows of {' and '.join(files)}, {order}"
    complete = own.train == other.test == 1
    return Series(section, reason, channels, (*own.lengths, *other.lengths), complete)


def _read(name: str, table: pd.DataFrame, key: str, train: set[str], test: set[str]) -> LongTable | None:
    by, ids = _ids(table, key, train | test)
    if not by:
        return None
    counts = ids[ids.isin(train | test)].value_counts()
    if counts.median() < FEWEST_STEPS:
        return None
    known = set(counts.index)
    numbers = [str(column) for column in table.select_dtypes(["number", "bool"]).columns if column != by]
    step = _step(table, by, ids)
    groups = table.groupby(ids.to_numpy(), sort=False)
    numbers = [column for column in numbers if column != step]
    channels = [column for column in numbers if bool((groups[column].nunique(dropna=False) > 1).any())]
    if not channels:
        return None
    return LongTable(
        name,
        by,
        step,
        tuple(channels),
        channels == numbers,
        tuple(int(count) for count in counts),
        len(known & train) / max(1, len(train)),
        len(known & test) / max(1, len(test)),
        fixed_columns([table], by),
    )


def _ids(table: pd.DataFrame, key: str, known: set[str]) -> tuple[str, Any]:
    """Returns the column that holds ids of the rows, and its values as text; "" where none does."""
    from pandas.api import types

    names = [key] if key in table.columns else [str(name) for name in table.columns]
    for name in names:
        column = table[name]
        if types.is_float_dtype(column.dtype) or types.is_bool_dtype(column.dtype):
            continue
        if column.nunique() * FEWEST_STEPS > len(table) or column.isna().any():
            continue
        ids = column.astype(str)
        if len(known & set(ids.unique())) >= FOUND * ids.nunique():
            return name, ids
    return "", None


def _step(table: pd.DataFrame, by: str, ids: pd.Series) -> str:
    """Returns the column that numbers or dates the rows of each id, "" where none does."""
    import pandas as pd
    from pandas.api import types

    named = [
        str(name)
        for name in table.columns
        if name != by and STEP_WORDS & set(words(str(name)) or [str(name)])
    ]
    for name in named:
        column = table[name]
        if not types.is_numeric_dtype(column.dtype):
            column = pd.to_datetime(column, errors="coerce")
        if column.isna().any() or pd.DataFrame({"id": ids, "step": column}).duplicated().any():
            continue
        return name
    for name in map(str, table.select_dtypes("integer").columns):
        if name not in (by, *named) and bool((table[name].groupby(ids).diff().dropna() > 0).all()):
            return name
    return ""

"""Split into training and test rows: by time, by groups, or at random; the folds follow suit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.data.columns import as_dates, as_numbers, as_text, guess_kind
from pipeline.data.groups import FEWEST_GROUPS, MOST_GROUPS, SEEN_BY_CHANCE, kept_apart, may_group
from pipeline.data.long_table import rows_of
from pipeline.data.side_tables import aggregates_of
from pipeline.draft.choice import Choice, words
from pipeline.draft.files import side_name
from pipeline.draft.long_tables import LongTable, sides_of

if TYPE_CHECKING:
    import pandas as pd

TIME_WORDS = {"date", "day", "week", "month", "year", "time", "timestamp", "datetime", "step", "hour", "t"}
GROUP_WORDS = {
    *("patient", "subject", "person", "user", "customer", "client", "participant", "individual", "speaker"),
    *("site", "hospital", "location", "place", "station", "store", "plot", "well", "field", "camera"),
    *("day", "date", "session", "scene", "video", "sequence", "group", "batch", "recording", "flight"),
}
FEWEST_NAMED = 3  # groups of a column whose name tells
# Ids are written in parts on purpose ("0013_01"), so that groups of one row do not speak against it.
MOST_IN_IDS, BY_CHANCE_IN_IDS = 0.9, 0.15
ID_PARTS = (r"^([A-Za-z]*\d+)[_-]", r"^([^_]+)_", r"^([^-]+)-", r"^(.+)_[^_]+$", r"^(.+)-[^-]+$")
WIDE = 1000  # columns above which only those with a telling name are looked at


@dataclass(frozen=True)
class Split:
    """Columns by which the test rows were set apart.

    Attributes:
        time: column by which they come after the training rows.
        group: column of whose values they hold others; not looked for where there is a time.
        pattern: the part of its text that is the group; None: all of it.
        table: a long table that holds the group; None: the training table does.
        ahead: moments that a fold in time holds; None: equal blocks.
    """

    time: Choice[str] | None = None
    group: Choice[str] | None = None
    pattern: str | None = None
    table: str | None = None
    ahead: int | None = None

    @property
    def section(self) -> dict[str, Any]:
        """The keys of the `folds` section that follow."""
        if self.time:
            return {"time": self.time.value, **({"ahead": self.ahead} if self.ahead else {})}
        beside = {"group_table": self.table, "group_pattern": self.pattern}
        given = {key: value for key, value in beside.items() if value}
        return {"group": self.group.value, **given} if self.group else {}


def find_split(
    train: pd.DataFrame, test: pd.DataFrame, key: str, free: list[str], tables: Sequence[LongTable] = ()
) -> Split:
    """Looks for time, then for groups: in columns, in parts of the ids, in what series are the same along.

    Args:
        train: training table.
        test: test table.
        key: the id column, which may be a date.
        free: columns of the training table that are neither id nor target nor name of a picture.
        tables: with many rows for each id, those with most channels first.
    """
    pairs = ((side_name(one.file), str(column)) for one in tables for column in one.fixed)
    made = {name for file, column in pairs for name in aggregates_of(file, column)}
    free = [name for name in free if name not in made]  # the long table names them by themselves
    both = [name for name in free if name in test.columns]
    dates = [key] if key in train.columns and guess_kind(train[key]) == "date" else []
    time = find_time(train, test, [*both, *dates])
    if time:
        return Split(time)
    if group := find_group(train, test, both, [name for name in free if name not in test.columns]):
        return Split(group=group)
    split = find_group_in_ids(train, test, key)
    return split if split.group or not tables else _group_in_series(tables, key, train[key], test[key])


def find_time(train: pd.DataFrame, test: pd.DataFrame, columns: list[str]) -> Choice[str] | None:
    """Returns the column by which all test rows come after all training rows.

    Args:
        train: training table.
        test: test table.
        columns: that both have and that may order the rows.
    """
    for name in sorted(columns, key=lambda name: not TIME_WORDS & set(words(name))):
        told = bool(TIME_WORDS & set(words(name)))
        if not told and GROUP_WORDS & set(words(name)):
            continue  # patients 0 to 41, and in the test 42 to 59: numbers are their names
        before, after = moments_of(train[name], told), moments_of(test[name], told)
        if before is None or after is None or len(np.unique(before)) <= FEWEST_GROUPS:
            continue
        if after.min() > before.max() or (told and after.min() == before.max() > before.min()):
            first, last = _shown(test[name], int(after.argmin())), _shown(train[name], int(before.argmax()))
            return Choice(name, f"all test rows ({first} and later) come after the training rows (to {last})")
    return None


def find_group(
    train: pd.DataFrame,
    test: pd.DataFrame,
    columns: list[str],
    only_train: list[str],
    most: float = MOST_GROUPS,
    by_chance: float = SEEN_BY_CHANCE,
) -> Choice[str] | None:
    """Returns the column whose values were kept on one side of the split (see `kept_apart`).

    Where the test table lacks the column, its name has to tell.

    Args:
        train: training table.
        test: test table.
        columns: that both have.
        only_train: that the test table lacks, targets left out.
        most: groups, as a part of the rows.
        by_chance: test rows that a random split would find in training, as a part of them, at least.
    """
    found: list[tuple[int, str, str]] = []
    for name in _repeating(train, columns, most=most):
        if reason := kept_apart(train[name], test[name], by_chance):
            found.append((train[name].nunique(), name, reason))
    if found:  # the coarsest holds the finer ones together
        groups, name, reason = min(found)
        return Choice(name, f"{groups} groups; {reason}")
    told = [name for name in only_train if GROUP_WORDS & set(words(name))]
    named = _repeating(train, told, FEWEST_NAMED)
    if named:
        name = min(named, key=lambda name: train[name].nunique())
        groups = train[name].nunique()
        return Choice(name, f"{groups} groups by its name; the test table lacks it, so the files cannot tell")
    return None


def find_group_in_ids(train: pd.DataFrame, test: pd.DataFrame, key: str) -> Split:
    """Looks for ids whose first parts ("p07" of "p07_rec2") name groups that were kept on one side.

    The parts are judged as columns are by `find_group`; the coarsest that is one of groups is taken.
    """
    if key not in train.columns or key not in test.columns:
        return Split()
    for pattern in ID_PARTS:
        parts = [table[[key]].astype(str)[key].str.extract(pattern) for table in (train, test)]
        if any(part[0].isna().any() for part in parts):
            continue
        here, there = (part.rename(columns={0: key}) for part in parts)
        if found := find_group(here, there, [key], [], MOST_IN_IDS, BY_CHANCE_IN_IDS):
            return Split(None, Choice(key, f"by the ids' part {pattern}: {found.reason}"), pattern)
    return Split()


def _group_in_series(tables: Sequence[LongTable], key: str, train: pd.Series, test: pd.Series) -> Split:
    """Looks for a column of long tables that is the same all along an id and names groups of the ids.

    Args:
        tables: those with most channels first.
        key: the id column.
        train: its values in the training table.
        test: the same of the test table.
    """
    for own, other in sides_of([table for table in tables if table.by == key]):
        here, there = rows_of(own.fixed, as_text(train)), rows_of(other.fixed, as_text(test))
        names = [str(name) for name in here]
        both = [name for name in names if name in there and not there[name].isna().any()]
        found = find_group(here, there, both, [name for name in names if name not in there])
        if found:
            reason = f"the same all along an id of {own.file}; {found.reason}"
            return Split(None, Choice(found.value, reason), table=own.file)
    return Split()


def _repeating(
    table: pd.DataFrame, columns: list[str], fewest: int = FEWEST_GROUPS, most: float = MOST_GROUPS
) -> list[str]:
    """Returns the columns with several groups of several rows each."""
    if len(columns) > WIDE:
        columns = [name for name in columns if GROUP_WORDS & set(words(name))]
    return [name for name in columns if may_group(table[name], fewest, most)]


def moments_of(column: pd.Series, told: bool) -> np.ndarray | None:
    """Returns a column as numbers that order its rows; None where it is no time.

    A number without a telling name orders rows too, unless it only counts them.
    """
    from pandas.api import types

    if column.isna().any() or types.is_bool_dtype(column.dtype):
        return None
    if types.is_numeric_dtype(column.dtype):
        numbers = as_numbers(column)
        counts_rows = len(numbers) > 2 and len(np.unique(np.diff(numbers))) == 1
        return None if np.isnan(numbers).any() or (counts_rows and not told) else numbers
    if guess_kind(column) != "date":
        return None
    dates = as_dates(column)
    return None if np.isnat(dates).any() else dates.astype(np.int64).astype(np.float64)


def _shown(column: pd.Series, position: int) -> str:
    return str(column.iloc[position])

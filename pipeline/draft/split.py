"""Split into training and test rows: by time, by groups, or at random; the folds follow suit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.data.columns import as_dates, as_numbers, guess_kind
from pipeline.draft.choice import Choice, words

if TYPE_CHECKING:
    import pandas as pd

TIME_WORDS = {"date", "day", "week", "month", "year", "time", "timestamp", "datetime", "step", "hour", "t"}
GROUP_WORDS = {
    *("patient", "subject", "person", "user", "customer", "client", "participant", "individual", "speaker"),
    *("site", "hospital", "location", "place", "station", "store", "plot", "well", "field", "camera"),
    *("day", "date", "session", "scene", "video", "sequence", "group", "batch", "recording", "flight"),
}
FEWEST_GROUPS = 5
FEWEST_EXPECTED = 5  # test rows that a random split would find in training: of fewer, none is no surprise
FEWEST_NAMED = 3  # the same of a column whose name tells
MOST_GROUPS = 0.5  # of the rows: with more, most groups have one row
SEEN_BY_CHANCE = 0.5  # a test row's value that a random split would find in training at least this often
SEEN, OF_CHANCE = 0.1, 0.2  # and that is found there no more often than this, and than this part of chance
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
        ahead: moments that a fold in time holds; None: equal blocks.
    """

    time: Choice[str] | None = None
    group: Choice[str] | None = None
    pattern: str | None = None
    ahead: int | None = None

    @property
    def section(self) -> dict[str, Any]:
        """The keys of the `folds` section that follow."""
        if self.time:
            return {"time": self.time.value, **({"ahead": self.ahead} if self.ahead else {})}
        part = {"group_pattern": self.pattern} if self.pattern else {}
        return {"group": self.group.value, **part} if self.group else {}


def find_split(train: pd.DataFrame, test: pd.DataFrame, key: str, free: list[str]) -> Split:
    """Looks for time, then for groups.

    Args:
        train: training table.
        test: test table.
        key: the id column, which may be a date.
        free: columns of the training table that are neither id nor target nor name of a picture.
    """
    both = [name for name in free if name in test.columns]
    dates = [key] if key in train.columns and guess_kind(train[key]) == "date" else []
    time = find_time(train, test, [*both, *dates])
    if time:
        return Split(time)
    return Split(group=find_group(train, test, both, [name for name in free if name not in test.columns]))


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
    """Returns the column whose values were kept on one side of the split.

    A column of groups repeats its values within the training rows, yet the test rows hold other
    values: where rows are drawn at random, most test rows find their value in training. Where the
    test table lacks the column, its name has to tell.

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
        here, there = train[name].astype(str), test[name].astype(str)
        seen, chance = float(there.isin(set(here)).mean()), _seen_by_chance(here, there)
        expected = chance >= by_chance and chance * len(there) >= FEWEST_EXPECTED
        if expected and seen <= min(SEEN, OF_CHANCE * chance):
            reason = (
                f"{seen:.0%} of the test rows have a value that training has; by chance {chance:.0%} would"
            )
            found.append((here.nunique(), name, reason))
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


def _repeating(
    table: pd.DataFrame, columns: list[str], fewest: int = FEWEST_GROUPS, most: float = MOST_GROUPS
) -> list[str]:
    """Returns the columns with several groups of several rows each."""
    from pandas.api import types

    if len(columns) > WIDE:
        columns = [name for name in columns if GROUP_WORDS & set(words(name))]
    names = []
    for name in columns:
        column = table[name]
        if column.isna().any() or types.is_bool_dtype(column.dtype):
            continue
        if types.is_float_dtype(column.dtype) and not np.all(column % 1 == 0):
            continue
        if fewest <= column.nunique() <= most * len(table):
            names.append(name)
    return names


def _seen_by_chance(train: pd.Series, test: pd.Series) -> float:
    """Returns the share of test rows that would find their value in training, were rows drawn at random."""
    import pandas as pd

    counts = pd.concat([train, test]).value_counts()
    share = len(test) / (len(train) + len(test))
    of = counts.reindex(test.to_numpy()).to_numpy()
    return float(np.mean(1 - share ** (of - 1.0)))


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

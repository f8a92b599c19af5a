"""Kinds of columns: decided once, from the training table alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from pipeline.data.moments import EARLIEST, are_moments, is_moment, read_moments, shows_day_first
from pipeline.data.number_form import PLAIN, NumberForm, find_form, learnable
from pipeline.errors import DataError, Problems, did_you_mean, listing

if TYPE_CHECKING:
    import pandas as pd

ColumnKind = Literal["numeric", "boolean", "category", "code", "text", "date", "season", "constant"]
KINDS: tuple[str, ...] = get_args(ColumnKind)
DATES = frozenset({"date", "season"})  # the latter is never guessed

TRUE_WORDS = frozenset({"true", "t", "yes", "y", "1"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "0"})

NUMERIC_SHARE = 0.9  # of the values that must be numbers before the others count as missing
DATE_SHARE = 0.95
CODE_SHARE = 0.6  # of the distinct values that hold a digit
CODE_DISTINCT = 20  # a column with fewer values is better off as a category
TEXT_WORDS = 3.0  # words in a mean value
MOSTLY_MISSING = 0.5
MOST_WORDS = 20_000  # different words of a column that are looked at
EXACT = 2**53  # whole numbers beyond it are not all held by float64

_PADDED = re.compile(r"0\d+")
_WHOLE = re.compile(r"[+-]?[0-9]+")


def column_kinds(table: pd.DataFrame, declared: Mapping[str, str] | None = None) -> dict[str, ColumnKind]:
    """Decides what every column of the training table is.

    Args:
        table: usable columns of the training rows, ids and targets removed.
        declared: kinds that the configuration states, by column; they are not questioned. "drop"
            leaves a column out.

    Returns:
        The kind by column, in the table's order:
        "numeric" (numbers, or text of which nearly all are; integers with few values too),
        "boolean" (two values such as yes/no, or one value and missing ones),
        "category" (names), "code" (letters and digits, "C85": prefix and number mean something),
        "text" (several words), "date" (a date, a time of day or both; "season" where only what comes round
        again is wanted of it) and
        "constant" (one value in all rows: of no use).

    Raises:
        DataError: `declared` names a column or a kind that does not exist.
    """
    declared = dict(declared or {})
    problems = Problems()
    columns = [str(name) for name in table.columns]
    for name, kind in declared.items():
        if name not in columns:
            problems.add(f"There is no column {name!r}.{did_you_mean(name, columns)}")
        if kind not in (*KINDS, "drop"):
            problems.add(
                f"Column {name!r}: unknown kind {kind!r}.{did_you_mean(kind, KINDS)} Known: {listing(KINDS)}."
            )
    problems.raise_if_any(DataError, "The kinds declared for the columns do not fit the table:")
    kept = [name for name in columns if declared.get(name) != "drop"]
    return {name: declared.get(name) or guess_kind(table[name]) for name in kept}  # type: ignore[misc]


def guess_kind(column: pd.Series) -> ColumnKind:
    """Decides what one column is by its values (see `column_kinds`)."""
    import pandas as pd
    from pandas.api import types

    if types.is_numeric_dtype(column.dtype) or types.is_datetime64_any_dtype(column.dtype):
        present = column.dropna()
        if not len(present) or (present == present.iloc[0]).all():
            return "boolean" if 0 < len(present) < len(column) else "constant"
        if types.is_bool_dtype(column.dtype):
            return "boolean"
        if types.is_numeric_dtype(column.dtype) and _date_numbers(present):
            return "date"
        if types.is_integer_dtype(column.dtype) and _beyond_float(present):
            return kind_of_words(word_counts(column.astype("str")), bool(column.isna().any()))
        return "numeric" if types.is_numeric_dtype(column.dtype) else "date"
    counts = word_counts(column)
    gaps = counts.pop("", 0) > 0
    if isinstance(column.dtype, pd.CategoricalDtype) and len(counts) > 1:
        return "category"
    form, share, _ = find_form(counts)
    return kind_of_words(counts, gaps, form if share >= NUMERIC_SHARE else PLAIN)


def is_text(column: pd.Series) -> bool:
    """Says whether the values of a column are texts of several words."""
    return guess_kind(column) == "text"


def word_counts(column: pd.Series) -> dict[str, int]:
    """Returns word -> rows, without spaces around it, "" for gaps; of many words a part, evenly taken."""
    codes, distinct = _words(column)
    counts = np.bincount(codes + 1, minlength=len(distinct) + 1)
    step = max(1, -(-len(distinct) // MOST_WORDS))
    found = {"": int(counts[0])}
    for word, rows in zip(distinct[::step], counts[1::step].tolist(), strict=True):
        found[word] = found.get(word, 0) + rows
    return found


def kind_of_words(counts: Mapping[str, int], gaps: bool, form: NumberForm = PLAIN) -> ColumnKind:
    """Decides what a column of text is.

    Args:
        counts: word -> rows, gaps left out.
        gaps: whether it has any.
        form: how its numbers are written.
    """
    distinct, rows = sorted(counts), sum(counts.values())
    if len(distinct) <= 1:
        return "boolean" if distinct and gaps else "constant"
    words = {value.lower() for value in distinct}
    if len(words) == 2 and words & TRUE_WORDS and words & FALSE_WORDS:
        return "boolean"
    if any(_PADDED.fullmatch(value) for value in distinct):
        return "category"  # "0007" is a name, not the number 7
    if are_moments(distinct):
        return "date"
    if sum(counts[value] for value in distinct if form.reads(value)) >= NUMERIC_SHARE * rows:
        return "category" if _are_names(distinct, rows) else "numeric"
    dates = (value for value in distinct if is_moment(value))
    if sum(counts[value] for value in dates) >= DATE_SHARE * rows:
        return "date"
    if np.mean([len(value.split()) for value in distinct]) >= TEXT_WORDS and len(distinct) > rows / 2:
        return "text"
    with_digit = np.mean([any(letter.isdigit() for letter in value) for value in distinct])
    return "code" if len(distinct) > CODE_DISTINCT and with_digit >= CODE_SHARE else "category"


def _are_names(distinct: Sequence[str], rows: int) -> bool:
    """Says whether numbers are names: whole ones that float64 does not tell apart, or that come again."""
    whole = [int(value) for value in distinct if _WHOLE.fullmatch(value)]
    if not whole or max(map(abs, whole)) <= EXACT:
        return False
    held = {float(value) if abs(value) < 1e300 else value for value in whole}
    return len(held) < len(whole) or len(distinct) <= rows / 2


def _beyond_float(column: pd.Series) -> bool:
    return bool(max(abs(int(column.max())), abs(int(column.min()))) > EXACT)


def _date_numbers(column: pd.Series) -> bool:
    """Says whether all numbers of a column without gaps are dates."""
    if column.min() < EARLIEST or (column % 1 != 0).any():
        return False
    return are_moments(_words(column)[1][:MOST_WORDS], str(column.name))


def as_text(column: pd.Series) -> np.ndarray:
    """Returns str objects (rows,), "" where missing; whole numbers without a decimal point."""
    codes, distinct = _words(column)
    text = np.array([*distinct, ""], dtype=object)
    return text[codes]  # the code of a missing value is -1: the last entry


def _words(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Returns (rows,) codes, -1 where missing, and the words that they stand for."""
    import pandas as pd

    codes, distinct = pd.factorize(column)
    return codes, [_word(value) for value in distinct]


def _word(value: object) -> str:
    # A category of whole numbers turns into floats where values are missing: 3.0 is "3" again.
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def as_numbers(values: pd.Series | np.ndarray) -> np.ndarray:
    """Returns float64 (rows,), NaN where there is no number that can be learned from (see `learnable`).

    Nothing is copied where a column is that already: a table may fill half of the memory.
    """
    import pandas as pd

    if isinstance(values, pd.Series) and values.dtype == np.float64:
        return learnable(values.to_numpy())
    return learnable(np.asarray(pd.to_numeric(pd.Series(values), errors="coerce"), dtype=np.float64))


def as_booleans(column: pd.Series) -> np.ndarray:
    """Returns float64 (rows,): 1, 0, NaN where missing; any single other word counts as true."""
    words = np.array([word.lower() for word in as_text(column)], dtype=object)
    values = np.where(np.isin(words, list(FALSE_WORDS)), 0.0, 1.0)
    values[words == ""] = np.nan
    return values


def as_dates(column: pd.Series, day_first: bool = False) -> np.ndarray:
    """Returns datetime64[s] (rows,), NaT where there is no date; times of day on 1970-01-01, in UTC."""
    import pandas as pd
    from pandas.api import types

    if types.is_datetime64_any_dtype(column.dtype):
        parsed = pd.to_datetime(column, utc=True)
        return parsed.dt.tz_localize(None).to_numpy().astype("datetime64[s]")
    codes, distinct = _words(column)
    return np.append(read_moments(distinct, day_first), np.datetime64("NaT", "s"))[codes]


def day_comes_first(column: pd.Series) -> bool:
    """Returns whether dates like 31/12/2020 show that the day precedes the month."""
    return shows_day_first(_words(column)[1])


def describe_columns(table: pd.DataFrame, kinds: Mapping[str, str]) -> list[str]:
    """Returns a line on every decision that a person may want to overrule."""
    lines = []
    constant = [name for name, kind in kinds.items() if kind == "constant"]
    if constant:
        lines.append(f"left out, one value in all rows: {listing(constant)}")
    for kind in ("code", "text", "date", "season", "boolean"):
        names = [name for name, found in kinds.items() if found == kind]
        if names:
            lines.append(f"read as {kind}: {listing(names)}")
    numeric = [name for name, kind in kinds.items() if kind == "numeric"]
    mixed = [name for name in numeric if as_numbers(table[name]).size and _unreadable(table[name])]
    few = [name for name in numeric if name not in mixed and table[name].nunique() <= 10]
    if few:
        lines.append(f"integers with few values, kept as numbers: {listing(few)}")
    if mixed:
        lines.append(f"numbers in which a few values are words, read as missing: {listing(mixed)}")
    missing = [name for name in kinds if table[name].isna().mean() > MOSTLY_MISSING]
    if missing:
        lines.append(f"mostly missing, kept with an indicator: {listing(missing)}")
    return lines


def _unreadable(column: pd.Series) -> bool:
    return bool(np.isnan(as_numbers(column)).sum() > column.isna().sum())

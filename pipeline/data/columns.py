"""What each column of a table is: decided once, from the training table alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from pipeline.errors import DataError, Problems, did_you_mean, listing

if TYPE_CHECKING:
    import pandas as pd

ColumnKind = Literal["numeric", "boolean", "category", "code", "text", "date", "constant"]
KINDS: tuple[str, ...] = get_args(ColumnKind)

TRUE_WORDS = frozenset({"true", "t", "yes", "y", "1"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "0"})

NUMERIC_SHARE = 0.9  # of the values that must be numbers before the others count as missing
DATE_SHARE = 0.95
CODE_SHARE = 0.6  # of the distinct values that hold a digit
CODE_DISTINCT = 20  # a column with fewer values is better off as a category
TEXT_WORDS = 3.0  # words in a mean value
MOSTLY_MISSING = 0.5

_DATE = re.compile(r"\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([ T].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}([ T].*)?")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?")


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
        "text" (several words), "date" (a date, a time of day or both) and
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

    present = column.dropna()
    distinct = present.astype(str).nunique()
    if distinct <= 1:
        return "boolean" if 0 < len(present) < len(column) and distinct == 1 else "constant"
    if types.is_bool_dtype(column.dtype):
        return "boolean"
    if types.is_numeric_dtype(column.dtype):
        return "numeric"
    if types.is_datetime64_any_dtype(column.dtype):
        return "date"
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "category"
    return _kind_of_text(as_text(present))


def _kind_of_text(values: np.ndarray) -> ColumnKind:
    """Decides by the text of the values that are there."""
    values = values[values != ""]
    distinct = sorted(set(values.tolist()))
    if len(distinct) <= 1:
        return "boolean" if distinct else "constant"
    words = {value.lower() for value in distinct}
    if len(words) == 2 and words & TRUE_WORDS and words & FALSE_WORDS:
        return "boolean"
    if any(re.fullmatch(r"0\d+", value) for value in distinct):
        return "category"  # "0007" is a name, not the number 7
    if np.isfinite(as_numbers(values)).mean() >= NUMERIC_SHARE:
        return "numeric"
    if np.mean([bool(_DATE.fullmatch(value) or _CLOCK.fullmatch(value)) for value in values]) >= DATE_SHARE:
        return "date"
    if np.mean([len(value.split()) for value in distinct]) >= TEXT_WORDS and len(distinct) > len(values) / 2:
        return "text"
    with_digit = np.mean([any(letter.isdigit() for letter in value) for value in distinct])
    return "code" if len(distinct) > CODE_DISTINCT and with_digit >= CODE_SHARE else "category"


def as_text(column: pd.Series) -> np.ndarray:
    """Returns str objects (rows,), "" where missing; whole numbers without a decimal point."""
    import pandas as pd

    codes, distinct = pd.factorize(column)
    text = np.array([*(_word(value) for value in distinct), ""], dtype=object)
    return text[codes]  # the code of a missing value is -1: the last entry


def _word(value: object) -> str:
    # A category of whole numbers turns into floats where values are missing: 3.0 is "3" again.
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def as_numbers(values: pd.Series | np.ndarray) -> np.ndarray:
    """Returns float64 (rows,), NaN where there is no finite number."""
    import pandas as pd

    numbers = np.asarray(pd.to_numeric(pd.Series(values), errors="coerce"), dtype=np.float64).copy()
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


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
    else:
        text = [f"1970-01-01 {value}" if _CLOCK.fullmatch(value) else value for value in as_text(column)]
        parsed = pd.to_datetime(
            pd.Series(text, dtype=object), format="mixed", dayfirst=day_first, errors="coerce", utc=True
        )
    return parsed.dt.tz_localize(None).to_numpy().astype("datetime64[s]")


def day_comes_first(column: pd.Series) -> bool:
    """Returns whether dates like 31/12/2020 show that the day precedes the month."""
    firsts = [re.match(r"(\d{1,2})[-/.]\d{1,2}[-/.]\d{2,4}", value) for value in as_text(column)]
    return any(first is not None and int(first[1]) > 12 for first in firsts)


def describe_columns(table: pd.DataFrame, kinds: Mapping[str, str]) -> list[str]:
    """Returns a line on every decision that a person may want to overrule."""
    lines = []
    constant = [name for name, kind in kinds.items() if kind == "constant"]
    if constant:
        lines.append(f"left out, one value in all rows: {listing(constant)}")
    for kind in ("code", "text", "date", "boolean"):
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

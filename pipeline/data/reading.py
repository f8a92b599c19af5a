"""Kind and form of every column: decided once, from the training table.

The decision is saved with the competition, and holds for training, test and new rows alike.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.data.columns import (
    DATES,
    NUMERIC_SHARE,
    as_booleans,
    as_dates,
    as_numbers,
    as_text,
    guess_kind,
    kind_of_words,
    word_counts,
)
from pipeline.data.dialect import Dialect
from pipeline.data.number_form import PLAIN, NumberForm, find_form
from pipeline.data.raw import GAP_WORDS
from pipeline.errors import DataError, Problems, listing

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config.data_section import DataConfig

NAMES = frozenset({"category", "code", "text"})  # kinds whose values are words


@dataclass(frozen=True)
class ColumnReading:
    """Kind of one column and the form of its values.

    Attributes:
        kind: see `pipeline.data.columns`.
        form: how its numbers are written.
        words_are_gaps: whether "NA" and the like are missing values; else only an empty cell is.
        whole_is_whole: whether the name "3.0" is the name "3": a table that was written with gaps has
            such, and no two names of the training table become one by it.
        named: words such as "NA" that the training table holds as values.
    """

    kind: str
    form: NumberForm = PLAIN
    words_are_gaps: bool = True
    whole_is_whole: bool = True
    named: tuple[str, ...] = ()

    def values(self, column: pd.Series) -> pd.Series:
        """Returns a column with its gaps as gaps: numbers, truth values or text, by its kind.

        Args:
            column: as it was read; a number, or its exact text.
        """
        from pandas.api import types

        if not _is_text(column):
            if self.kind in NAMES and types.is_numeric_dtype(column.dtype):
                return _like(column, as_text(column)).replace("", None)
            return column
        if self.kind == "numeric":
            return as_floats(column, self.form)
        found = _with_gaps(column, GAP_WORDS if self.words_are_gaps else ())
        if self.kind == "boolean":
            return _as_truths(found)
        if self.kind in NAMES and self.whole_is_whole:
            return found.str.replace(r"^([+-]?[0-9]+)[.]0+$", r"\1", regex=True)
        return found

    def unread(self, column: pd.Series) -> list[str]:
        """Returns some values of a column that has values, where none of them can be read as its kind."""
        column = _with_gaps(column, GAP_WORDS) if _is_text(column) else column
        present = column.dropna()
        if self.kind == "numeric":
            numbers = as_floats(present, self.form) if _is_text(present) else present
            read = bool(np.isfinite(as_numbers(numbers)).any())
        elif self.kind in DATES:
            read = not np.isnat(as_dates(present)).all()
        elif self.kind == "boolean":
            read = present.nunique() < 2 or len(np.unique(as_booleans(present))) > 1
        else:
            read = True
        return [] if read else present.astype(str).unique()[:8].tolist() or ["gaps alone"]


def as_floats(column: pd.Series, form: NumberForm) -> pd.Series:
    """Returns text as float64, NaN for what is no number of the form."""
    import pandas as pd

    return pd.to_numeric(form.plain(column), errors="coerce").astype(np.float64)


def _is_text(column: pd.Series) -> bool:
    import pandas as pd

    return isinstance(column.dtype, pd.StringDtype)


def _like(column: pd.Series, values: np.ndarray) -> pd.Series:
    import pandas as pd

    return pd.Series(values, index=column.index, name=column.name, dtype="str")


def _with_gaps(column: pd.Series, words: tuple[str, ...]) -> pd.Series:
    """Returns text without spaces around it, and None for blanks and for the words."""
    stripped = column.str.strip()
    return stripped.mask(stripped.isin(["", *words]))


def _as_truths(column: pd.Series) -> pd.Series:
    """Returns True and False as such, where all of the column is: a byte a row."""
    words = column.str.lower()
    return words == "true" if words.isin(["true", "false"]).all() else column


@dataclass(frozen=True)
class Reading:
    """Dialects of a competition's files and the reading of their columns.

    Attributes:
        files: name -> how a CSV is written.
        columns: of the training table -> how it is read.
    """

    files: Mapping[str, Dialect] = field(default_factory=dict)
    columns: Mapping[str, ColumnReading] = field(default_factory=dict)

    @property
    def exact(self) -> set[str]:
        """Columns whose exact text matters, so that no reader may take it for numbers."""
        return {name for name, column in self.columns.items() if column.kind in {*NAMES, "boolean", *DATES}}

    def form(self, name: str) -> NumberForm:
        """Returns how a column's numbers are written."""
        return self.columns[name].form if name in self.columns else PLAIN

    def lines(self) -> list[str]:
        """Returns a line on everything unusual about how the files are written."""
        said = {name: dialect.said() for name, dialect in self.files.items()}
        lines = [f"{name}: {text}" for name, text in said.items() if text]
        forms: dict[NumberForm, list[str]] = {}
        for name, column in self.columns.items():
            if column.form != PLAIN:
                forms.setdefault(column.form, []).append(name)
        for form, names in forms.items():
            marks = "a decimal comma" if form.decimal == "," else "a decimal point"
            between = f", {form.thousands!r} between thousands" if form.thousands else ""
            lines.append(f"numbers with {marks}{between}: {listing(names)}")
        named = [f"{name} ({listing(column.named)})" for name, column in self.columns.items() if column.named]
        if named:
            lines.append(f"words that are values, where empty cells are the gaps: {listing(named)}")
        return lines

    def to_json(self) -> dict[str, Any]:
        return {
            "files": {name: dialect.to_json() for name, dialect in self.files.items()},
            "columns": {name: asdict(column) for name, column in self.columns.items()},
        }

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Reading:
        columns = {
            name: ColumnReading(**fact | {"form": NumberForm(**fact["form"]), "named": tuple(fact["named"])})
            for name, fact in facts["columns"].items()
        }
        return cls({name: Dialect.from_json(fact) for name, fact in facts["files"].items()}, columns)


def decide(
    columns: Mapping[str, pd.Series],
    declared: Mapping[str, str],
    data: DataConfig,
    decimal: str | None,
    typed: bool,
) -> dict[str, ColumnReading]:
    """Decides how the columns of the training table are read.

    Args:
        columns: as `read_raw` or Parquet gives them.
        declared: kinds that the configuration states; they come before what the values look like.
        data: what the configuration says of numbers.
        decimal: the mark before fractions where a column does not show it (see `decimal_mark`).
        typed: the file tells gaps from words by itself, as Parquet does.

    Raises:
        DataError: a declared kind of which nothing can be read.
    """
    found, problems = {}, Problems()
    thousands = {"auto": None, "none": ""}.get(data.thousands, data.thousands)
    for name, column in columns.items():
        kind = declared.get(name)
        found[name] = _decide(column, kind if kind != "drop" else None, decimal, thousands, typed)
        if kind in (None, "drop"):
            continue
        if unread := found[name].unread(column):
            problems.add(
                f"`data.columns`: {name!r} is declared {kind}, and none of its values can be read so. "
                f"Received: {listing(unread)}."
            )
    problems.raise_if_any(DataError, "The kinds declared for the columns do not fit the training table:")
    return found


def _decide(
    column: pd.Series, declared: str | None, decimal: str | None, thousands: str | None, typed: bool
) -> ColumnReading:
    if not _is_text(column):
        return ColumnReading(declared or guess_kind(column))
    counts = word_counts(column)
    gaps = counts.pop("", 0) > 0
    words = {} if typed else {word: counts[word] for word in GAP_WORDS if word in counts}
    rest = {word: rows for word, rows in counts.items() if word not in words}
    form, share, _ = find_form(rest, decimal, thousands)
    kind = declared or kind_of_words(rest, gaps or bool(words), form if share >= NUMERIC_SHARE else PLAIN)
    are_gaps = not typed and declared not in NAMES
    if declared is None and words and gaps and kind not in ("numeric", *DATES):
        kind, are_gaps = kind_of_words(counts, gaps, PLAIN), False
    named = {
        re.sub(r"[.]0+$", "", word) if re.fullmatch(r"[+-]?[0-9]+[.]0+", word) else word for word in counts
    }
    return ColumnReading(
        kind,
        form if kind == "numeric" else PLAIN,
        are_gaps,
        whole_is_whole=len(named) == len(counts),
        named=() if are_gaps or kind not in NAMES else tuple(words),
    )


def decimal_mark(columns: Mapping[str, pd.Series], data: DataConfig, separator: str) -> str | None:
    """Returns the mark before fractions that a table's numbers show; None where none does.

    Columns that may be read in one way only decide; a table of semicolons whose numbers show nothing is
    from where the comma is that mark.
    """
    from pandas.api import types

    if data.decimal != "auto":
        return data.decimal
    thousands = {"auto": None, "none": ""}.get(data.thousands, data.thousands)
    votes = Counter[str]()
    for column in columns.values():
        if _is_text(column):
            counts = word_counts(column)
            rest = {word: rows for word, rows in counts.items() if word and word not in GAP_WORDS}
            form, share, sure = find_form(rest, None, thousands)
            votes[form.decimal] += sure and share >= NUMERIC_SHARE
    if votes.total():
        return max(".,", key=lambda mark: votes[mark])
    fractions = any(types.is_float_dtype(c.dtype) and bool((c % 1 > 0).any()) for c in columns.values())
    return "." if fractions else "," if separator == ";" else None

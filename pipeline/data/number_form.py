"""Forms of numbers in text, and the numbers that can be learned from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pipeline.tasks.contest import LARGEST

if TYPE_CHECKING:
    import pandas as pd

_PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?inf(inity)?", re.IGNORECASE)
_MARKS = {" ": " \u00a0\u2009\u202f", "'": "'\u2019"}  # what is written for a mark


@dataclass(frozen=True)
class NumberForm:
    """The marks of numbers: "1.234.567,5" has a decimal comma and points between thousands.

    Attributes:
        decimal: "." or ",".
        thousands: ",", ".", " " (any narrow or fixed space too), "'" or "" for none.
    """

    decimal: str = "."
    thousands: str = ""

    @cached_property
    def expression(self) -> str:
        """Pattern of a whole number of this form; without thousands that a leading zero rules out."""
        whole = "[0-9]+"
        if self.thousands:
            mark = f"[{re.escape(_MARKS.get(self.thousands, self.thousands))}]"
            groups = f"({mark}[0-9]{{2,3}})*" if self.thousands == "," else f"({mark}[0-9]{{3}})*"
            whole = f"([1-9][0-9]{{0,2}}{groups}{mark}[0-9]{{3}}|[0-9]+)"
        point = re.escape(self.decimal)
        return f"[+-]?({whole}({point}[0-9]*)?|{point}[0-9]+)([eE][+-]?[0-9]+)?"

    def reads(self, word: str) -> bool:
        """Says whether a word is a number of this form."""
        return bool((_PLAIN if self == PLAIN else self._compiled).fullmatch(word))

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.expression)

    def plain(self, column: pd.Series) -> pd.Series:
        """Returns the text with its numbers written plainly ("1234567.5"); other words stay."""
        if self == NumberForm():
            return column
        import pandas as pd
        import pyarrow.compute as pc

        words = pc.utf8_trim_whitespace(_arrow(column))
        fits = pc.match_substring_regex(words, f"^({self.expression})$")
        plain = words
        if self.thousands:
            marks = f"[{re.escape(_MARKS.get(self.thousands, self.thousands))}]"
            plain = pc.replace_substring_regex(plain, marks, "")
        plain = pc.replace_substring(plain, self.decimal, ".")
        chosen = pc.if_else(fits, plain, words)
        return pd.Series(chosen.to_pandas().array, index=column.index, name=column.name, dtype="str")


PLAIN = NumberForm()
FORMS = tuple(
    NumberForm(decimal, thousands)
    for thousands in ("", ",", ".", " ", "'")
    for decimal in ".,"
    if decimal != thousands
)  # of forms that read the same words the first is meant, unless `find_form` is told otherwise


def _arrow(column: pd.Series):  # a pyarrow.StringArray
    import pyarrow as pa

    found = pa.array(column, type=pa.large_string(), from_pandas=True)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def find_form(
    counts: Mapping[str, int], decimal: str | None = None, thousands: str | None = None
) -> tuple[NumberForm, float, bool]:
    """Returns the form that reads most of a column's words.

    Args:
        counts: word -> rows, gaps left out.
        decimal: mark that is known, or likely because other columns show it; None: not known.
        thousands: mark that is known; None: not known, "": there is none.

    Returns:
        The form, the share of the rows that it reads, and whether the words show the decimal mark by
        themselves: "1,234" may be either.
    """
    forms = [form for form in FORMS if thousands in (None, form.thousands)] or [PLAIN]
    total = sum(counts.values())
    read = {form: sum(n for word, n in counts.items() if form.reads(word)) for form in forms}
    most = max(read.values())
    best = [form for form in forms if read[form] == most]
    sure = len({form.decimal for form in best}) == 1
    marked = any("." in word or "," in word for word in counts)
    meant = [form for form in best if form.decimal == decimal] if decimal else []
    if not sure and decimal is None and PLAIN not in best:  # "1,234": a thousand, for all that is known
        meant = [form for form in best if form.decimal == "."]
    return (meant or best)[0], most / max(total, 1), sure and marked


def learnable(values: np.ndarray) -> np.ndarray:
    """Returns numbers with NaN for those that float32 cannot hold: infinite and too large ones.

    The one rule for all that becomes a feature: such a number is as good as missing.

    Args:
        values: float64, any shape; not changed.
    """
    largest = max(
        np.fmax.reduce(values, axis=None, initial=0.0), -np.fmin.reduce(values, axis=None, initial=0.0)
    )
    return values if largest <= LARGEST else np.where(np.abs(values) <= LARGEST, values, np.nan)

"""The columns that features are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.data.columns import DATES, as_booleans, as_dates, as_numbers, as_text
from pipeline.data.encoders.parts import Parts, date_parts
from pipeline.data.levels import joined_words
from pipeline.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

EPOCHS = {"s": 1.0, "ms": 1000.0}  # formats of dates that are numbers since 1970: how many a second


class Sources:
    """Columns of some rows by name: the table's, parts of them ("cabin.prefix"), earlier features.

    Args:
        table: the rows.
        kinds: the kinds of its columns, as the training rows show them.
        parts: what `PartsMaker` made of the rows; features are added to it as they are made.
        day_first: date columns in which the day precedes the month.
        targets: float (rows, targets) of training rows, which `learn` may read; None of others.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        kinds: Mapping[str, str],
        parts: Parts,
        day_first: Mapping[str, bool],
        targets: np.ndarray | None = None,
    ) -> None:
        self.table = table
        self.kinds = kinds
        self.parts = parts
        self.day_first = day_first
        self.targets = targets

    def __len__(self) -> int:
        return len(self.table)

    def number(self, name: str) -> np.ndarray:
        """Returns float64 (rows,), NaN where missing; of a date the days since 1970."""
        if name in self.parts.numbers:
            return self.parts.numbers[name]
        if name not in self.table.columns:
            return np.full(len(self), self._gap(name, np.nan))
        if self.kinds.get(name) in DATES:
            return date_parts(self.moment(name))["days"]
        read = as_booleans if self.kinds.get(name) == "boolean" else as_numbers
        return read(self.table[name])

    def key(self, names: Sequence[str]) -> np.ndarray:
        """Returns str objects (rows,), equal where all the columns are; "" where one is missing."""
        return joined_words([self._words(name) for name in names])

    def moment(self, name: str, form: str | None = None) -> np.ndarray:
        """Returns datetime64[s] (rows,), NaT where there is no date.

        Args:
            name: of a column of the table.
            form: strptime's format ("%Y%m%d"), or "s" or "ms" for time since 1970; None: by itself.
        """
        import pandas as pd

        if name not in self.table.columns:
            return np.full(len(self), self._gap(name, np.datetime64("NaT", "s")))
        if form is None:
            return as_dates(self.table[name], self.day_first.get(name, False))
        if form in EPOCHS:
            return _since_1970(as_numbers(self.table[name]) / EPOCHS[form])
        text = pd.Series(as_text(self.table[name]), dtype=object)
        parsed = pd.to_datetime(text, format=form, errors="coerce", utc=True)
        return parsed.dt.tz_localize(None).to_numpy().astype("datetime64[s]")

    def _words(self, name: str) -> np.ndarray:
        import pandas as pd

        if name in self.parts.categories:
            return self.parts.categories[name]
        if name in self.parts.numbers and name not in self.table.columns:
            return as_text(pd.Series(self.parts.numbers[name]))
        if name not in self.table.columns:
            return np.full(len(self), self._gap(name, ""), dtype=object)
        return as_text(self.table[name])

    def _gap(self, name: str, missing: Any) -> Any:
        """Returns the missing value for a part that the training rows did not show.

        A date's year, say, is no part where all training rows are of one year.

        Raises:
            DataError: no column has such parts.
        """
        if any(name.startswith(f"{column}.") for column in self.table.columns):
            return missing
        known = [*self.table.columns, *self.parts.numbers, *self.parts.categories]
        raise DataError(f"A feature reads {name!r}: there is no such column.{did_you_mean(name, known)}")


def _since_1970(seconds: np.ndarray) -> np.ndarray:
    """Returns datetime64[s] (rows,), NaT for what is no number, or a year with more than four digits."""
    moments = np.full(len(seconds), np.datetime64("NaT", "s"))
    sound = np.abs(seconds) < 2.5e11
    moments[sound] = seconds[sound].astype(np.int64).astype("datetime64[s]")
    return moments

"""A table's columns as the audit compares them: training and test values side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.columns import DATES, as_booleans, as_dates, as_numbers, as_text, column_kinds

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = {"numeric", "boolean", *DATES}
TEXTS = {"text", "code"}  # of which most rows have a value of their own


@dataclass(frozen=True)
class Column:
    """One column of both tables.

    Attributes:
        name: in the tables.
        kind: see `pipeline.data.columns`.
        train: (rows,) float64 with NaN where missing, or text with "" where missing.
        test: (test rows,) the same of the test table.
    """

    name: str
    kind: str
    train: np.ndarray
    test: np.ndarray

    @property
    def is_number(self) -> bool:
        return self.kind in NUMBERS

    @property
    def is_text(self) -> bool:
        return self.kind == "text"

    @cached_property
    def missing(self) -> tuple[float, float]:
        """Shares of the training and of the test rows without a value."""
        sides = (self.train, self.test)
        shares = [np.isnan(side) if self.is_number else side == "" for side in sides]
        return float(np.mean(shares[0])), float(np.mean(shares[1]))

    @cached_property
    def codes(self) -> tuple[np.ndarray, np.ndarray]:
        """Both sides as numbers that say which value it is: equal values, equal numbers.

        Numbers are as they are. Text is numbered by the alphabet over both tables, so that no number
        tells the side; missing text is -1.
        """
        if self.is_number:
            return self.train, self.test
        import pandas as pd

        both = np.concatenate([self.train, self.test])
        codes = pd.factorize(np.where(both == "", None, both), sort=True)[0]  # type: ignore[call-overload]
        return codes[: len(self.train)], codes[len(self.train) :]


def read_columns(train: pd.DataFrame, test: pd.DataFrame, declared: Mapping[str, str]) -> list[Column]:
    """Returns the columns that both tables have, in the order of the training table.

    Args:
        train: usable columns of the training rows.
        test: the same of the test rows.
        declared: kinds that the configuration states.
    """
    known = {name: kind for name, kind in declared.items() if name in train.columns}
    kinds = column_kinds(train, known)
    return [
        Column(name, kind, _values(train[name], kind), _values(test[name], kind))
        for name, kind in kinds.items()
    ]


def _values(column: pd.Series, kind: str) -> np.ndarray:
    if kind == "numeric":
        return as_numbers(column)
    if kind == "boolean":
        return as_booleans(column)
    if kind in DATES:
        dates = as_dates(column)
        return np.where(np.isnat(dates), np.nan, dates.astype(np.int64))
    return as_text(column)

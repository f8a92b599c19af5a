"""Takes a raw table apart into numbers, categories and texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.columns import DATES, as_booleans, as_dates, as_numbers, as_text, day_comes_first

if TYPE_CHECKING:
    import pandas as pd

# Parts of a moment that come round again, with their period; "year" and "days" only go on.
CYCLES = {"month": 12, "day": 31, "weekday": 7, "yearday": 366, "hour": 24, "minute": 60}


@dataclass
class Parts:
    """Columns by sort: name -> float64 (rows,) numbers, str objects (rows,) for the others.

    Attributes:
        uncoded: the categories that are given by frequency and mean target alone.
    """

    numbers: dict[str, np.ndarray] = field(default_factory=dict)
    categories: dict[str, np.ndarray] = field(default_factory=dict)
    texts: dict[str, np.ndarray] = field(default_factory=dict)
    uncoded: set[str] = field(default_factory=set)


class PartsMaker:
    """Derives the parts of each column by its kind.

    A code ("PC 17599") gives its prefix, its last number, how many words it has and itself as a
    category; a date gives the parts that vary in the training rows, cyclic ones also as sine and
    cosine, a "season" those alone; a text gives its length beside itself.

    Args:
        kinds: the kind by column, see `pipeline.data.columns.column_kinds`.
    """

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self.kinds = dict(kinds)

    def fit(self, table: pd.DataFrame) -> PartsMaker:
        """Learns the order of day and month, and which parts of dates vary."""
        dates = [name for name, kind in self.kinds.items() if kind in DATES]
        self.day_first_ = {name: day_comes_first(table[name]) for name in dates}
        self.varying_ = {}
        for name in dates:
            parts = date_parts(as_dates(table[name], self.day_first_[name]))
            self.varying_[name] = [
                part
                for part, values in parts.items()
                if (part in CYCLES or self.kinds[name] == "date")
                and len(np.unique(values[~np.isnan(values)])) > 1
            ]
        return self

    def transform(self, table: pd.DataFrame) -> Parts:
        """Returns the parts of the rows; columns that are not among the kinds are not looked at."""
        parts = Parts()
        for name, kind in self.kinds.items():
            if kind == "numeric":
                parts.numbers[name] = as_numbers(table[name])
            elif kind == "boolean":
                parts.numbers[name] = as_booleans(table[name])
            elif kind == "category":
                parts.categories[name] = as_text(table[name])
            elif kind == "code":
                _add_code(parts, name, as_text(table[name]))
            elif kind == "text":
                parts.texts[name] = as_text(table[name])
                parts.numbers[f"{name}.length"] = np.array([float(len(t)) for t in parts.texts[name]])
            elif kind in DATES:
                self._add_date(parts, name, table[name])
        return parts

    def _add_date(self, parts: Parts, name: str, column: pd.Series) -> None:
        found = date_parts(as_dates(column, self.day_first_[name]))
        for part in self.varying_[name]:
            parts.numbers[f"{name}.{part}"] = found[part]
            if part in CYCLES:
                angle = 2.0 * np.pi * found[part] / CYCLES[part]
                parts.numbers[f"{name}.{part}.sin"] = np.sin(angle)
                parts.numbers[f"{name}.{part}.cos"] = np.cos(angle)


def date_parts(moments: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the parts of datetime64[s] (rows,) moments, float64 (rows,), NaN where missing."""
    missing = np.isnat(moments)
    days = moments.astype("datetime64[D]")
    months = moments.astype("datetime64[M]")
    years = moments.astype("datetime64[Y]")
    seconds = (moments - days).astype(np.int64)
    parts = {
        "days": days.astype(np.int64) + seconds / 86_400.0,
        "year": years.astype(np.int64) + 1970,
        "month": (months - years).astype(np.int64) + 1,
        "day": (days - months).astype(np.int64) + 1,
        "weekday": (days.astype(np.int64) + 3) % 7,  # 1970-01-01 was a Thursday; Monday is 0
        "yearday": (days - years.astype("datetime64[D]")).astype(np.int64) + 1,
        "hour": seconds // 3600,
        "minute": seconds // 60 % 60,
    }
    return {name: np.where(missing, np.nan, values).astype(np.float64) for name, values in parts.items()}


def _add_code(parts: Parts, name: str, codes: np.ndarray) -> None:
    """Adds what the letters and digits of a code say, see `PartsMaker`."""
    numbers = [re.findall(r"\d+", code) for code in codes]
    parts.numbers[f"{name}.number"] = np.array([float(found[-1]) if found else np.nan for found in numbers])
    parts.numbers[f"{name}.words"] = np.array([float(len(code.split())) for code in codes])
    prefixes = [re.sub(r"[^A-Za-z]", "", re.split(r"\d", code)[0]).upper() for code in codes]
    parts.categories[f"{name}.prefix"] = np.array(prefixes, dtype=object)
    parts.categories[name] = codes

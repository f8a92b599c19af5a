"""Parts of a date."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from pipeline.data.encoders.parts import date_parts
from pipeline.data.features.base import FEATURES, Feature, State
from pipeline.data.features.sources import Sources

# fmt: off
PartName = Literal[
    "days", "year", "quarter", "month", "week", "day", "weekday", "yearday", "hour", "minute",
    "weekend", "month_start", "month_end",
]
# fmt: on


@FEATURES.register("dates")
class Dates(Feature):
    """Parts of a date as numbers, one column each: NAME.quarter, NAME.week.

    Of a column that is read as a date the others are there already: days since 1970, year, month,
    day, weekday (Monday is 0), yearday, hour, minute, those that vary.
    """

    kind: Literal["dates"]
    of: str = Field(description="a column of dates")
    parts: list[PartName] = Field(
        default=["quarter", "week", "weekend", "month_start", "month_end"],
        min_length=1,
        description="the parts wanted",
    )
    format: str | None = Field(
        default=None,
        description='how to read a column that is not seen to be one of dates: "%Y%m%d", or `s`, `ms` '
        "since 1970",
    )

    def moments(self) -> dict[str, str | None]:
        return {self.of: self.format}

    def suffixes(self) -> list[str]:
        return list(dict.fromkeys(self.parts))

    def make(self, sources: Sources, state: State, trained: bool) -> dict[str, np.ndarray]:
        found = more_parts(sources.moment(self.of, self.format))
        return {part: found[part] for part in self.parts}


def more_parts(moments: np.ndarray) -> dict[str, np.ndarray]:
    """Returns every part of datetime64[s] (rows,) moments, float64 (rows,), NaN where missing."""
    parts = date_parts(moments)
    tomorrow = date_parts(moments + np.timedelta64(86_400, "s"))
    missing = np.isnat(moments)
    parts["quarter"] = (parts["month"] - 1) // 3 + 1
    parts["week"] = _week(moments)
    for name, flag in (
        ("weekend", parts["weekday"] >= 5),
        ("month_start", parts["day"] == 1),
        ("month_end", tomorrow["day"] == 1),
    ):
        parts[name] = np.where(missing, np.nan, flag.astype(np.float64))
    return parts


def _week(moments: np.ndarray) -> np.ndarray:
    """Returns the week of the year by ISO 8601, 1 to 53."""
    import pandas as pd

    return pd.Series(moments).dt.isocalendar().week.to_numpy(np.float64, na_value=np.nan)

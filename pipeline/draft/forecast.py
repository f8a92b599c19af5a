"""Forecasts: the series that test rows go on, how far ahead they lie, and what is known by then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.data.columns import guess_kind
from pipeline.data.features.lags import MONTH, step_of
from pipeline.data.levels import joined_words
from pipeline.draft.choice import Choice, words
from pipeline.draft.codes import Codes
from pipeline.draft.split import moments_of
from pipeline.draft.trial import TableReading, Trials
from pipeline.errors import listing

if TYPE_CHECKING:
    import pandas as pd

MOST_NAMED_BY = 3  # columns that name a series
MOST_CANDIDATES = 8
ONCE = 0.999  # of the rows must be alone in their series at their moment
GOES_ON = 0.8  # of the test rows must find their series in training
FEWEST_MOMENTS = 8  # of a series, in the mean
REGULAR = 0.5  # of the distances in time must be one step: events at any time are no series
SEASONS = {"hour": 24, "day": 7, "date": 7, "week": 52, "month": 12}  # by the name of a numbered time
DAY_SECONDS = 86_400.0
YEAR_OF_DAYS = 364  # whole weeks
YEARS = {1.0: YEAR_OF_DAYS, 7.0: 52, MONTH: 12}  # steps of a year by the days of a step
NEAR = 0.25  # of a year
FEWEST_FOLDS, MOST_FOLDS = 2, 5
FEWEST_SCORED = 0.05  # of the moments, in each fold


@dataclass(frozen=True)
class Forecast:
    """Series that the test rows go on, and how far.

    Attributes:
        time: the column that orders the rows.
        series: the columns that name a row's series; none where there is one series only.
        steps: moments of training, from the first to the last.
        horizon: steps from the last training moment to the last of the test.
        seasons: steps of the seasons, the shortest first.
        dated: whether the time is a date rather than a number.
        year: steps of a year, where they are days, weeks or months of dates; None where that is not known.
    """

    time: str
    series: tuple[str, ...]
    steps: int
    horizon: int
    seasons: tuple[int, ...]
    dated: bool
    year: int | None = None

    @property
    def n(self) -> Choice[int]:
        """The number of folds."""
        n = int(np.clip(round(self.steps / self.horizon) - 1, FEWEST_FOLDS, MOST_FOLDS))
        return Choice(n, f"the test looks {self.horizon} steps ahead, {self.steps} are known")

    @property
    def ahead(self) -> int | None:
        """The steps of a fold; None where equal blocks look no further ahead than the test does.

        What is known a year ahead says little of what is worth knowing a month ahead.
        """
        ahead = max(self.horizon, ceil(FEWEST_SCORED * self.steps))
        return ahead if ahead * (self.n.value + 1) < self.steps else None

    @property
    def past_tells(self) -> bool:
        """Whether what comes with the age of a value can be told from what comes with the season.

        Far ahead it cannot where no year is known but one: the values that are old enough are then
        all of another season, and no fold shows what they are worth in the test's.
        """
        if self.year is None or self.horizon <= NEAR * self.year:
            return True
        return self.steps >= self.year + self.horizon

    def features(self, taken: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """Returns the features of the past, name -> parameters."""
        names = (
            name for name in ("past", "past_years", "past_values", "past_year_values") if name not in taken
        )
        series = {"series": list(self.series)} if self.series else {}
        return {
            next(names): {"lags": {"time": self.time, **series, "horizon": self.horizon, **season}}
            for season in ([{"season": season} for season in self.seasons] or [{}])
        }


def find_forecast(train: pd.DataFrame, test: pd.DataFrame, time: str, columns: list[str]) -> Forecast | None:
    """Returns the series that the test rows go on, or None where they are no series.

    Args:
        train: training table.
        test: test table, whose rows all come after the training rows.
        time: the column that says so.
        columns: that both have and that may name series.
    """
    before, after = moments_of(train[time], told=True), moments_of(test[time], told=True)
    if before is None or after is None:
        return None
    if dated := guess_kind(train[time]) == "date":
        before, after = before / DAY_SECONDS, after / DAY_SECONDS
    series = _series(train, test, before, [name for name in columns if name != time])
    if series is None:
        return None
    keys = np.unique(_names(train, series), return_inverse=True)[1]
    step, regular = step_of(keys, before, dated)
    if regular < REGULAR:
        return None
    steps, horizon = (
        round((before.max() - before.min()) / step) + 1,
        round((after.max() - before.max()) / step),
    )
    if len(before) / (keys.max() + 1) < FEWEST_MOMENTS or not 1 <= horizon < steps:
        return None
    seasons = tuple(season for season in _seasons(time, step, dated) if season < steps)
    return Forecast(time, series, steps, horizon, seasons, dated, YEARS.get(step) if dated else None)


def read_by_season(forecast: Forecast, trials: Trials) -> Codes:
    """Returns how the names of the series and the time are read: as categories, and as a season.

    Trees cannot go on with a trend: to them all test rows are as the last training rows were. Only
    where the folds say surely that the days themselves are of use are they kept.
    """
    kinds = dict.fromkeys(forecast.series, "category")
    said = [f"{listing(forecast.series)} name the series"] if forecast.series else []
    if forecast.dated:
        season = {**kinds, forecast.time: "season"}
        if not trials.gain(TableReading(season), TableReading(kinds)):
            kinds = season
            said.append(f"of {forecast.time} only what comes round again, for the test lies after training")
    return Codes(kinds, {}, {"columns": "; ".join(said)} if said else {})


def with_past(forecast: Forecast, trials: Trials, read: Codes) -> Codes:
    """Returns how the table is read, with past values of the target where they prove better."""
    if not forecast.past_tells:
        return read
    features = forecast.features(trials.table.columns)
    wanted = {**read.features, **features}
    gain = trials.gain_lately(TableReading(read.kinds, read.features), TableReading(read.kinds, wanted))
    if not gain:
        return read
    by = " and ".join(forecast.series) or "all rows"
    reason = f"values of {by} that are known {forecast.horizon} steps ahead: better by {gain}"
    return Codes(read.kinds, wanted, {**read.reasons, **dict.fromkeys(features, reason)})


def _series(
    train: pd.DataFrame, test: pd.DataFrame, moments: np.ndarray, columns: list[str]
) -> tuple[str, ...] | None:
    """Returns the fewest columns whose values, together with the moment, are once in the table."""
    rows = len(train)
    levels = {name: train[name].nunique() for name in columns if not train[name].isna().any()}
    candidates = [name for name, count in levels.items() if 1 < count <= rows / FEWEST_MOMENTS]
    finest = sorted(candidates, key=lambda name: -levels[name])[:MOST_CANDIDATES]
    candidates = [name for name in candidates if name in finest]
    for number in range(MOST_NAMED_BY + 1):
        found = [named for named in combinations(candidates, number) if _alone(train, named, moments)]
        found = [named for named in found if _known(train, test, named)]
        if found:
            return min(found, key=lambda named: len(set(_names(train, named))))
    return None


def _alone(table: pd.DataFrame, named: tuple[str, ...], moments: np.ndarray) -> bool:
    import pandas as pd

    return bool((~pd.DataFrame({"k": _names(table, named), "t": moments}).duplicated()).mean() >= ONCE)


def _known(train: pd.DataFrame, test: pd.DataFrame, named: tuple[str, ...]) -> bool:
    return bool(np.isin(_names(test, named), np.unique(_names(train, named))).mean() >= GOES_ON)


def series_of(table: pd.DataFrame, forecast: Forecast) -> np.ndarray:
    """Returns text (rows,): the names of the rows' series."""
    return _names(table, forecast.series)


def _names(table: pd.DataFrame, named: tuple[str, ...]) -> np.ndarray:
    """Returns text (rows,): the names of the rows' series."""
    if not named:
        return np.full(len(table), "all")
    return joined_words([table[name].astype(str).to_numpy(dtype=object) for name in named]).astype(str)


def _seasons(time: str, step: float, dated: bool) -> list[int]:
    """Returns the steps of the seasons that moments so far apart have."""
    if not dated:
        named = [season for word, season in SEASONS.items() if word in words(time)]
        return named[:1] if step == 1.0 else []
    if step < 1.0:
        return [round(1.0 / step)] if round(1.0 / step) > 1 else []
    week = [7] if step == 1.0 else []
    return [*week, YEARS[step]] if step in YEARS else []

"""Past values of the target of each series, as far as they are known when a row is predicted."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from pipeline.data.columns import DATES
from pipeline.data.features.base import FEATURES, Feature, State
from pipeline.data.features.sources import Sources
from pipeline.data.levels import level_numbers
from pipeline.errors import DataError

MOST_CELLS = 20_000_000  # series times steps: 80 MB, and 400 MB while columns are made
MONTH, SHORTEST_MONTH, LONGEST_MONTH = 365.25 / 12, 28, 31  # days
SEASONS_BACK = 2  # whose values are columns of their own; the mean is over all that are known


@FEATURES.register("lags")
class Lags(Feature):
    """Past target values by series: NAME.last, NAME.mean, NAME.mean4, NAME.season1 and so on.

    A row that follows the training rows sees all values of its series that they hold. A training row,
    and one between them, is shown what a test row would see: the values up to `age` steps before it,
    the age of each drawn from 1 to `horizon`. So both sides know equally little, and a model learns
    what each value is worth by its age. A step is the most frequent distance of a series' moments.

    `last` is the latest value that is known, `age` how many steps ago everything ends, `mean` the mean
    of all values, `count` their number, `meanW` the mean of the latest W steps, `season1` the value a
    whole number of seasons before the row, the first that is known, `season2` a season earlier,
    `around` the mean of the steps next to `season1`, `seasons` the mean of all whole seasons before.

    Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice (3rd ed., 2021), sections 5.2
    (naive and seasonal naive methods) and 13.8 (forecasting on training and test sets: direct forecasts
    of several steps).
    """

    kind: Literal["lags"]
    time: str = Field(description="the column of dates or numbers that orders the rows")
    series: list[str] = Field(
        default=[], description="the columns that name a row's series; none: one series"
    )
    horizon: int = Field(ge=1, description="steps from the last known value to the last row of the test")
    season: int | None = Field(default=None, ge=2, description="steps of a season: 52 of weeks, 7 of days")
    windows: list[int] = Field(default=[4, 13], description="steps of the latest means")

    def amounts(self) -> list[str]:
        return [self.time]

    def alike(self) -> list[str]:
        return self.series

    def suffixes(self) -> list[str]:
        names = ["last", "age", "mean", "count", *(f"mean{window}" for window in dict.fromkeys(self.windows))]
        if self.season is None:
            return names
        return [*names, *(f"season{number}" for number in range(1, SEASONS_BACK + 1)), "around", "seasons"]

    def learn(self, sources: Sources) -> State:
        if sources.targets is None or sources.targets.shape[1] != 1:
            raise DataError("A feature of the kind `lags` needs one number as the target of every row.")
        keys, moments = self._keys(sources), sources.number(self.time)
        levels = np.unique(keys[keys != ""].astype(str))
        series = level_numbers(levels, keys)
        kept = (series >= 0) & ~np.isnan(moments)
        series, moments, target = series[kept], moments[kept], sources.targets[kept, 0]
        step, _ = step_of(series, moments, sources.kinds.get(self.time) in DATES)
        start = moments.min() if len(moments) else 0.0
        place = np.round((moments - start) / step).astype(np.int64)
        length = int(place.max()) + 1 if len(place) else 1
        if len(levels) * length > MOST_CELLS:
            raise DataError(
                f"`lags` over {len(levels):,} series of {length:,} steps: at most {MOST_CELLS:,} cells are "
                "kept. Name series by fewer columns."
            )
        cells, size = series * length + place, (len(levels) + 1) * length  # the last series is unknown
        number = np.bincount(cells, minlength=size)
        total = np.bincount(cells, target, minlength=size)
        values = np.where(number > 0, total / np.maximum(number, 1), np.nan).astype(np.float32)
        grid = np.array([start, step], np.float64)
        return {"levels": levels, "grid": grid, "values": values.reshape(len(levels) + 1, length)}

    def make(self, sources: Sources, state: State, trained: bool) -> dict[str, np.ndarray]:
        start, step = state["grid"]
        series = level_numbers(state["levels"], self._keys(sources))
        moments = sources.number(self.time)
        gone = np.isnan(moments)
        place = np.round((np.where(gone, start, moments) - start) / step).astype(np.int64)
        place[gone] = -1  # before the first: nothing is known
        latest = state["values"].shape[1] - 1
        age = np.where(place > latest, place - latest, _drawn(series, place, self.horizon))
        past = _Past(state["values"], series, place, place - age)
        total, count = past.window(None)
        found = {
            "last": past.last(),
            "age": np.where(gone, np.nan, age),
            "mean": _ratio(total, count),
            "count": count.astype(np.float64),
        }
        for window in dict.fromkeys(self.windows):
            found[f"mean{window}"] = _ratio(*past.window(window))
        return found if self.season is None else found | _seasonal(past, self.season)

    def _keys(self, sources: Sources) -> np.ndarray:
        return sources.key(self.series) if self.series else np.full(len(sources), "all", dtype=object)


class _Past:
    """Values of the rows' series up to a step of each row.

    Args:
        values: float32 (series + 1, steps), NaN where there is none; the last series has none.
        series: int64 (rows,), -1 for the last.
        place: int64 (rows,), the step of each row.
        end: int64 (rows,), the latest step that is known of it.
    """

    def __init__(self, values: np.ndarray, series: np.ndarray, place: np.ndarray, end: np.ndarray) -> None:
        self.values, self.series, self.place, self.end = values, series, place, end
        present = ~np.isnan(values)
        before = np.zeros((len(values), 1), np.int32)
        self.totals = np.hstack([before, np.cumsum(np.where(present, values, 0.0), axis=1, dtype=np.float64)])
        self.counts = np.hstack([before, np.cumsum(present, axis=1, dtype=np.int32)])

    def at(self, back: np.ndarray) -> np.ndarray:
        """Returns float64 (rows,), the values so many steps before the rows, where they are known."""
        place = self.place - back
        known = (place >= 0) & (place <= np.minimum(self.end, self.values.shape[1] - 1))
        found = self.values[self.series, np.where(known, place, 0)].astype(np.float64)
        return np.where(known, found, np.nan)

    def window(self, steps: int | None) -> tuple[np.ndarray, np.ndarray]:
        """Returns the sum and the number of the values in the steps that end there; None: in all."""
        most = self.values.shape[1]
        stop = np.clip(self.end + 1, 0, most)
        start = np.zeros_like(stop) if steps is None else np.clip(self.end + 1 - steps, 0, most)
        total = self.totals[self.series, stop] - self.totals[self.series, start]
        return total, self.counts[self.series, stop] - self.counts[self.series, start]

    def last(self) -> np.ndarray:
        """Returns the latest value of each row."""
        steps = np.where(np.isnan(self.values), np.int32(-1), np.arange(self.values.shape[1], dtype=np.int32))
        latest = np.maximum.accumulate(steps, axis=1)
        place = np.clip(self.end, -1, self.values.shape[1] - 1)
        chosen = np.where(place < 0, -1, latest[self.series, np.maximum(place, 0)])
        return np.where(chosen < 0, np.nan, self.values[self.series, chosen].astype(np.float64))


def _seasonal(past: _Past, season: int) -> dict[str, np.ndarray]:
    """Returns what the series were whole seasons before the rows."""
    first = -(-(past.place - past.end) // season) * season  # steps back to the first that is known
    count = max(SEASONS_BACK, past.values.shape[1] // season + 1)
    back = [past.at(first + number * season) for number in range(count)]
    found = {f"season{number}": back[number - 1] for number in range(1, SEASONS_BACK + 1)}
    near = [past.at(first + shift) for shift in (-1, 0, 1)]
    return found | {"around": _mean(near), "seasons": _mean(back)}


def _drawn(series: np.ndarray, place: np.ndarray, horizon: int) -> np.ndarray:
    """Returns int64 (rows,), from 1 to the horizon, by series and step: the same whatever rows stand beside.

    Source: the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014, figure 16).
    """
    mixed = series.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + place.astype(np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return (mixed % np.uint64(horizon)).astype(np.int64) + 1


def _mean(columns: list[np.ndarray]) -> np.ndarray:
    """Returns the mean of the columns that have a value."""
    values = np.stack(columns)
    return _ratio(np.nansum(values, axis=0), (~np.isnan(values)).sum(axis=0))


def _ratio(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def step_of(series: np.ndarray, moments: np.ndarray, dated: bool) -> tuple[float, float]:
    """Returns the most frequent distance between neighbouring moments of a series, and the share that has it.

    Of equally frequent ones it is the shorter.

    Args:
        series: int (rows,), its number.
        moments: float (rows,); of dates the days since 1970.
        dated: whether they are dates; a step of 28 to 31 days is a month, which takes 30.4 in the mean.
    """
    order = np.lexsort((moments, series))
    apart = np.diff(moments[order])[np.diff(series[order]) == 0]
    apart = np.round(apart[apart > 0], 6)
    if not len(apart):
        return 1.0, 0.0
    distances, times = np.unique(apart, return_counts=True)
    step = float(distances[np.argmax(times)])
    if dated and SHORTEST_MONTH <= step <= LONGEST_MONTH:
        return MONTH, float(((apart >= SHORTEST_MONTH) & (apart <= LONGEST_MONTH)).mean())
    return step, float(times.max() / len(apart))

"""Statistics of a number over the rows that share a value."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from pipeline.data.features.base import FEATURES, Feature, State
from pipeline.data.features.sources import Sources
from pipeline.data.levels import level_numbers

Statistic = Literal["mean", "std", "min", "max", "median", "count", "rank", "difference"]
ORDERED = {"median", "rank"}  # what takes every value of a group, not sums alone


@FEATURES.register("group")
class Group(Feature):
    """Group statistics of a number by the training rows: NAME.mean, NAME.std and so on.

    The row itself is one of its group, in training as later, so that a small group looks alike on
    both sides; a group that no training row is in holds that row alone. Missing where the group's
    name is, or where no row of the group has a number.
    """

    kind: Literal["group"]
    by: str | list[str] = Field(
        min_length=1, description="the column whose equal values make a group, or several"
    )
    of: str = Field(description="the column of the numbers")
    what: list[Statistic] = Field(
        default=["mean", "difference"],
        min_length=1,
        description="`count` of rows; `rank` of the row's number in its group, from 0 to 1; `difference` "
        "of the row's number and the mean",
    )

    def amounts(self) -> list[str]:
        return [self.of]

    def alike(self) -> list[str]:
        return [self.by] if isinstance(self.by, str) else self.by

    def suffixes(self) -> list[str]:
        return list(dict.fromkeys(self.what))

    def learn(self, sources: Sources) -> State:
        keys, values = sources.key(self.alike()), sources.number(self.of)
        levels = np.unique(keys[keys != ""].astype(str))
        groups, size = level_numbers(levels, keys), len(levels) + 1
        # The last place is that of rows without a group, and stays as empty as an unseen group is.
        rows = np.bincount(groups[groups >= 0], minlength=size)
        kept = (groups >= 0) & ~np.isnan(values)
        groups, values = groups[kept], values[kept]
        present = np.bincount(groups, minlength=size)
        mean = np.bincount(groups, values, minlength=size) / np.maximum(present, 1)
        squares = np.bincount(groups, (values - mean[groups]) ** 2, minlength=size)
        least, most = np.full(size, np.nan), np.full(size, np.nan)
        np.fmin.at(least, groups, values)
        np.fmax.at(most, groups, values)
        state = {
            "levels": levels,
            "rows": rows,
            "present": present,
            "mean": mean,
            "squares": squares,
            "min": least,
            "max": most,
        }
        if ORDERED & set(self.what):
            state["sorted"] = values[np.lexsort((values, groups))]  # by group, then by value
        return state

    def make(self, sources: Sources, state: State, trained: bool) -> dict[str, np.ndarray]:
        keys, values = sources.key(self.alike()), sources.number(self.of)
        groups = level_numbers(state["levels"], keys)
        own = np.zeros(len(values), np.int64) if trained else (~np.isnan(values)).astype(np.int64)
        found = _moments(state, groups, values, own)
        found["count"] = state["rows"][groups] + (0.0 if trained else 1.0)
        if ORDERED & set(self.what):
            found |= _order(state, groups, values, own)
        return {name: np.where(keys == "", np.nan, found[name]) for name in self.what}


def _moments(state: State, groups: np.ndarray, values: np.ndarray, own: np.ndarray) -> dict[str, np.ndarray]:
    """Returns mean, std, min, max and difference of each row's group.

    Args:
        groups: int64 (rows,), -1 for an empty one.
        values: float64 (rows,).
        own: int64 (rows,), 1 where the row's own value is not among those of the state.
    """
    before = state["present"][groups]
    number = np.where(before + own > 0, before + own, np.nan)
    step = np.where(own == 1, values - state["mean"][groups], 0.0)
    mean = np.where(number > 0, state["mean"][groups] + step / number, np.nan)
    squares = state["squares"][groups] + step**2 * before / number  # Welford's update by one value
    added = np.where(own == 1, values, np.nan)
    return {
        "mean": mean,
        "std": np.sqrt(squares / number),
        "min": np.fmin(state["min"][groups], added),
        "max": np.fmax(state["max"][groups], added),
        "difference": values - mean,
    }


def _order(state: State, groups: np.ndarray, values: np.ndarray, own: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the median of each row's group, and the row's mean rank in it over its size."""
    ordered, before = state["sorted"], state["present"][groups]
    starts = (np.cumsum(state["present"]) - state["present"])[groups]
    less = _count_below(state, groups, values, "left")
    ties = _count_below(state, groups, values, "right") - less
    number = before + own
    rank = np.where(np.isnan(values), np.nan, (less + (ties + own + 1) / 2) / np.maximum(number, 1))

    def at(place: np.ndarray) -> np.ndarray:
        """Returns the value at a place of the group in order, the row's own value put in."""
        shift = (own == 1) & (place > less)
        inside = np.clip(starts + place - shift, 0, max(len(ordered) - 1, 0))
        found = ordered[inside] if len(ordered) else np.full(len(place), np.nan)
        return np.where((own == 1) & (place == less), values, found)

    median = (at(np.maximum(number - 1, 0) // 2) + at(number // 2)) / 2
    return {"rank": rank, "median": np.where(number > 0, median, np.nan)}


def _count_below(state: State, groups: np.ndarray, values: np.ndarray, side: Literal["left", "right"]):
    """Returns int64 (rows,): how many values of the row's group are below its own ("right": or equal).

    One search serves all groups: a value's place among all distinct values, and the group's number
    before it, make one integer that sorts as (group, value) does.
    """
    ordered, present = state["sorted"], state["present"]
    distinct = np.unique(ordered)
    width = len(distinct) + 1
    stored = np.repeat(np.arange(len(present)), present) * width + np.searchsorted(distinct, ordered)
    group = np.where(groups < 0, len(present) - 1, groups)
    wanted = group * width + np.searchsorted(distinct, values, side=side)
    starts = (np.cumsum(present) - present)[group]
    return np.searchsorted(stored, wanted) - starts

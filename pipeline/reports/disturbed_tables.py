"""Disturbances of tables: numbers that are a little off, and cells that are empty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

FEW = 10  # different values, up to which a number may be a code: it is left as it is


@dataclass(frozen=True)
class TableDisturbance:
    """One way in which the cells of a table are disturbed, in several strengths.

    Attributes:
        name: in words.
        strengths: from weak to strong, in the unit that a person reads.
        unit: of the strengths, with a place for the number.
        remedy: "": a table is not augmented.
        change: takes the rows, the strength, a generator of random numbers and the columns' deviations
            (`deviations`); returns rows.
    """

    name: str
    strengths: tuple[float, ...]
    unit: str
    change: Callable[[pd.DataFrame, float, np.random.Generator, dict[str, float]], pd.DataFrame]
    remedy: str = ""

    def said(self, strength: float) -> str:
        """Returns a strength as a person reads it."""
        return self.unit.format(f"{strength:g}")


def deviations(frame: pd.DataFrame, rows: np.ndarray) -> dict[str, float]:
    """Returns the standard deviation in some rows of each column that measures something, by its name."""
    some = frame.iloc[rows]
    found = {}
    for name in some.columns:
        column = some[name]
        if column.dtype.kind in "iuf" and column.nunique() > FEW:
            found[str(name)] = float(np.nanstd(column.to_numpy(float)))
    return found


def off(
    frame: pd.DataFrame, percent: float, random: np.random.Generator, spread: dict[str, float]
) -> pd.DataFrame:
    """Adds Gaussian noise to numbers, its deviation in percent of the column's; whole numbers stay whole."""
    found = frame.copy()
    for name, deviation in spread.items():
        values = frame[name].to_numpy(float) + random.normal(0.0, percent / 100 * deviation, len(frame))
        found[name] = np.rint(values) if frame[name].dtype.kind in "iu" else values
    return found


def emptied(
    frame: pd.DataFrame, percent: float, random: np.random.Generator, spread: dict[str, float]
) -> pd.DataFrame:
    """Empties so many cells of every column, in percent; those that say yes or no have no room for it."""
    empty = random.random(frame.shape) < percent / 100
    empty[:, [column.dtype.kind == "b" for _, column in frame.items()]] = False
    return frame.mask(empty)


TABLE_DISTURBANCES = (
    TableDisturbance("numbers off", (1, 10, 30), "{} % of the deviation", off),
    TableDisturbance("cells empty", (5, 20, 50), "{} % of the cells", emptied),
)

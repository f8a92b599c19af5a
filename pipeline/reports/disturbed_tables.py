"""Disturbances of tables: numbers that are a little off, and cells that are empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.reports.disturbances import Disturbance

if TYPE_CHECKING:
    import pandas as pd

FEW = 10  # different values, up to which a number may be a code: it is left as it is


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
    Disturbance("numbers off", (1, 10, 30), "{} % of the deviation", off),
    Disturbance("cells empty", (5, 20, 50), "{} % of the cells", emptied),
)

"""Windows of a row: several pictures of it, each of which a network learns from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pipeline.context import Context
from pipeline.data.rows import Dataset, Rows

Predict = Callable[[Rows], np.ndarray]


def windows_of(rows: Rows) -> int:
    """Returns how many pictures there are of each row."""
    pictures = rows.dataset.pictures
    return 1 if pictures is None else int(pictures.windows)


def by_window(rows: Rows) -> Rows:
    """Returns rows of which each is one window, in their order; the rows themselves where so they are.

    Target and weight of a window are those of its row.
    """
    count, dataset = windows_of(rows), rows.dataset
    if count == 1:
        return rows
    target, weights = (
        None if values is None else np.repeat(np.asarray(values), count, axis=0)
        for values in (dataset.target, dataset.weights)
    )
    parts = {
        name: replace(part, windows=1) for name, part in dataset.parts.items() if hasattr(part, "windows")
    }
    parts |= {
        name: replace(part, values=np.repeat(part.values, count, axis=0))
        for name, part in dataset.parts.items()
        if name.endswith(".lesson")
    }
    windows = Dataset(np.repeat(dataset.ids, count), parts, target, weights)
    return Rows(windows, (rows.positions[:, None] * count + np.arange(count)).ravel())


def mean_of_windows(values: np.ndarray, count: int) -> np.ndarray:
    """Returns (rows, ...) of values (rows x windows, ...): the mean over each row's windows."""
    if count == 1:
        return values
    found: np.ndarray = values.reshape(-1, count, *values.shape[1:]).mean(axis=1)
    return found


def watching(context: Context, train: Rows) -> Callable[[float, Predict], None] | None:
    """Returns who watches a fit; it asks for predictions of rows, where the fit knows windows only."""
    watch, count = context.watch, windows_of(train)
    if watch is None or count == 1:
        return watch

    def watch_rows(fraction: float, predict: Predict) -> None:
        watch(fraction, lambda rows: mean_of_windows(predict(by_window(rows)), count))

    return watch_rows

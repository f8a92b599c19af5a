"""Parts of a column: rows of about the same value, in about equal numbers."""

from __future__ import annotations

import numpy as np

PARTS = 10


def parts_of(values: np.ndarray) -> list[np.ndarray]:
    """Returns positions of rows by the size of their value: a part for each value where these are few.

    Equal values are never parted; rows without a value are in no part.

    Args:
        values: float (rows,), NaN where there is none.
    """
    known = np.flatnonzero(np.isfinite(values))
    levels = np.unique(values[known])
    if len(levels) > PARTS:
        edges = np.unique(np.quantile(values[known], np.linspace(0, 1, PARTS + 1)))
        part = np.clip(np.searchsorted(edges, values[known], side="right") - 1, 0, len(edges) - 2)
    else:
        part = np.searchsorted(levels, values[known])
    return [known[part == number] for number in np.unique(part)]

"""Strata by rank: rows of about as large a number, which every fold shall hold some of."""

from __future__ import annotations

import numpy as np

ROWS = 20  # of a stratum, at least


def by_rank(numbers: np.ndarray, most: int) -> np.ndarray:
    """Returns int64 (rows,): the stratum of each row, those of the least numbers 0.

    Args:
        numbers: (rows,), which rank the rows; of equal ones the first goes first.
        most: strata.
    """
    strata = int(np.clip(len(numbers) // ROWS, 1, most))
    ranks = np.argsort(np.argsort(numbers, kind="stable"), kind="stable")
    return ranks * strata // max(1, len(numbers))


def beside_one(numbers: np.ndarray, ranked: np.ndarray, most: int) -> np.ndarray:
    """Returns int64 (rows,): 0 for the rows that are not ranked, from 1 the strata of the others.

    Args:
        numbers: (rows,).
        ranked: bool (rows,): which rows are ranked by them.
        most: strata of these.
    """
    found = np.zeros(len(numbers), np.int64)
    found[ranked] = 1 + by_rank(numbers[ranked], most)
    return found

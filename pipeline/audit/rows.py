"""Copies among the rows of a table: exact ones, and ones that differ by a trifle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from pipeline.audit.columns import Column
from pipeline.audit.copies import Copies, connected

NEAR = 0.001  # of a column's standard deviation: numbers closer than this are the same
DIRECTIONS = 6  # into which numbers are projected before neighbours are searched
NEIGHBOURS = 3  # looked at for every row
MOST_ROWS = 300_000  # beyond which only exact copies are searched
FACTOR = 6_364_136_223_846_793_005  # odd, so that no bit is lost (Knuth, TAOCP 2, section 3.3.4)


def row_copies(columns: Sequence[Column], seed: int = 0) -> Copies | None:
    """Finds rows with the same values, or whose numbers differ by less than `NEAR` deviations.

    Args:
        columns: of both tables.
        seed: of the projections.

    Returns:
        The copies; None where fewer than two columns vary, so that equal rows mean nothing.
    """
    columns = [column for column in columns if column.kind != "constant"]
    if len(columns) < 2:
        return None
    rows = len(columns[0].train)
    exact = _same(np.concatenate(column.codes) for column in columns)
    groups = exact
    numbers = [column for column in columns if column.is_number]
    if numbers and len(exact) <= MOST_ROWS:
        groups = _join_near(exact, columns, numbers, seed)
    return Copies("rows", groups[:rows], groups[rows:])


def _same(columns: Iterable[np.ndarray]) -> np.ndarray:
    """Returns int64 (rows,): equal for rows that are equal in every column; NaN equals NaN.

    Columns are hashed one after the other, so that memory never holds them side by side.
    """
    import pandas as pd

    mixed: np.ndarray = np.zeros(1, np.uint64)
    for values in columns:
        mixed = (mixed * np.uint64(FACTOR)) ^ pd.util.hash_array(values)
    return np.unique(mixed, return_inverse=True)[1]


def _join_near(exact: np.ndarray, columns: Sequence[Column], numbers: list[Column], seed: int) -> np.ndarray:
    """Joins groups of equal rows whose texts are equal and whose numbers are near."""
    first = np.unique(exact, return_index=True)[1]  # one row stands for its copies
    matrix = np.column_stack([np.concatenate(column.codes)[first] for column in numbers]).astype(np.float64)
    scale = np.nanstd(matrix, axis=0)
    matrix /= np.where(scale > 0, scale, 1.0)
    rest = [np.concatenate(column.codes)[first] for column in columns if not column.is_number]
    fixed = _same([*rest, *np.isnan(matrix).T]) if rest or np.isnan(matrix).any() else np.zeros(len(first))
    matrix = np.nan_to_num(matrix)
    pairs = _near_pairs(matrix, fixed, seed)
    return connected(len(first), pairs)[exact]


def _near_pairs(matrix: np.ndarray, fixed: np.ndarray, seed: int) -> np.ndarray:
    """Returns int64 (pairs, 2): rows with the same `fixed` value and every number within `NEAR`."""
    from scipy.spatial import cKDTree

    width = matrix.shape[1]
    space = matrix
    if width > DIRECTIONS:  # projections never lengthen a distance, so no pair is lost
        draw = np.random.default_rng(seed).normal(size=(width, DIRECTIONS))
        space = matrix @ np.linalg.qr(draw)[0]
    far = 2 * NEAR * np.sqrt(width)
    space = np.column_stack([space, far * np.unique(fixed, return_inverse=True)[1]])
    distances, found = cKDTree(space, balanced_tree=False).query(
        space, k=min(NEIGHBOURS + 1, len(space)), distance_upper_bound=NEAR * np.sqrt(width)
    )
    row, place = np.nonzero(np.isfinite(np.atleast_2d(distances)))
    other = np.atleast_2d(found)[row, place]
    keep = other > row
    row, other = row[keep], other[keep]
    near = (np.abs(matrix[row] - matrix[other]) <= NEAR).all(axis=1)
    return np.stack([row[near], other[near]], axis=1)

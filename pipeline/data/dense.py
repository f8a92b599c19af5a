"""Predictions that are pictures: float16, a part of the rows at a time, on disk where they are large.

Or boxes (see `pipeline.tasks.box_array`): what is averaged of pictures is fused of these.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from pipeline.tasks.box_array import BOX, fused, is_boxes

DENSE = np.dtype(np.float16)  # predictions of this type are pictures
IN_MEMORY = 2**26  # values up to which an array stays in memory
AT_ONCE = 2**22  # values worked on at a time
OVERLAP = 0.55  # IoU above which boxes of several answers are one, as in the paper of the fusion


def is_dense(values: np.ndarray) -> bool:
    """Says whether predictions are pictures, or boxes on them."""
    return values.dtype in (DENSE, BOX)


def same(values: np.ndarray, others: np.ndarray) -> bool:
    """Says whether two predictions are the same; no number is the same as no number."""
    if is_boxes(values):
        return values.shape == others.shape and values.tobytes() == others.tobytes()
    if values.dtype != DENSE or values.shape != others.shape:
        return np.array_equal(values, others, equal_nan=True)
    parts = parts_of(*values.shape)
    return all(np.array_equal(values[part], others[part], equal_nan=True) for part in parts)


def numbers_of(values: np.ndarray) -> np.ndarray:
    """Returns predictions as float64 (rows, numbers); of boxes all that is said of each."""
    if is_boxes(values):
        values = np.ascontiguousarray(values).view(np.float32).reshape(len(values), -1)
    return np.asarray(values, np.float64)


def room(shape: tuple[int, ...], fill: float | None = None, kind: np.dtype = DENSE) -> np.ndarray:
    """Returns a new array; a large one lies in a file that nobody else sees."""
    if np.prod(shape, dtype=np.int64) <= IN_MEMORY:
        values = np.empty(shape, kind)
    else:
        values = np.memmap(tempfile.TemporaryFile(), kind, "w+", shape=shape)  # noqa: SIM115 (lives on)
    if fill is not None:
        values[:] = fill
    return values


def some(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Returns predictions of some rows; of pictures all of them as they are, others in a room of their own.

    Args:
        values: (all rows, outputs).
        rows: positions, or bool (all rows,).
    """
    if values.dtype != DENSE:
        return values[rows]
    rows = np.flatnonzero(rows) if rows.dtype == bool else rows
    if np.array_equal(rows, np.arange(len(values))):
        return values
    found = room((len(rows), values.shape[1]))
    for part, columns in parts_of(len(rows), values.shape[1]):
        found[part, columns] = values[rows[part], columns]
    return found


def copied(values: np.ndarray) -> np.ndarray:
    """Returns a copy of predictions that may be written to; of pictures in a room of its own."""
    if values.dtype != DENSE:
        return values.copy()
    found = room(values.shape)
    put(found, np.arange(len(values)), values)
    return found


def put(found: np.ndarray, rows: np.ndarray, values: np.ndarray) -> None:
    """Copies some rows of predictions to others of the same shape; a part at a time.

    Args:
        found: (all rows, outputs), written to.
        rows: positions of those that are copied.
        values: (all rows, outputs).
    """
    for part, columns in parts_of(len(rows), values.shape[1]):
        found[rows[part], columns] = values[rows[part], columns]


def parts_of(rows: int, outputs: int) -> Iterator[tuple[slice, slice]]:
    """Yields slices of rows and outputs that are worked on at a time: some rows, or a part of one."""
    step = max(1, AT_ONCE // max(1, outputs))
    for start in range(0, rows, step):
        for left in range(0, outputs, AT_ONCE):
            yield slice(start, min(start + step, rows)), slice(left, min(left + AT_ONCE, outputs))


def weighted(
    members: Sequence[np.ndarray],
    weights: Sequence[float],
    rows: np.ndarray | None = None,
    overlap: float = OVERLAP,
) -> np.ndarray:
    """Returns float16 (rows, outputs): the weighted sum of arrays; boxes are fused by their weights.

    Args:
        members: float16 (all rows, outputs).
        weights: one for each.
        rows: positions of the rows that are wanted; None: all.
        overlap: IoU above which boxes are one.
    """
    if is_boxes(members[0]):
        places = range(len(members[0])) if rows is None else rows.tolist()
        found = np.zeros((len(places), members[0].shape[1]), BOX)
        for place, row in enumerate(places):
            found[place] = fused([member[row] for member in members], weights, overlap, found.shape[1])
        return found
    count, outputs = len(members[0]) if rows is None else len(rows), members[0].shape[1]
    total = room((count, outputs))
    for part, columns in parts_of(count, outputs):
        at = part if rows is None else rows[part]
        total[part, columns] = sum(
            np.float32(w) * np.asarray(m[at, columns], np.float32)
            for m, w in zip(members, weights, strict=True)
        )
    return total


def mean(members: Sequence[np.ndarray]) -> np.ndarray:
    """Returns float16 (rows, outputs): the plain mean of arrays."""
    if len(members) == 1:
        return np.asarray(members[0])
    return weighted(members, [1.0 / len(members)] * len(members))


def finite_rows(values: np.ndarray) -> np.ndarray:
    """Returns bool (rows,): whether all values of a row are numbers."""
    if is_boxes(values):
        return np.isfinite(values["confidence"]).all(axis=1)
    found = np.ones(len(values), bool)
    for part, columns in parts_of(len(values), values.shape[1]):
        found[part] &= np.isfinite(values[part, columns]).all(axis=1)
    return found


def read_values(path: Path) -> np.ndarray:
    """Returns predictions from an .npy file; pictures stay there until they are looked at."""
    values = np.load(path, mmap_mode="r", allow_pickle=False)
    return values if is_dense(values) and values.size else np.array(values)

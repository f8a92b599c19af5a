"""Joined arrays: two as if they were one, which copies a row only when it is taken."""

from __future__ import annotations

from typing import Any, cast

import numpy as np


class Joined:
    """Rows of one array and, after them, those of another; usually memory maps of pictures.

    It stands where an array of rows does that is asked for its shape, its type and some of its rows.

    Args:
        first: (rows, ...).
        second: (other rows, ...), of the same shape and type otherwise.

    Example:
        >>> both = Joined(np.array([[1], [2]]), np.array([[3]]))
        >>> both.shape, both[np.array([2, 0])].tolist(), both[1].tolist()
        ((3, 1), [[3], [1]], [2])
    """

    def __init__(self, first: np.ndarray, second: np.ndarray) -> None:
        if first.shape[1:] != second.shape[1:]:
            raise ValueError(f"Rows of shape {first.shape[1:]} and {second.shape[1:]} cannot be joined.")
        self.parts = (first, second)
        self.shape = (len(first) + len(second), *first.shape[1:])
        self.dtype = first.dtype

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, positions: Any) -> np.ndarray:
        """Returns a row by its number, or some by an array of numbers."""
        first, second = self.parts
        if np.ndim(positions) == 0:
            at = int(positions)
            return np.asarray(first[at] if at < len(first) else second[at - len(first)])
        positions = np.asarray(positions)
        taken = np.empty((len(positions), *self.shape[1:]), self.dtype)
        late = positions >= len(first)
        taken[~late] = first[positions[~late]]
        taken[late] = second[positions[late] - len(first)]
        return taken


def joined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Returns both as one array, to whoever takes rows of it only; see `Joined`."""
    return cast(np.ndarray, Joined(first, second))


def arrays_of(array: np.ndarray) -> tuple[np.ndarray, ...]:
    """Returns the arrays that one is joined of; itself where it is plain."""
    return array.parts if isinstance(array, Joined) else (array,)

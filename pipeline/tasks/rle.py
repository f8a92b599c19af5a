"""Run lengths: a mask as text, "3 4 12 2": from pixel 3 on four, from pixel 12 on two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.errors import DataError

Order = Literal["columns", "rows"]
NONE = ("", "-1")  # cells of a mask without a pixel
AT_ONCE = 2**22  # pixels written at a time
PICTURES = 40  # looked at, where masks alone do not tell the order
SURE = 2.0  # standard errors by which the pictures must speak for rows
FORMS: tuple[tuple[Order, int], ...] = (("columns", 1), ("columns", 0), ("rows", 1), ("rows", 0))


@dataclass(frozen=True)
class RunLengths:
    """Writing of masks as run lengths. Kaggle's is column by column, the first pixel being 1.

    Attributes:
        order: whether pixels are counted down the columns, or along the rows.
        first: number of the first pixel: 1 or 0.

    Example:
        >>> mask = np.array([[0, 1], [1, 1]], np.uint8)
        >>> RunLengths().write(mask)
        '2 3'
        >>> RunLengths("rows", 0).write(mask)
        '1 3'
        >>> RunLengths().read("2 3", (2, 2)).tolist()
        [[0, 1], [1, 1]]
    """

    order: Order = "columns"
    first: int = 1

    def read(self, cell: str, size: tuple[int, int]) -> np.ndarray:
        """Returns the mask of a cell, uint8 (height, width) of 0 and 1.

        Raises:
            DataError: the cell holds no run lengths, or leaves the picture.
        """
        flat = np.zeros(size[0] * size[1], np.uint8)
        paint(flat, self.spans(cell, flat.size), 1)
        return self.shaped(flat, size)

    def spans(self, cell: str, pixels: int) -> np.ndarray:
        """Returns int64 (runs, 2): where each run begins and ends, pixels counted from 0.

        Raises:
            DataError: the cell holds no run lengths, or leaves a picture of so many pixels.
        """
        runs = runs_of(cell)
        runs[:, 0] -= self.first
        runs[:, 1] += runs[:, 0]
        if len(runs) and (runs[:, 0].min() < 0 or runs[:, 1].max() > pixels):
            raise DataError(
                f"Run lengths leave their picture of {pixels:,} pixels, counted from {self.first}. "
                f"Received: {_short(cell)}."
            )
        return runs

    def write(self, mask: np.ndarray) -> str:
        """Returns the cell of a mask (height, width); "" where no pixel is set."""
        array = np.asarray(mask)
        lines = array.T if self.order == "columns" else array
        along = lines.shape[1]
        edges, before = [np.zeros(0, np.int64)], np.zeros(1, bool)
        step = max(1, AT_ONCE // max(1, along))
        for start in range(0, len(lines), step):  # a large picture is never copied whole
            flat = np.concatenate([before, (lines[start : start + step] != 0).ravel()])
            edges.append(np.flatnonzero(flat[1:] != flat[:-1]) + start * along)
            before = flat[-1:]
        if before[0]:
            edges.append(np.array([array.size]))
        runs = np.concatenate(edges).reshape(-1, 2)
        runs[:, 1] -= runs[:, 0]
        runs[:, 0] += self.first
        return " ".join(map(str, runs.ravel().tolist()))

    def shaped(self, flat: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Returns a flat picture (pixels,) as (height, width)."""
        return flat.reshape(size, order="F" if self.order == "columns" else "C")


def paint(labels: np.ndarray, spans: np.ndarray, number: int) -> None:
    """Writes a number at the runs (runs, 2), begin and end, of a flat picture (pixels,), in place."""
    for begin, end in spans.tolist():
        labels[begin:end] = number


def is_rle(cell: str) -> bool:
    """Says whether a text can be run lengths: an even number of whole numbers, starts that rise."""
    words = cell.split()
    if not words or len(words) % 2 or not all(word.isdigit() for word in words):
        return False
    runs = np.array(words, np.float64).reshape(-1, 2)
    return bool((runs[:, 1] > 0).all() and (runs[1:, 0] >= runs[:-1].sum(axis=1)).all())


def runs_of(cell: str) -> np.ndarray:
    """Returns int64 (runs, 2), start and length as they stand there.

    Raises:
        DataError: the cell holds something else.
    """
    if cell.strip() in NONE:
        return np.zeros((0, 2), np.int64)
    words = cell.split()
    try:
        numbers = np.array(words, np.int64)
    except (ValueError, OverflowError):
        numbers = np.zeros(1, np.int64)
    if len(numbers) % 2 or (numbers < 0).any() or (numbers[1::2] < 1).any():
        raise DataError(
            "A cell of run lengths holds pairs of whole numbers, start and length, or nothing. "
            f"Received: {_short(cell)}."
        )
    return numbers.reshape(-1, 2)


def find_form(
    cells: Iterable[tuple[str, tuple[int, int]]], grey: Callable[[int], np.ndarray] | None = None
) -> RunLengths:
    """Returns the writing of cells, told by decoding them in every way.

    A cell that leaves its picture, or holds a pixel 0, rules a way out. Of those that are left the one whose
    masks hang together best is meant: read in the wrong order, a shape falls apart into stripes. In square
    pictures it does not, but lies across: there the pictures tell, along the borders of the masks. Where
    nothing tells the ways apart it is Kaggle's, which comes first.

    Args:
        cells: texts, each with height and width of its picture.
        grey: of the number of a cell, its picture, uint8 (height, width).
    """
    known = [(runs_of(cell), size) for cell, size in cells]
    filled = [(runs, size) for runs, size in known if len(runs)]
    costs = {}
    for order, first in FORMS:
        lowest = min((int(runs[:, 0].min()) for runs, _ in filled), default=1)
        beyond = any(int(runs.sum(axis=1).max()) - first > size[0] * size[1] for runs, size in filled)
        if lowest < first or beyond or (first == 0 and lowest > 0):
            continue
        masks = [_mask(RunLengths(order, first), runs, size) for runs, size in filled]
        costs[order, first] = sum(map(_border, masks))
    order, first = min(costs, key=lambda form: costs[form], default=FORMS[0])
    square = grey is not None and len(filled) and all(height == width for _, (height, width) in filled)
    if square and grey is not None and order == "columns" and _lies_across(known, grey, first):
        return RunLengths("rows", first)
    return RunLengths(order, first)


def _lies_across(
    known: Sequence[tuple[np.ndarray, tuple[int, int]]], grey: Callable[[int], np.ndarray], first: int
) -> bool:
    """Says whether the pictures change more along the borders of masks that are read row by row, surely."""
    gains = []
    for place, (runs, size) in enumerate(known[:PICTURES]):
        if len(runs):
            mask = _mask(RunLengths("rows", first), runs, size)
            picture = grey(place).astype(np.float64)
            gains.append(_contrast(mask, picture) - _contrast(mask.T, picture))
    error = np.std(gains) / np.sqrt(max(1, len(gains)))
    return bool(np.mean(gains) > SURE * error and np.mean(gains) > 0)


def _contrast(mask: np.ndarray, picture: np.ndarray) -> float:
    """Returns the mean step of a picture across the border of a mask; 0 where there is none."""
    steps = [np.abs(np.diff(picture, axis=axis))[np.diff(mask, axis=axis) != 0] for axis in (0, 1)]
    found = np.concatenate(steps)
    return float(found.mean()) if len(found) else 0.0


def _mask(form: RunLengths, runs: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    flat = np.zeros(size[0] * size[1], np.int8)
    begins = runs[:, 0] - form.first
    paint(flat, np.stack([begins, begins + runs[:, 1]], axis=1), 1)
    return form.shaped(flat, size)


def _border(mask: np.ndarray) -> int:
    """Returns how many pairs of neighbouring pixels the border of a mask parts."""
    return int(np.abs(np.diff(mask, axis=0)).sum() + np.abs(np.diff(mask, axis=1)).sum())


def _short(cell: str, most: int = 60) -> str:
    return repr(cell if len(cell) <= most else cell[:most] + "...")


def joined(cells: Sequence[str]) -> str:
    """Returns one cell of several objects, a line each; cells without a pixel are left out."""
    return "\n".join(cell for cell in cells if cell.strip() not in NONE)

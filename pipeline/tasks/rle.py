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
        return next(iter(self.write_objects([mask], whole=True)), "")

    def write_objects(
        self, strips: Iterable[np.ndarray], whole: bool = False, smallest: float = 0.0
    ) -> list[str]:
        """Returns the cells of objects in the order of their numbers, of those that have a pixel.

        Args:
            strips: whole numbers (height, width), 0 for the ground: all of a picture, or some of its columns
                (rows, where pixels are counted along these) at a time, one after the other.
            whole: all objects are one.
            smallest: pixels below which one is left out.
        """
        numbers, edges, end = [np.zeros(1, np.int64)], [np.zeros(1, np.int64)], 0
        for strip in strips:
            lines = strip.T if self.order == "columns" else strip
            step = max(1, AT_ONCE // max(1, lines.shape[1]))
            for start in range(0, len(lines), step):  # a large picture is never copied whole
                flat = lines[start : start + step].ravel()
                flat = (flat != 0).view(np.int8) if whole else flat
                before = numbers[-1][-1:].astype(flat.dtype)
                at = np.flatnonzero(np.diff(flat, prepend=before))
                if len(at):
                    edges.append(at + end)
                    numbers.append(flat[at].astype(np.int64))
                end += len(flat)
        number, begins = np.concatenate(numbers), np.concatenate(edges)
        lengths = np.diff(begins, append=end)
        runs = np.stack([begins + self.first, lengths], axis=1)
        order = np.argsort(number, kind="stable")
        found = []
        for part in np.split(order, np.flatnonzero(np.diff(number[order])) + 1):
            if number[part[0]] and lengths[part].sum() >= smallest:
                found.append(" ".join(map(str, runs[part].ravel().tolist())))
        return found

    def shaped(self, flat: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Returns a flat picture (pixels,) as (height, width)."""
        return flat.reshape(size, order="F" if self.order == "columns" else "C")


def places(own: int, side: int) -> np.ndarray:
    """Returns int64 (side,): which pixel of a side each shows of one of another length, the nearest."""
    import cv2

    line = np.arange(own, dtype=np.float64)[None]
    return cv2.resize(line, (side, 1), interpolation=cv2.INTER_NEAREST_EXACT)[0].astype(np.int64)


def painted(
    objects: Iterable[np.ndarray], order: Order, size: tuple[int, int], at: tuple[int, int] | None = None
) -> np.ndarray:
    """Returns int32 labels (height, width): 0 for the ground, and a number from 1 for each object.

    Args:
        objects: runs (runs, 2) of each, begin and end; of pixels in several the last counts.
        order: in which pixels are counted.
        size: height and width of the picture.
        at: of what is returned, each pixel being the nearest one's; None: as the picture. The picture itself
            is then not painted.
    """
    if at is None or at == size:
        flat = np.zeros(size[0] * size[1], np.int32)
        for number, spans in enumerate(objects, start=1):
            paint(flat, spans, number)
        return RunLengths(order).shaped(flat, size)
    (down, again), (across, beside) = (
        np.unique(places(*sides), return_inverse=True) for sides in zip(size, at, strict=True)
    )
    columns = order == "columns"
    lines = np.add.outer(across * size[0], down) if columns else np.add.outer(down * size[1], across)
    points, flat = lines.ravel(), np.zeros(lines.size, np.int32)
    for number, spans in enumerate(objects, start=1):
        inside = np.searchsorted(points, spans)
        paint(flat, inside[inside[:, 0] < inside[:, 1]], number)
    return RunLengths(order).shaped(flat, (len(down), len(across)))[np.ix_(again, beside)]


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
        costs[order, first] = sum(_border(_spans(runs, first), order, size) for runs, size in filled)
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
            picture = grey(place).astype(np.int16)
            mask = painted([_spans(runs, first)], "rows", size, picture.shape)
            gains.append(_contrast(mask, picture) - _contrast(mask.T, picture))
    error = np.std(gains) / np.sqrt(max(1, len(gains)))
    return bool(np.mean(gains) > SURE * error and np.mean(gains) > 0)


def _contrast(mask: np.ndarray, picture: np.ndarray) -> float:
    """Returns the mean step of a picture across the border of a mask; 0 where there is none."""
    steps = [np.abs(np.diff(picture, axis=axis))[np.diff(mask, axis=axis) != 0] for axis in (0, 1)]
    found = np.concatenate(steps)
    return float(found.mean()) if len(found) else 0.0


def _spans(runs: np.ndarray, first: int) -> np.ndarray:
    """Returns int64 (runs, 2): begin and end of runs as a cell holds them."""
    begins = runs[:, 0] - first
    return np.stack([begins, begins + runs[:, 1]], axis=1)


def _border(spans: np.ndarray, order: Order, size: tuple[int, int]) -> int:
    """Returns how many pairs of neighbouring pixels the border of a mask parts; nothing is painted."""
    spans = spans[np.argsort(spans[:, 0])]
    reached = np.maximum.accumulate(spans[:, 1])
    parted = np.flatnonzero(spans[1:, 0] > reached[:-1])
    begins, ends = spans[np.r_[0, parted + 1], 0], reached[np.r_[parted, len(spans) - 1]]
    before = np.cumsum(ends - begins) - (ends - begins)

    def below(pixel: np.ndarray) -> np.ndarray:
        """Returns how many of the mask's pixels come before some."""
        run = np.maximum(np.searchsorted(begins, pixel, side="right") - 1, 0)
        return before[run] + np.clip(pixel - begins[run], 0, ends[run] - begins[run])

    pixels, along = size[0] * size[1], size[0] if order == "columns" else size[1]
    within = np.count_nonzero(begins % along) + np.count_nonzero(ends % along)
    both = (below(ends + along) - below(begins + along)).sum()
    first, last, total = below(np.array([along, pixels - along, pixels]))
    return int(within + (total - first) + last - 2 * both)


def _short(cell: str, most: int = 60) -> str:
    return repr(cell if len(cell) <= most else cell[:most] + "...")


def joined(cells: Sequence[str]) -> str:
    """Returns one cell of several objects, a line each; cells without a pixel are left out."""
    return "\n".join(cell for cell in cells if cell.strip() not in NONE)

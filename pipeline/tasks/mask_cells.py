"""Masks in the cells of files: what they look like, and their reading, a line of run lengths an object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from pipeline.errors import DataError
from pipeline.tasks.contest import Album
from pipeline.tasks.mask_truth import MaskTruth
from pipeline.tasks.rle import NONE, RunLengths, find_form, is_rle

LARGEST_SIDE = 256  # pixels of the grid that predictions are kept on
LOOKED_AT = 200  # cells by which their writing is told
SURE = 0.9  # share of the filled cells that must be run lengths


def holds_masks(cells: Iterable[str]) -> bool:
    """Says whether cells are run lengths, of which some have several runs."""
    lines = [line for cell in cells for line in cell.split("\n") if line.strip() not in NONE]
    if not lines or not all(" " in line for line in lines[:LOOKED_AT]):
        return False
    told = np.mean([is_rle(line) for line in lines[:LOOKED_AT]])
    return bool(told >= SURE and any(line.count(" ") >= 3 for line in lines))


def read_truth(
    album: Album | None, ids: Callable[[], np.ndarray], rows: Sequence[Sequence[str]]
) -> tuple[RunLengths, MaskTruth]:
    """Returns how masks are written, told by decoding them, and the masks themselves.

    Args:
        album: the pictures; None without.
        ids: returns those of the pictures, text.
        rows: lines of run lengths of each mask, one for each object; of every picture, or of every picture
            of the first class, of the second and so on.

    Raises:
        DataError: there are no pictures, or a line holds no run lengths of its picture; names the row.
    """
    sizes = album.sizes() if album else np.zeros((0, 2))
    if album is None or not len(sizes):
        raise DataError("Run lengths are masks of pictures, and `data.images` does not say where these are.")
    pictures = len(sizes)
    shapes = [(int(height), int(width)) for height, width in sizes]
    filled = sorted((row for row, lines in enumerate(rows) if lines), key=lambda row: row % pictures)
    filled = filled[: LOOKED_AT * 5 : 5] or [0]
    looked = [(line, shapes[row % pictures]) for row in filled for line in rows[row][:1]]
    form = find_form(looked, lambda place: album.grey(filled[place] % pictures))
    return form, truth_of(form, sizes, ids, rows)


def truth_of(
    form: RunLengths, sizes: np.ndarray, ids: Callable[[], np.ndarray], rows: Sequence[Sequence[str]]
) -> MaskTruth:
    """Returns the masks that lines of run lengths hold; arguments and errors as of `read_truth`.

    Args:
        form: how they are written.
        sizes: (pictures, 2), height and width of each.
        ids, rows: as in `read_truth`.
    """
    runs, pictures = [], len(sizes)
    for row, lines in enumerate(rows):
        height, width = (int(side) for side in sizes[row % pictures])
        try:
            runs.append([form.spans(line, height * width) for line in lines])
        except DataError as error:
            key = str(ids()[row % pictures])
            raise DataError(f"The mask of {key!r} cannot be read: {error}") from error
    return MaskTruth.of(np.tile(sizes, (len(rows) // pictures, 1)), runs, form.order)


def grid_of(sizes: np.ndarray, largest: int = LARGEST_SIDE) -> tuple[int, int]:
    """Returns (height, width) of the grid: the pictures' median size, at most so many pixels a side."""
    height, width = np.median(sizes, axis=0)
    shrink = min(1.0, largest / max(height, width))
    return max(1, round(height * shrink)), max(1, round(width * shrink))


def empty_cell(cells: Iterable[str], samples: Iterable[str]) -> str:
    """Returns the cell of an empty mask: as the training table has it, else as the sample shows."""
    blank = [cell.strip() for cell in cells if cell.strip() in NONE]
    if blank:
        return max(sorted(set(blank)), key=blank.count)
    shown = {sample.strip() for sample in samples}
    return next(iter(shown)) if len(shown) == 1 else ""

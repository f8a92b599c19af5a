"""Canvas of a contest: pictures at their own size at its upper left corner, read and written in bands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from pipeline.data.dense import room
from pipeline.inputs.images.bands import BAND, bands
from pipeline.inputs.images.decoding import Channels, Read, Report, fetch, for_each
from pipeline.inputs.images.intensity import Intensity
from pipeline.inputs.images.pixels import seen_through
from pipeline.inputs.rows_file import write_parts
from pipeline.transforms.views import Views


def write_canvas(
    path: Path,
    read: Read,
    names: Sequence[str],
    views: Views,
    sizes: np.ndarray,
    channels: Channels,
    report: Report | None = None,
    threads: int = 2,
    intensity: Intensity | None = None,
) -> None:
    """Writes pictures as `write_pixels` does, each at the upper left corner of a canvas; bands are held.

    What is left of the canvas is the picture mirrored. One that is larger than the canvas is shrunk onto
    it, and decoded whole for that.

    Args:
        path, read, names, channels, report, threads, intensity: as in `write_pixels`.
        views: of `upper_left`.
        sizes: (rows, 2), height and width of each picture.

    Raises:
        DataError, StoreError: as `write_pixels`.
    """

    def made(position: int) -> Iterator[np.ndarray]:
        name = names[position]
        with fetch(read, name) as file:
            if views.affines[position, 0, 0] < 1.0:
                yield seen_through(file, name, views, position, channels, "reflect", intensity)
            else:
                height = int(sizes[position, 0])
                yield from mirrored(bands(file, channels, name, intensity), height, views.size)

    def each(write: Callable[[int], None]) -> None:
        for_each(write, len(names), report, "preparing pictures", threads)

    write_parts(path, (len(names), *views.size, channels), np.dtype(np.uint8), made, each)


def mirrored(parts: Iterable[np.ndarray], height: int, size: tuple[int, int]) -> Iterator[np.ndarray]:
    """Yields a canvas from above, a picture at its upper left corner, mirrored about its last row and column.

    Args:
        parts: of the picture from above, uint8 (rows, width, channels).
        height: of the picture.
        size: height and width of the canvas.
    """
    kept: np.ndarray | None = None
    end = 0
    for part in parts:
        wide = part
        if part.shape[1] < size[1]:
            wide = np.take(part, reflected(part.shape[1], size[1]), axis=1)
        if height < size[0]:
            kept = room((height, *wide.shape[1:]), kind=np.dtype(np.uint8)) if kept is None else kept
            kept[end : end + len(wide)] = wide
        end += len(wide)
        yield wide
    if kept is not None:
        down, step = reflected(height, size[0]), max(1, BAND // size[1])
        for start in range(height, size[0], step):
            yield np.take(kept, down[start : start + step], axis=0)


def reflected(side: int, length: int) -> np.ndarray:
    """Returns int64 (length,): which of the pixels of a side lie there where it is mirrored about its last.

    Example:
        >>> reflected(3, 8).tolist()
        [0, 1, 2, 1, 0, 1, 2, 1]
    """
    period = max(1, 2 * (side - 1))
    at = np.arange(length) % period
    return np.minimum(at, period - at) if side > 1 else np.zeros(length, np.int64)

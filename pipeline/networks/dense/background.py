"""Greys of pixels that look alike on their background: a table that is learned in seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import ModelError
from pipeline.inputs.images.part import Pictures
from pipeline.tasks.image import WHITE, Image

STEPS = 64  # of a grey between black and the background's
LEVELS = 96  # of them, those brighter than the background included
SHADES = 8  # of the background
CELLS = (LEVELS, LEVELS, SHADES)
DOUBT = 5.0  # pixels as which a coarser table's mean counts in a finer one
FILE = "table.npz"
WINDOWS = (15, 31, 63)  # sides that are tried

Pair = tuple[np.ndarray, np.ndarray]
Pairs = Callable[[], Iterator[Pair]]


@dataclass(frozen=True)
class BackgroundTable:
    """Mean greys by three numbers: a pixel's own grey, the mean of 3 x 3 around it, and its background.

    The background is the median around a pixel: of written pages the paper with its stains. Pixels look alike
    whose own grey and whose mean over 3 x 3 pixels are the same share of it, in the same shade of background.
    Where a cell has seen few pixels, coarser tables help out.

    Attributes:
        window: side of the square whose median is the background, pixels.
        greys: float32 (cells,), from 0 to 1.
        error: root of the mean squared error of the pixels that it was learned from.
        own: the same, had they been left as they are.
    """

    window: int
    greys: np.ndarray
    error: float = 0.0
    own: float = 0.0

    @classmethod
    def learned(
        cls, pairs: Callable[[], Iterator[Pair]], windows: Sequence[int] = WINDOWS
    ) -> BackgroundTable:
        """Returns the table of least error on its own pixels, of which there are far more than cells.

        Args:
            pairs: yields what is seen, uint8 (h, w, channels), and its answer, uint8 (h, w).
            windows: to try.
        """
        found: list[BackgroundTable] = []
        for window in windows:
            sums = _Sums()
            for picture, answer in pairs():
                seen = grey(picture)
                sums.add(codes(seen, window).ravel(), seen.ravel() / WHITE, answer.ravel() / WHITE)
            greys = sums.means()
            own = float(np.sqrt(sums.own / max(1, sums.seen)))
            found.append(cls(window, greys.astype(np.float32), sums.error(greys), own))
        return min(found, key=lambda table: table.error)

    def answer(self, picture: np.ndarray) -> np.ndarray:
        """Returns float32 (h, w), greys from 0 to 1, of a picture uint8 (h, w, channels)."""
        return self.greys[codes(grey(picture), self.window)]

    def beside(self, picture: np.ndarray) -> np.ndarray:
        """Returns uint8 (h, w, channels + 2): a picture, its background, and the table's answer."""
        seen = grey(picture)
        answer = np.rint(self.greys[codes(seen, self.window)] * WHITE).astype(np.uint8)
        return np.dstack([picture, background_of(seen, self.window), answer])

    def save(self, folder: Path) -> None:
        np.savez(folder / FILE, greys=self.greys, numbers=[self.window, self.error, self.own])

    @classmethod
    def load(cls, folder: Path) -> BackgroundTable:
        """Reads what `save` wrote."""
        with np.load(folder / FILE, allow_pickle=False) as arrays:
            window, error, own = arrays["numbers"].tolist()
            return cls(int(window), arrays["greys"], error, own)


def pairs_of(
    task: Image, pictures: Pictures, positions: np.ndarray, target: np.ndarray | None
) -> Iterator[Pair]:
    """Yields some rows' pictures in their own size, and their answers.

    Raises:
        ModelError: nobody knows their answers.
    """
    if target is None:
        raise ModelError("These rows have no pictures to learn from.")
    shown = pictures.all()
    for position in positions.tolist():
        truth = task.known.picture(int(target[position, 0]))
        yield np.asarray(shown[position])[: truth.shape[0], : truth.shape[1]], truth


def grey(picture: np.ndarray) -> np.ndarray:
    """Returns uint8 (h, w) of a picture uint8 (h, w, channels)."""
    import cv2

    picture = np.ascontiguousarray(picture)
    return picture[:, :, 0] if picture.shape[2] == 1 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def background_of(picture: np.ndarray, window: int) -> np.ndarray:
    """Returns uint8 (h, w): the median around each pixel of a grey picture."""
    import cv2

    return cv2.medianBlur(np.ascontiguousarray(picture), window)


def codes(picture: np.ndarray, window: int) -> np.ndarray:
    """Returns int64 (h, w): which cell of a table each pixel of a grey picture belongs to."""
    import cv2

    picture = np.ascontiguousarray(picture)
    background = background_of(picture, window)
    scale = STEPS / np.maximum(background, 1).astype(np.float32)
    own, near = (np.minimum(np.rint(one * scale), LEVELS - 1) for one in (picture, cv2.blur(picture, (3, 3))))
    shade = background // (256 // SHADES)
    return ((own * LEVELS + near) * SHADES + shade).astype(np.int64)


class _Sums:
    """Sums that a table is made of, picture after picture."""

    def __init__(self) -> None:
        self.count, self.total = np.zeros(np.prod(CELLS)), np.zeros(np.prod(CELLS))
        self.square = self.own = 0.0
        self.seen = 0

    def add(self, code: np.ndarray, seen: np.ndarray, answer: np.ndarray) -> None:
        """Takes the pixels of a picture: cell, own grey and answer of each, (pixels,)."""
        self.count += np.bincount(code, minlength=len(self.count))
        self.total += np.bincount(code, answer, minlength=len(self.total))
        self.square += float(np.square(answer).sum())
        self.own += float(np.square(answer - seen).sum())
        self.seen += len(code)

    def means(self) -> np.ndarray:
        """Returns the mean of each cell, (cells,), a share of the background that of white to begin with."""
        count, total = self.count.reshape(CELLS), self.total.reshape(CELLS)
        mean = np.minimum(np.arange(LEVELS) / STEPS, 1.0)
        for others in ((1, 2), (2,), ()):
            mean = mean.reshape(mean.shape + (1,) * (3 - len(others) - mean.ndim))
            mean = (total.sum(axis=others) + DOUBT * mean) / (count.sum(axis=others) + DOUBT)
        return mean.ravel()

    def error(self, table: np.ndarray) -> float:
        """Returns the root of the mean squared error of a table on these pixels."""
        squares = self.square - 2.0 * float(table @ self.total) + float(self.count @ table**2)
        return float(np.sqrt(max(0.0, squares) / self.seen))

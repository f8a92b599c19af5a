"""Grey pictures that are the training rows' answers: one file, of which one is looked at when asked for."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

VALUES, SIZES = "answer_pixels.npy", "answer_sizes.npy"
IN_MEMORY = 2**26  # pixels of all pictures up to which they stay in memory


@dataclass(frozen=True)
class ImageTruth:
    """Grey pictures of any sizes, one after the other.

    Attributes:
        sizes: int64 (rows, 2), height and width of each in pixels.
        values: uint8 (pixels of all,), row by row of each.
    """

    sizes: np.ndarray
    values: np.ndarray

    @classmethod
    def of(cls, sizes: np.ndarray, picture: Callable[[int], np.ndarray]) -> ImageTruth:
        """Returns the pictures, of which one is held at a time.

        Args:
            sizes: of all.
            picture: returns one by its number, uint8 (height, width).
        """
        sizes = np.asarray(sizes, np.int64)
        ends = np.cumsum(sizes.prod(axis=1))
        total = int(ends[-1]) if len(ends) else 0
        if total <= IN_MEMORY:
            values = np.empty(total, np.uint8)
        else:
            values = np.memmap(tempfile.TemporaryFile(), np.uint8, "w+", shape=(total,))  # noqa: SIM115
        found = cls(sizes, values)
        for row in range(len(sizes)):
            found.picture(row)[:] = picture(row)
        return found

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def _ends(self) -> np.ndarray:
        return np.cumsum(self.sizes.prod(axis=1))

    def size(self, row: int) -> tuple[int, int]:
        """Returns height and width of a picture."""
        return int(self.sizes[row, 0]), int(self.sizes[row, 1])

    def picture(self, row: int) -> np.ndarray:
        """Returns one, uint8 (height, width), as it lies there."""
        end = int(self._ends[row])
        height, width = self.size(row)
        return self.values[end - height * width : end].reshape(height, width)

    def save(self, folder: Path) -> None:
        np.save(folder / VALUES, self.values)
        np.save(folder / SIZES, self.sizes)

    @classmethod
    def load(cls, folder: Path) -> ImageTruth:
        """Reads what `save` wrote; the pixels stay on disk until they are looked at."""
        sizes = np.load(folder / SIZES, allow_pickle=False)
        return cls(sizes, np.load(folder / VALUES, mmap_mode="r", allow_pickle=False))

"""Boxes of the training rows, and what was worked out of them before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import numpy as np

from pipeline.tasks.box_array import BOX
from pipeline.tasks.remembered import Remembered

NAME = "boxes"
MOST_REMEMBERED = 50_000  # pictures at a time: some 200 MB


def named(*boxes: np.ndarray) -> bytes:
    """Returns what names some boxes, by which what is worked out of them is remembered."""
    return blake2b(b"".join(one.tobytes() for one in boxes), digest_size=16).digest()


@dataclass(frozen=True)
class BoxTruth:
    """Boxes of every training picture.

    Attributes:
        sizes: int64 (rows, 2), height and width of each picture in pixels.
        boxes: `BOX` (boxes,), row after row.
        ends: int64 (rows,): how many boxes there are up to the end of each row.
        remembered: what was worked out of them.
    """

    sizes: np.ndarray
    boxes: np.ndarray
    ends: np.ndarray
    remembered: Remembered = field(
        default_factory=lambda: Remembered(MOST_REMEMBERED), repr=False, compare=False
    )

    @classmethod
    def of(cls, sizes: np.ndarray, rows: Sequence[np.ndarray]) -> BoxTruth:
        """Returns the truth of rows, each given by its boxes."""
        ends = np.cumsum(np.array([len(boxes) for boxes in rows], np.int64))
        return cls(np.asarray(sizes, np.int64), np.concatenate([np.zeros(0, BOX), *rows]), ends)

    def __len__(self) -> int:
        return len(self.ends)

    def row(self, number: int) -> np.ndarray:
        """Returns the boxes (n,) of a row."""
        return self.boxes[int(self.ends[number - 1]) if number else 0 : int(self.ends[number])]

    def counts(self) -> np.ndarray:
        """Returns int64 (rows,): how many boxes each row has."""
        return np.diff(self.ends, prepend=0)

    def save(self, folder: Path) -> None:
        for name in ("sizes", "boxes", "ends"):
            np.save(folder / f"{NAME}_{name}.npy", getattr(self, name))

    @classmethod
    def load(cls, folder: Path) -> BoxTruth:
        """Reads what `save` wrote."""
        names = ("sizes", "boxes", "ends")
        return cls(**{name: np.load(folder / f"{NAME}_{name}.npy", allow_pickle=False) for name in names})

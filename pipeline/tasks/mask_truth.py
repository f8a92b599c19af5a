"""Masks of the training rows, kept as runs: a picture's objects are painted when they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipeline.tasks.remembered import Remembered
from pipeline.tasks.rle import Order, RunLengths, paint, painted

NAME = "masks"
MOST_PIXELS = 2**25  # of small labels, remembered at a time: 128 MB
MOST_SCORES = 1_000_000  # remembered at a time: some 300 MB


@dataclass(frozen=True)
class MaskTruth:
    """Objects of every training picture.

    Attributes:
        sizes: int64 (rows, 2), height and width of each picture in pixels.
        runs: int64 (runs, 2): begin and end of each run, pixels counted from 0 in `order`.
        ends: int64 (objects,): how many runs there are up to the end of each object.
        objects: int64 (rows,): how many objects there are up to the end of each row.
        order: in which pixels are counted.
        remembered: scores that were worked out.
    """

    sizes: np.ndarray
    runs: np.ndarray
    ends: np.ndarray
    objects: np.ndarray
    order: Order = "columns"
    remembered: Remembered = field(default_factory=lambda: Remembered(MOST_SCORES), repr=False, compare=False)
    _small: Remembered = field(
        default_factory=lambda: Remembered(MOST_PIXELS, np.size), repr=False, compare=False
    )

    @classmethod
    def of(cls, sizes: np.ndarray, rows: Iterable[list[np.ndarray]], order: Order = "columns") -> MaskTruth:
        """Returns the masks of rows, each given by the runs int64 (runs, 2) of its objects."""
        runs, lengths, counts = [np.zeros((0, 2), np.int64)], [], []
        for objects in rows:
            counts.append(len(objects))
            lengths += [len(spans) for spans in objects]
            runs += objects
        ends, last = np.cumsum(np.array(lengths, np.int64)), np.cumsum(np.array(counts, np.int64))
        return cls(np.asarray(sizes, np.int64), np.concatenate(runs), ends, last, order)

    def __len__(self) -> int:
        return len(self.objects)

    def size(self, row: int) -> tuple[int, int]:
        """Returns height and width of a row's picture."""
        return int(self.sizes[row, 0]), int(self.sizes[row, 1])

    def count(self, row: int) -> int:
        """Returns how many objects a row's picture shows."""
        return int(self.objects[row] - (self.objects[row - 1] if row else 0))

    def spans(self, row: int) -> Iterator[np.ndarray]:
        """Yields the runs of a row's objects."""
        for number in range(int(self.objects[row - 1]) if row else 0, int(self.objects[row])):
            yield self.runs[int(self.ends[number - 1]) if number else 0 : int(self.ends[number])]

    def labels(self, row: int) -> np.ndarray:
        """Returns int32 (height, width): 0 for the ground, and a number from 1 for each object."""
        return painted(self.spans(row), self.order, self.size(row))

    def labels_at(self, row: int, size: tuple[int, int]) -> np.ndarray:
        """Returns int32 labels of a row's picture at another size; of a smaller one they are remembered."""
        if size == self.size(row):
            return self.labels(row)
        found: np.ndarray = self._small((row, size), lambda: self.shrunk(row, size))
        return found

    def shrunk(self, row: int, size: tuple[int, int]) -> np.ndarray:
        """Returns int32 labels of a row's picture at another size, without values between them."""
        return painted(self.spans(row), self.order, self.size(row), size)

    def window(self, row: int, corner: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
        """Returns int32 labels of the part of a row's picture at a corner: what of that size lies within it.

        Only the columns (or lines) of the part are painted.

        Args:
            row: number of the row.
            corner: (y, x) of the part.
            size: its height and width, at most.
        """
        height, width = self.size(row)
        (top, left), (bottom, right) = corner, (corner[0] + size[0], corner[1] + size[1])
        bottom, right = min(bottom, height), min(right, width)
        down = self.order == "columns"
        first, last, line = (left, right, height) if down else (top, bottom, width)
        flat = np.zeros((last - first) * line, np.int32)
        for number, spans in enumerate(self.spans(row), start=1):
            inside = spans[(spans[:, 1] > first * line) & (spans[:, 0] < last * line)] - first * line
            paint(flat, np.clip(inside, 0, len(flat)), number)
        shape = (height, right - left) if down else (bottom - top, width)
        strip = RunLengths(self.order).shaped(flat, shape)
        return strip[top:bottom] if down else strip[:, left:right]

    def somewhere(self, row: int, random: np.random.Generator) -> tuple[int, int] | None:
        """Returns (y, x) of a pixel of an object of a row, each object being as likely; None without any."""
        if not self.count(row):
            return None
        start = int(self.objects[row - 1]) if row else 0
        number = start + int(random.integers(self.count(row)))
        spans = self.runs[int(self.ends[number - 1]) if number else 0 : int(self.ends[number])]
        lengths = np.cumsum(spans[:, 1] - spans[:, 0])
        drawn = int(random.integers(int(lengths[-1])))
        run = int(np.searchsorted(lengths, drawn, side="right"))
        pixel = int(spans[run, 1]) - (int(lengths[run]) - drawn)
        height, width = self.size(row)
        return (pixel % height, pixel // height) if self.order == "columns" else divmod(pixel, width)

    def part(self, start: int, stop: int) -> MaskTruth:
        """Returns the masks of the rows from `start` to before `stop`."""
        before = int(self.objects[start - 1]) if start else 0
        last = int(self.objects[stop - 1]) if stop else 0
        skipped = int(self.ends[before - 1]) if before else 0
        ends = self.ends[before:last] - skipped
        runs = self.runs[skipped : skipped + (int(ends[-1]) if len(ends) else 0)]
        return MaskTruth(self.sizes[start:stop], runs, ends, self.objects[start:stop] - before, self.order)

    def share(self, row: int) -> float:
        """Returns the share of a row's picture that its objects cover."""
        return float(sum((spans[:, 1] - spans[:, 0]).sum() for spans in self.spans(row))) / max(
            1, int(self.sizes[row].prod())
        )

    def save(self, folder: Path) -> None:
        for name in ("sizes", "runs", "ends", "objects"):
            np.save(folder / f"{NAME}_{name}.npy", getattr(self, name))
        (folder / f"{NAME}.json").write_text(json.dumps({"order": self.order}), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> MaskTruth:
        """Reads what `save` wrote; the runs stay on disk until they are looked at."""
        facts = json.loads((folder / f"{NAME}.json").read_text(encoding="utf-8"))
        paths = {name: folder / f"{NAME}_{name}.npy" for name in ("sizes", "runs", "ends", "objects")}
        arrays = {
            # an empty file cannot be mapped
            name: np.load(path, mmap_mode="r" if name == "runs" and path.stat().st_size > 128 else None)
            for name, path in paths.items()
        }
        return cls(**arrays, order=facts["order"])

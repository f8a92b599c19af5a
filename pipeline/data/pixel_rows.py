"""Rows of a sample that stand for a pixel each, as `1_34_7`: kept as runs of pixels, one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data.csv_text import text_blocks
from pipeline.data.table_file import TableFile
from pipeline.errors import DataError

FACTS, RUNS = "pixel_rows.json", "pixel_runs.npy"
FORM = "the picture's name, row and column: `1_34_7`"


@dataclass(frozen=True, eq=False)
class PixelRows:
    """The rows of a file in the long form, in its order.

    Attributes:
        names: of the pictures, in the order in which they appear.
        runs: int32 (runs, 4): number of the picture, first and second number of the first pixel counted from
            0, and how many pixels there are.
        down: along a run the first number rises; otherwise the second.
        first: what the first row and column are called: 0 or 1.
        across_first: the first number is the column, the second the row.
    """

    names: tuple[str, ...]
    runs: np.ndarray
    down: bool
    first: int
    across_first: bool = False

    def __len__(self) -> int:
        return int(self.runs[:, 3].sum(dtype=np.int64))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PixelRows):
            return NotImplemented
        same = (self.names, self.down, self.first) == (other.names, other.down, other.first)
        return same and np.array_equal(self.runs, other.runs)

    __hash__ = None  # type: ignore[assignment]

    def spans(self) -> Iterator[tuple[int, tuple[slice, slice], range, int]]:
        """Yields each run: picture, its pixels (rows and columns), and the two numbers as they are written.

        The number that rises comes as a range, whichever of the two it is.
        """
        for picture, one, other, count in self.runs.tolist():
            rising, still = (one, other) if self.down else (other, one)
            lines = slice(rising, rising + count), slice(still, still + 1)
            rows_rise = self.down != self.across_first
            at = lines if rows_rise else lines[::-1]
            yield picture, at, range(rising + self.first, rising + count + self.first), still + self.first

    def placed(self, sizes: Mapping[str, Sequence[int]]) -> PixelRows:
        """Returns the rows, once it is known that all lie within their pictures, none twice.

        Args:
            sizes: name of a picture -> its height and width; those that it lacks are not looked at.

        Raises:
            DataError: names a picture and what is asked of it.
        """
        turned = replace(self, across_first=True)
        problem = self._wrong(sizes)
        if problem and turned._wrong(sizes):
            raise DataError(problem)
        return turned if problem else self

    def _wrong(self, sizes: Mapping[str, Sequence[int]]) -> str:
        seen: dict[int, np.ndarray] = {}
        for picture, at, *_ in self.spans():
            name = self.names[picture]
            if name not in sizes:
                continue
            height, width = (int(side) for side in sizes[name])
            if at[0].stop > height or at[1].stop > width:
                return (
                    f"The sample asks for row {at[0].stop} and column {at[1].stop} of {name!r}, which has "
                    f"{height} rows and {width} columns."
                )
            marks = seen.setdefault(picture, np.zeros((height, width), bool))
            if marks[at].any():
                return f"The sample asks for a pixel of {name!r} twice."
            marks[at] = True
        return ""

    def of_pictures(self, names: Sequence[str], sizes: np.ndarray) -> PixelRows:
        """Returns the rows of all pixels of other pictures, in the same order within each.

        Args:
            names: of the pictures.
            sizes: (pictures, 2), height and width of each.
        """
        runs = []
        for number, (height, width) in enumerate(sizes.tolist()):
            one, other = (width, height) if self.across_first else (height, width)
            still, along = (other, one) if self.down else (one, other)
            block = np.zeros((still, 4), np.int32)
            block[:, 0], block[:, 3] = number, along
            block[:, 2 if self.down else 1] = np.arange(still)
            runs.append(block)
        return replace(self, names=tuple(names), runs=np.concatenate(runs))

    def reach(self, name: str) -> tuple[int, int]:
        """Returns height and width of what holds all pixels of a picture that are asked for."""
        ends = [(at[0].stop, at[1].stop) for _, at, *_ in self.part([name]).spans()]
        return (max(end[0] for end in ends), max(end[1] for end in ends)) if ends else (0, 0)

    def part(self, names: Sequence[str]) -> PixelRows:
        """Returns the rows of some of the pictures, in their order."""
        wanted = {name: number for number, name in enumerate(names)}
        number = np.array([wanted.get(name, -1) for name in self.names], np.int32)
        runs = self.runs[number[self.runs[:, 0]] >= 0]
        return replace(self, names=tuple(names), runs=np.column_stack([number[runs[:, 0]], runs[:, 1:]]))

    def and_all_of(self, names: Sequence[str], sizes: np.ndarray) -> PixelRows:
        """Returns the rows, and behind them those of all pixels of other pictures.

        Args:
            names: of the others.
            sizes: (others, 2), height and width of each.
        """
        if not len(names):
            return self
        more = self.of_pictures(names, sizes)
        more.runs[:, 0] += len(self.names)
        return replace(self, names=(*self.names, *names), runs=np.concatenate([self.runs, more.runs]))

    @property
    def one_by_one(self) -> bool:
        """Whether all rows of a picture stand together: then it can be written when it is answered."""
        return bool((np.diff(self.runs[:, 0]) >= 0).all())

    def save(self, folder: Path) -> None:
        np.save(folder / RUNS, self.runs)
        facts = {name: getattr(self, name) for name in ("names", "down", "first", "across_first")}
        (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> PixelRows | None:
        """Reads what `save` wrote; None where it wrote nothing."""
        if not (folder / FACTS).exists():
            return None
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        return cls(
            **facts | {"names": tuple(facts["names"])}, runs=np.load(folder / RUNS, allow_pickle=False)
        )


def read_pixel_rows(file: TableFile, key: str) -> tuple[PixelRows, tuple[float, float]]:
    """Reads a CSV in the long form, a block at a time: memory holds its runs.

    Args:
        file: with an id column and one of values.
        key: the id column.

    Returns:
        Its rows, and the least and greatest value.

    Raises:
        DataError: it has another form; names the first id, or value, that shows it.
    """
    where = f"{file.source.root}: {file.name}"
    others = [name for name in file.names if name != key]
    if len(others) != 1 or file.dialect is None:
        raise DataError(f"{where} must be a CSV with {key!r} and one column of values: a row for each pixel.")
    reader = _Reader(where)
    for block in text_blocks(file.source, file.name, file.dialect, [*file.names]):
        columns = dict(zip(file.names, block, strict=True))
        reader.add(columns[key], columns[others[0]])
    return reader.found(), (reader.least, reader.greatest)


class _Reader:
    """Puts blocks of ids and values together."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.names: dict[str, int] = {}
        self.runs: list[np.ndarray] = []
        self.last = np.full(3, -2, np.int64)  # picture, first and second number of the pixel before
        self.down: bool | None = None
        self.first = 1
        self.least, self.greatest = np.inf, -np.inf

    def add(self, ids: Any, values: Any) -> None:
        """Takes two pyarrow arrays of text."""
        numbers = _floats(values)
        if np.isnan(numbers).any():
            line = int(np.flatnonzero(np.isnan(numbers))[0])
            raise DataError(f"{self.where}: the value of {ids[line].as_py()!r} is no number.")
        self.least = min(self.least, float(numbers.min(initial=np.inf)))
        self.greatest = max(self.greatest, float(numbers.max(initial=-np.inf)))
        place = self._places(ids)
        if not len(place):
            return
        before = np.concatenate([self.last[None], place[:-1]])
        step = place - before
        self.last = place[-1]
        if self.down is None:
            self.down = bool((step[:, 1] == 1).sum() >= (step[:, 2] == 1).sum())
        goes_on = (step == ((0, 1, 0) if self.down else (0, 0, 1))).all(axis=1)
        starts = np.flatnonzero(~goes_on)
        lengths = np.diff(np.append(starts, len(place)))
        if (head := int(starts[0]) if len(starts) else len(place)) and self.runs:
            self.runs[-1][-1, 3] += head
        if len(starts):
            self.runs.append(np.column_stack([place[starts], lengths]).astype(np.int32))

    def _places(self, ids: Any) -> np.ndarray:
        """Returns int64 (rows, 3): picture, and the two numbers as they are written."""
        import pyarrow as pa
        import pyarrow.compute as pc

        parts = pc.split_pattern(ids, "_", max_splits=2, reverse=True)
        short = pc.list_value_length(parts).to_numpy(zero_copy_only=False) != 3
        wrong = np.flatnonzero(short)
        found = None
        if not len(wrong):
            texts = [pc.list_element(parts, number) for number in range(3)]
            digits = [pc.match_substring_regex(text, "^(0|[1-9][0-9]{0,8})$") for text in texts[1:]]
            good = pc.and_(*digits).to_numpy(zero_copy_only=False)
            wrong = np.flatnonzero(~good)
            if not len(wrong):
                rows, columns = (pc.cast(text, pa.int64()).to_numpy() for text in texts[1:])
                coded = texts[0].dictionary_encode()
                numbers = [
                    self.names.setdefault(name, len(self.names)) for name in coded.dictionary.to_pylist()
                ]
                pictures = np.array(numbers, np.int64)[coded.indices.to_numpy()]
                found = np.column_stack([pictures, rows, columns])
        if found is None:
            raise DataError(f"{self.where}: an id must be {FORM}. Received: {ids[int(wrong[0])].as_py()!r}.")
        return found

    def found(self) -> PixelRows:
        if not self.runs:
            raise DataError(f"{self.where} has a header but no rows.")
        runs = np.concatenate(self.runs)
        first = 0 if (runs[:, 1:3] == 0).any() else 1
        runs[:, 1:3] -= first
        return PixelRows(tuple(self.names), runs, bool(self.down), first)


def _floats(texts: Any) -> np.ndarray:
    """Returns texts as float64; NaN for what is no number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        import pandas as pd

        return pd.to_numeric(texts.to_pandas(), errors="coerce").to_numpy(np.float64)

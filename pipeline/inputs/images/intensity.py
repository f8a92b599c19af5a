"""Intensity range of pictures of more than 8 bits: found in training pictures, or stated."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.data_section import DataConfig
from pipeline.errors import DataError

VERSION = 1  # raise it when the same pictures of more than 8 bits would become other ones of 8
AT_ONCE = 2**20  # values that are looked at together: bounds the memory
BINS = 2**16
TAIL = 0.001  # share of the pixels at either end that may be cut off ...
WORTH = 4.0  # ... where the others then get at least so many times as many grey levels
FILE = "intensity.json"


@dataclass(frozen=True)
class Intensity:
    """Values that become black and white, and what was seen of the training pictures.

    Attributes:
        low: this value and those below become 0.
        high: this value and those above become 255; those between lie on a line.
        deep: training pictures of more than 8 bits, None where nobody has counted them.
        pictures: training pictures in all, None likewise.
        usual: between these two lie nine of ten pixels; None where nobody has looked.
        cut: whether the brightest or darkest pixels were left out, since they are few and far off.
    """

    low: float
    high: float
    deep: int | None = None
    pictures: int | None = None
    usual: tuple[float, float] | None = None
    cut: bool = False

    def eight_bits(self, values: np.ndarray) -> np.ndarray:
        """Returns values of any number type as uint8 of the same shape; NaN is black."""
        result = np.empty(values.shape, np.uint8)
        flat, out = np.ascontiguousarray(values).reshape(-1), result.reshape(-1)
        step = 255.0 / (self.high - self.low) if self.high > self.low else 0.0
        for part in _parts(flat.size):
            inside = np.clip(flat[part].astype(np.float64), self.low, self.high)
            out[part] = np.rint((np.nan_to_num(inside, nan=self.low) - self.low) * step)
        return result

    def line(self) -> str:
        """Says what was found, and which key changes it."""
        text = f"{self.low:.6g} to {self.high:.6g} become black to white"
        if self.deep is None or self.usual is None:
            return f"pictures of more than 8 bits: {text} (`data.intensity`)"
        some = f"{self.deep} of {self.pictures} training pictures have more than 8 bits"
        cut = f", at most {TAIL:.1%} of the pixels at either end cut off" if self.cut else ""
        low, high = self.usual
        return f"{some}: {text}{cut}; 9 of 10 pixels lie within {low:.6g} to {high:.6g} (`data.intensity`)"


class Histogram:
    """Counts values of pictures, whatever their range, in an array of fixed size; from several threads.

    A bin holds the numbers that share the upper 16 bits of a float32: sign, exponent and 7 bits of
    the fraction, so that an edge is within 1 % of the values beside it. Least and greatest are exact.
    """

    def __init__(self) -> None:
        self.counts = np.zeros(BINS, np.int64)
        self.least, self.greatest = np.inf, -np.inf
        self.whole_numbers = self.fractions = 0  # pictures of each
        self._lock = threading.Lock()

    def add(self, bands: Iterable[np.ndarray]) -> None:
        """Counts the finite values of a picture's bands."""
        counts, least, greatest, whole = np.zeros(BINS, np.int64), np.inf, -np.inf, True
        for values in bands:
            flat, whole = values.reshape(-1), bool(np.issubdtype(values.dtype, np.integer))
            for part in _parts(flat.size):
                some = flat[part][np.isfinite(flat[part])]
                if len(some):
                    counts += np.bincount(_bins(some.astype(np.float32)), minlength=BINS)
                    least, greatest = min(least, float(some.min())), max(greatest, float(some.max()))
        with self._lock:
            self.counts += counts
            self.least, self.greatest = min(self.least, least), max(self.greatest, greatest)
            if whole:
                self.whole_numbers += 1
            else:
                self.fractions += 1

    def between(self, share: float) -> tuple[float, float]:
        """Returns two values between which all lie but this share at either end."""
        reached = np.cumsum(self.counts)
        most = reached[-1] * share
        first, last = np.searchsorted(reached, [most, reached[-1] - most], side="left")
        low, high = _edges(int(first))[0], _edges(int(last))[1]
        if not self.fractions:
            low, high = float(np.ceil(low)), float(np.floor(high))
        return max(low, self.least), min(high, self.greatest)

    def intensity(self, pictures: int) -> Intensity | None:
        """Returns the range: of all values, or without a thousandth of them that lies far off.

        One hot pixel of 65535 among values up to 240 would leave one grey level to the others.

        Args:
            pictures: how many were looked at, those of 8 bits included.

        Returns:
            None where no picture has more than 8 bits.

        Raises:
            DataError: none has a value; some hold whole numbers and others fractions.
        """
        deep = self.whole_numbers + self.fractions
        if not deep:
            return None
        if self.whole_numbers and self.fractions:
            raise DataError(
                f"{self.whole_numbers} training pictures hold whole numbers of more than 8 bits and "
                f"{self.fractions} hold fractions: no range fits both. `data.intensity: [LOW, HIGH]` says "
                "which values become black and white."
            )
        if self.greatest < self.least:
            raise DataError(f"No pixel of the {deep} training pictures of 32-bit numbers is a finite number.")
        low, high = self.between(TAIL)
        cut = self.greatest - self.least >= WORTH * (high - low) and high > low
        if not cut:
            low, high = self.least, self.greatest
        return Intensity(low, high, deep, pictures, self.between(0.05), cut)


def may_be_deep(names: Sequence[str | None]) -> bool:
    """Says whether files (or patterns) of these names may hold more than 8 bits per channel."""
    shallow = (".jpg", ".jpeg", ".gif", ".bmp", ".webp")
    return any(name is not None and not name.lower().endswith(shallow) for name in names)


def intensity_key(data: DataConfig) -> dict[str, Any]:
    """Returns what goes into keys of pictures; {} where none can have more than 8 bits."""
    deep = may_be_deep([data.images, data.test_images])
    return {"intensity": [VERSION, data.intensity]} if deep else {}


def write_intensity(intensity: Intensity | None, folder: Path) -> None:
    """Writes the range, or that there is none, into a product's folder."""
    facts = asdict(intensity) if intensity else None
    (folder / FILE).write_text(json.dumps(facts), encoding="utf-8")


def read_intensity(folder: Path) -> Intensity | None:
    """Reads what `write_intensity` has written."""
    facts = json.loads((folder / FILE).read_text(encoding="utf-8"))
    if facts is None:
        return None
    usual = facts.pop("usual")
    return Intensity(**facts, usual=tuple(usual) if usual else None)


def _parts(size: int) -> Iterator[slice]:
    return (slice(start, start + AT_ONCE) for start in range(0, size, AT_ONCE))


def _bins(values: np.ndarray) -> np.ndarray:
    """Returns the bins of float32 values, in the values' order."""
    bits = values.view(np.uint32)
    return np.where(bits >> 31, ~bits, bits | 0x80000000) >> 16


def _edges(number: int) -> tuple[float, float]:
    """Returns the least and the greatest value of a bin."""
    bits = np.array([number << 16, number << 16 | 0xFFFF], np.uint32)
    found = np.where(bits >> 31, bits ^ 0x80000000, ~bits).astype(np.uint32).view(np.float32)
    return float(found[0]), float(found[1])

"""TIFF files in parts: some of their strips or rows of tiles at a time, each part a small TIFF of its own.

TIFF 6.0 (Adobe, 1992), sections 2 (directory), 3 (strips) and 15 (tiles); BigTIFF has wider numbers. What
decodes a whole file decodes its parts, so that every compression is read that is read whole, and alike.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

WIDTH, HEIGHT, BITS, COMPRESSION, TURN, SAMPLES, PLANAR = 256, 257, 258, 259, 274, 277, 284
STRIPS, STRIP_ROWS, STRIP_BYTES = 273, 278, 279
TILES, TILE_WIDTH, TILE_HEIGHT, TILE_BYTES = 324, 322, 323, 325
# What else a decoder needs: colour, order of bits, fax and JPEG settings, predictor, palette, alpha, numbers
BESIDE = (262, 266, 292, 293, 317, 320, 332, 338, 339, 347, 529, 530, 531, 532)
KEPT = (WIDTH, BITS, COMPRESSION, SAMPLES, PLANAR, TILE_WIDTH, TILE_HEIGHT, *BESIDE)
UNCOMPRESSED, OLD_JPEG, LONG = 1, 6, 4
SIZES = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8)  # bytes of a value, by its type
LETTERS = {1: "B", 3: "H", 4: "I", 16: "Q"}  # of types of whole numbers, as `struct` names them


@dataclass(frozen=True)
class Directory:
    """Directory of a TIFF's first picture: what it says of that.

    Attributes:
        order: "<" where the lowest byte comes first, else ">".
        fields: tag -> type, number of values, their bytes.
    """

    order: str
    fields: dict[int, tuple[int, int, bytes]]

    @classmethod
    def read(cls, file: BinaryIO) -> Directory:
        file.seek(0)
        head = file.read(16)
        order = "<" if head[:2] == b"II" else ">"
        wide = struct.unpack(order + "H", head[2:4])[0] == 43
        (start,) = struct.unpack(order + ("Q" if wide else "I"), head[8:16] if wide else head[4:8])
        counted, entry, most = ("Q", "HHQ8s", 8) if wide else ("H", "HHI4s", 4)
        file.seek(start)
        (count,) = struct.unpack(order + counted, file.read(struct.calcsize(order + counted)))
        size = struct.calcsize(order + entry)
        block, fields = file.read(size * count), {}
        for tag, kind, values, own in struct.iter_unpack(order + entry, block):
            length = SIZES[kind] * values if kind < len(SIZES) else 0
            if length > most:
                file.seek(struct.unpack(order + ("Q" if wide else "I"), own)[0])
                own = file.read(length)
            fields[tag] = kind, values, own[:length]
        return cls(order, fields)

    def numbers(self, tag: int, default: int) -> tuple[int, ...]:
        """Returns the whole numbers of a field, or one by default."""
        kind, count, data = self.fields.get(tag, (0, 0, b""))
        return struct.unpack(f"{self.order}{count}{LETTERS[kind]}", data) if kind in LETTERS else (default,)

    def number(self, tag: int, default: int) -> int:
        return self.numbers(tag, default)[0]


@dataclass(frozen=True)
class Segments:
    """Strips, or tiles, of a picture.

    Attributes:
        lines: of the picture that each covers.
        down: how many there are from above to below.
        across: how many beside each other.
        planes: how often all come, one colour after the other.
        offsets: in the file, those of a line after each other.
        counts: of their bytes.
    """

    lines: int
    down: int
    across: int
    planes: int
    offsets: tuple[int, ...]
    counts: tuple[int, ...]

    def of(self, first: int, last: int) -> list[tuple[int, int]]:
        """Returns offset and bytes of those from one line of segments to before another."""
        each = self.down * self.across
        return [
            (self.offsets[place], self.counts[place])
            for plane in range(self.planes)
            for place in range(plane * each + first * self.across, plane * each + last * self.across)
        ]


def tiff_bands(file: BinaryIO, rows: int) -> Iterator[bytes] | None:
    """Returns a TIFF's first picture from above, as small TIFFs.

    Args:
        file: read while the bands are asked for.
        rows: of a band, about; no fewer than a strip or a tile has.

    Returns:
        The bands; None where it cannot be read in parts: it is turned, one compressed strip, or an old JPEG.
    """
    directory = Directory.read(file)
    height = directory.number(HEIGHT, 0)
    segments = _segments(directory, rows)
    if segments is None or directory.number(TURN, 1) != 1 or segments.down < 2:
        return None
    step = max(1, rows // segments.lines)
    return (
        _band(file, directory, segments, first, min(first + step, segments.down), height)
        for first in range(0, segments.down, step)
    )


def _segments(directory: Directory, rows: int) -> Segments | None:
    """Returns where the parts of a picture lie; an uncompressed strip is cut into some of so many rows."""
    height, width = directory.number(HEIGHT, 0), directory.number(WIDTH, 0)
    planes = directory.number(SAMPLES, 1) if directory.number(PLANAR, 1) == 2 else 1
    compression = directory.number(COMPRESSION, UNCOMPRESSED)
    tiled = TILES in directory.fields
    offsets = directory.numbers(TILES if tiled else STRIPS, 0)
    counts = directory.numbers(TILE_BYTES if tiled else STRIP_BYTES, 0)
    lines = min(directory.number(TILE_HEIGHT if tiled else STRIP_ROWS, height), height)
    across = math.ceil(width / directory.number(TILE_WIDTH, width)) if tiled else 1
    down = math.ceil(height / max(1, lines))
    if compression == OLD_JPEG or not len(offsets) == len(counts) == down * across * planes:
        return None
    if not tiled and down == 1 and compression == UNCOMPRESSED:
        bits = directory.numbers(BITS, 1)
        line = math.ceil(width * (bits[0] if planes > 1 else sum(bits)) / 8)
        if counts != (line * height,) * planes:  # colours that share samples, or a damaged file
            return None
        starts = range(0, height, rows)
        counts = tuple(line * min(rows, height - start) for _ in offsets for start in starts)
        offsets = tuple(offset + line * start for offset in offsets for start in starts)
        lines, down = rows, len(starts)
    return Segments(lines, down, across, planes, offsets, counts)


def _band(
    file: BinaryIO, directory: Directory, segments: Segments, first: int, last: int, height: int
) -> bytes:
    """Returns some lines of segments as a TIFF."""
    parts = []
    for offset, count in segments.of(first, last):
        file.seek(offset)
        parts.append(file.read(count))
    fields = {tag: directory.fields[tag] for tag in KEPT if tag in directory.fields}
    rows = min(last * segments.lines, height) - first * segments.lines
    fields[HEIGHT] = _longs(directory.order, [rows])
    tiled = TILES in directory.fields
    if not tiled:
        fields[STRIP_ROWS] = _longs(directory.order, [segments.lines])
    where, lengths = (TILES, TILE_BYTES) if tiled else (STRIPS, STRIP_BYTES)
    fields[lengths] = _longs(directory.order, [len(part) for part in parts])
    fields[where] = _longs(directory.order, [0] * len(parts))
    at, starts = len(_header(directory.order, fields)), []
    for part in parts:
        starts.append(at)
        at += len(part)
    fields[where] = _longs(directory.order, starts)
    return b"".join([_header(directory.order, fields), *parts])


def _header(order: str, fields: dict[int, tuple[int, int, bytes]]) -> bytes:
    """Returns the beginning of a TIFF: its directory, and the values that have no room in it."""
    mark = b"II" if order == "<" else b"MM"
    entries, beside = [], b""
    start = 8 + 2 + 12 * len(fields) + 4
    for tag, (kind, count, data) in sorted(fields.items()):
        own = data.ljust(4, b"\0")
        if len(data) > 4:
            own = struct.pack(order + "I", start + len(beside))
            beside += data + b"\0" * (len(data) % 2)
        entries.append(struct.pack(order + "HHI", tag, kind, count) + own)
    directory = struct.pack(order + "H", len(fields)) + b"".join(entries) + bytes(4)
    return mark + struct.pack(order + "HI", 42, 8) + directory + beside


def _longs(order: str, numbers: list[int]) -> tuple[int, int, bytes]:
    return LONG, len(numbers), struct.pack(f"{order}{len(numbers)}I", *numbers)

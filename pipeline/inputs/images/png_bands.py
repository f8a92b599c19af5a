"""PNG files in parts: some of their rows at a time, each part a small PNG of its own.

PNG, third edition (W3C, 2025): chunks in section 5, filters in section 9. A row is stored as its difference
from the row above, so that bands are undone one after the other; what decodes a whole file decodes its parts.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

MARK = b"\x89PNG\r\n\x1a\n"
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a pixel, by colour type
PLAIN = {1: 0, 2: 4, 3: 2, 4: 6}  # colour type of pixels of so many bytes, 8 bits a sample
KEPT = (b"PLTE", b"tRNS")  # chunks that a pixel's colour rests on
AT_ONCE = 2**16  # bytes of a file read at a time; the other chunks are smaller
LARGEST = 2**31 - 1  # bytes of a chunk


def png_bands(file: BinaryIO, rows: int) -> Iterator[bytes] | None:
    """Returns a PNG's picture from above, as small PNGs; uncompressed, for they are read at once.

    Args:
        file: read while the bands are asked for.
        rows: of a band.

    Returns:
        The bands; None where it cannot be read in parts: it is interlaced, has 16 bits a colour, or bands
        would be larger than a chunk of a PNG.
    """
    file.seek(len(MARK))
    width, height, depth, colour, _, _, interlaced = struct.unpack(">8xIIBBBBB4x", file.read(25))
    bits = depth * SAMPLES.get(colour, 0)
    pixel, line = max(1, bits // 8), math.ceil(width * bits / 8)
    if interlaced or pixel not in PLAIN or (rows + 1) * (line + 1) > LARGEST:
        return None
    return _bands(file, (width, height, depth, colour), pixel, line, rows)


def _bands(
    file: BinaryIO, facts: tuple[int, int, int, int], pixel: int, line: int, rows: int
) -> Iterator[bytes]:
    """Yields bands of rows.

    Args:
        file: behind its header.
        facts: width, height, bits of a sample, colour type.
        pixel: bytes between what a filter compares.
        line: bytes of a row.
        rows: of a band.
    """
    width, height, depth, colour = facts
    beside: list[bytes] = []
    stream = _Inflated(file, beside)
    above = np.zeros((1, 1 + line), np.uint8)
    for start in range(0, height, rows):
        count = min(rows, height - start)
        filtered = np.frombuffer(stream.read(count * (1 + line)), np.uint8).reshape(count, 1 + line)
        known = _unfiltered(np.concatenate([above, filtered]), pixel, line)
        above = known[-1:]
        head = struct.pack(">IIBBBBB", width, count, depth, colour, 0, 0, 0)
        yield _png(head, known[1:].tobytes(), beside)


class _Inflated:
    """Bytes of the rows of a PNG, so many at a time.

    Args:
        file: behind its header.
        beside: receives the chunks that colours rest on; they come before the rows.
    """

    def __init__(self, file: BinaryIO, beside: list[bytes]) -> None:
        self._parts = self._packed(file, beside)
        self._inflate = zlib.decompressobj()

    def read(self, count: int) -> bytes:
        """Returns the next bytes.

        Raises:
            EOFError: there are fewer.
        """
        found: list[bytes] = []
        while count:
            packed = self._inflate.unconsumed_tail or next(self._parts, None)
            found.append(self._inflate.decompress(packed or b"", count))
            if packed is None and not found[-1]:
                raise EOFError("the file ends before its last row.")
            count -= len(found[-1])
        return b"".join(found)

    @staticmethod
    def _packed(file: BinaryIO, beside: list[bytes]) -> Iterator[bytes]:
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if kind not in (b"IDAT", *KEPT):
                file.seek(length + 4, 1)
                continue
            checksum = zlib.crc32(kind)
            for start in range(0, max(1, length), AT_ONCE):
                data = file.read(min(AT_ONCE, length - start))
                checksum = zlib.crc32(data, checksum)
                if start + AT_ONCE >= length and file.read(4) != struct.pack(">I", checksum):
                    raise ValueError("a chunk of it is damaged.")
                if kind == b"IDAT":
                    yield data
                else:
                    beside.append(_chunk(kind, data))


def _unfiltered(rows: np.ndarray, pixel: int, line: int) -> np.ndarray:
    """Returns rows uint8 (n, 1 + line) as they were before they were filtered, their filter 0.

    The bytes are decoded as those of a plain picture with pixels of as many bytes: filters know no more.
    """
    from PIL import Image

    head = struct.pack(">IIBBBBB", line // pixel, len(rows), 8, PLAIN[pixel], 0, 0, 0)
    found = np.zeros_like(rows)
    with Image.open(io.BytesIO(_png(head, rows.tobytes(), []))) as picture:
        found[:, 1:] = np.asarray(picture).reshape(len(rows), line)
    return found


def _png(head: bytes, rows: bytes, beside: list[bytes]) -> bytes:
    data = _chunk(b"IDAT", zlib.compress(rows, 0))
    return b"".join([MARK, _chunk(b"IHDR", head), *beside, data, _chunk(b"IEND", b"")])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

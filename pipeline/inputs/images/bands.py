"""Pictures in bands from above: of any size that their files can be read of in parts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np

from pipeline.inputs.images.decoding import (
    MAX_PIXELS,
    Channels,
    File,
    Read,
    Report,
    as_file,
    decode,
    decode_reduced,
    fetch,
    for_each,
    open_header,
    orientation,
    undamaged,
)
from pipeline.inputs.images.high_bit_depth import deep_values, is_deep, opaque_values
from pipeline.inputs.images.intensity import Histogram, Intensity, may_be_deep
from pipeline.inputs.images.png_bands import png_bands
from pipeline.inputs.images.tiff_bands import tiff_bands

BAND = 2**22  # pixels that are decoded at a time, about


def bands(
    data: File, channels: Channels, name: str, intensity: Intensity | None = None
) -> Iterator[np.ndarray]:
    """Yields a picture from above, uint8 (rows, width, channels), as `decode` gives the whole of it.

    One that is small, or of a format that cannot be read in parts (JPEG among them), is one band.

    Args:
        data, channels, name, intensity: as in `decode`.

    Raises:
        DataError: as `decode`; a whole band may have no more than `MAX_PIXELS` pixels.
    """
    for part in _files(as_file(data), name):
        yield decode(part, channels, name, intensity)


def decode_shrunk(
    data: File, channels: Channels, name: str, reduction: int, intensity: Intensity | None = None
) -> tuple[np.ndarray, float]:
    """Decodes as `decode_reduced` does; a picture of more than `MAX_PIXELS` pixels is shrunk as it is read.

    Args:
        data, channels, name, reduction, intensity: as in `decode_reduced`.

    Returns:
        The picture, and the factor by which it is smaller: of so large a one `reduction`.
    """
    file = as_file(data)
    with undamaged(name):
        width, height = open_header(file).size
    if reduction < 2 or width * height <= MAX_PIXELS:
        return decode_reduced(file, channels, name, reduction, intensity)
    found, rest = [], np.zeros((0, width, channels), np.uint8)
    for band in bands(file, channels, name, intensity):
        rest = np.concatenate([rest, band])
        whole = len(rest) // reduction * reduction
        found.append(_means(rest[:whole], reduction))
        rest = rest[whole:]
    return np.concatenate([*found, _means(rest, reduction)]), float(reduction)


def decode_at_most(
    data: File, channels: Channels, name: str, pixels: int, intensity: Intensity | None = None
) -> np.ndarray:
    """Returns a picture of no more than so many pixels, about: a larger one is shrunk; to be looked at."""
    file = as_file(data)
    with undamaged(name):
        width, height = open_header(file).size
    return decode_shrunk(file, channels, name, math.ceil(math.sqrt(width * height / pixels)), intensity)[0]


def find_intensity(
    read: Read, names: Sequence[str], report: Report | None = None, threads: int = 2
) -> Intensity | None:
    """Returns the range of the values in pictures of more than 8 bits; None where there are none.

    Of files that may be so deep the headers are read, and only those that are deep are decoded,
    a band per thread at a time.

    Args:
        read: gives a picture's file by its name; called from several threads.
        names: of the training pictures.
        report: called with the fraction done and a text.
        threads: how many read at a time.

    Raises:
        DataError: names the pictures that cannot be decoded, all in one; no range fits them.
    """
    found = Histogram()
    chosen = [name for name in dict.fromkeys(names) if may_be_deep([name])]

    def count(position: int) -> None:
        name = chosen[position]
        with fetch(read, name) as file, undamaged(name):
            if is_deep(open_header(file)):
                parts = map(as_file, _files(file, name))
                found.add(opaque_values(deep_values(open_header(part), part)) for part in parts)

    for_each(count, len(chosen), report, "looking for the range of the pictures", threads)
    return found.intensity(len(set(names)))


def _files(file: BinaryIO, name: str) -> Iterator[File]:
    """Yields files of the picture's parts from above; the file itself where it is read whole."""
    found = None
    with undamaged(name):
        image = open_header(file)
        rows = max(1, BAND // image.width)
        if rows < image.height and orientation(image) == 1:
            if image.format == "TIFF":
                found = tiff_bands(file, rows)
            elif image.format == "PNG":
                found = png_bands(file, rows)
    if found is None:
        yield file
        return
    with undamaged(name):
        yield from found


def _means(rows: np.ndarray, reduction: int) -> np.ndarray:
    """Returns uint8 (n, m, channels): means of squares of pixels; those that lack some repeat the last."""
    import cv2

    if not len(rows):
        return np.zeros((0, math.ceil(rows.shape[1] / reduction), rows.shape[2]), np.uint8)
    below, right = -len(rows) % reduction, -rows.shape[1] % reduction
    rows = cv2.copyMakeBorder(rows, 0, below, 0, right, cv2.BORDER_REPLICATE)
    size = rows.shape[1] // reduction, rows.shape[0] // reduction
    return cv2.resize(rows, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], -1)

"""Pictures as networks read them: warped through a view into one uint8 file; their statistics."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from pipeline.data.joined import arrays_of
from pipeline.errors import DataError
from pipeline.inputs.images.bands import decode_shrunk
from pipeline.inputs.images.decoding import Channels, File, Read, Report, fetch, for_each
from pipeline.inputs.images.intensity import Intensity
from pipeline.inputs.rows_file import write_rows
from pipeline.transforms.views import Views
from pipeline.transforms.warp import Border, warp

CHUNK_BYTES = 4 * 2**20  # of pixels held at a time while statistics are counted


def write_pixels(
    path: Path,
    read: Read,
    names: Sequence[str],
    views: Views,
    channels: Channels,
    report: Report | None = None,
    threads: int = 2,
    border: Border = "reflect",
    intensity: Intensity | None = None,
) -> None:
    """Writes pictures, each through its view, as an .npy file of uint8 (rows, height, width, channels).

    Read it with `np.load(path, mmap_mode="r")`. No more than one picture per thread is held in
    memory.

    Args:
        path: of the new file; it is removed again when anything goes wrong.
        read: gives a picture's file by its name; called from several threads.
        names: one per row; a name may come more than once.
        views: one affine per row.
        channels: 3 for RGB, 1 for grey.
        report: called with the fraction done and a text.
        threads: how many decode and warp at a time.
        border: what a view shows outside its picture, as in `warp`.
        intensity: what becomes black and white where pictures have more than 8 bits, as in `decode`.

    Raises:
        DataError: names the pictures that cannot be used, all in one.
        StoreError: the file cannot be written (a full disk).
    """
    if len(names) != len(views.affines):
        raise ValueError(f"There are {len(names)} names and {len(views.affines)} views.")

    def seen(position: int) -> np.ndarray:
        name = names[position]
        with fetch(read, name) as file:
            return seen_through(file, name, views, position, channels, border, intensity)

    def each(write: Callable[[int], None]) -> None:
        for_each(write, len(names), report, "preparing pictures", threads)

    write_rows(path, (len(names), *views.size, channels), np.dtype(np.uint8), seen, each)


def pixel_statistics(pixels: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns mean and standard deviation of each channel over some rows, in their own units.

    Args:
        pixels: uint8 or floats (rows, height, width, channels), usually a memory map; read in chunks.
        positions: the rows to look at: the training rows of the fold.

    Returns:
        Two float32 (channels,). A constant channel has a deviation of 0 in pictures of 8 bits, of 1 in
        floats.
    """
    if not len(positions):
        raise ValueError("Pixel statistics need at least one row.")
    if pixels.dtype != np.uint8:
        return _moments(pixels, np.sort(np.asarray(positions)))
    channels = pixels.shape[3]
    counts = np.zeros((channels, 256), np.int64)
    for chunk in _chunks(pixels, np.sort(np.asarray(positions)), 1):
        for channel in range(channels):
            counts[channel] += np.bincount(chunk[:, channel], minlength=256)
    values = np.arange(256.0)
    total = counts.sum(axis=1)
    mean = counts @ values / total
    variance = np.maximum(counts @ values**2 / total - mean**2, 0.0)
    return mean.astype(np.float32), np.sqrt(variance).astype(np.float32)


def _moments(pixels: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns mean and deviation of channels of floats, by sums about the first row's mean."""
    channels = pixels.shape[3]
    origin = pixels[positions[0]].reshape(-1, channels).astype(np.float64).mean(axis=0)
    sums, squares, count = np.zeros(channels), np.zeros(channels), 0
    for values in _chunks(pixels, positions, 8):
        chunk = values.astype(np.float64) - origin
        sums += chunk.sum(axis=0)
        squares += (chunk**2).sum(axis=0)
        count += len(chunk)
    mean = sums / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
    varies = deviation > np.finfo(np.float32).eps * np.abs(origin + mean)
    return (origin + mean).astype(np.float32), np.where(varies, deviation, 1.0).astype(np.float32)


def _chunks(pixels: np.ndarray, positions: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Yields (pixels, channels) of some rows, bytes of whose values are held: CHUNK_BYTES or so.

    Args:
        pixels: (rows, height, width, channels), usually a memory map.
        positions: of the rows.
        size: bytes that one value will take.
    """
    height, width, channels = pixels.shape[1:]
    step = max(1, CHUNK_BYTES // max(1, size * height * width * channels))
    lines = max(1, CHUNK_BYTES // max(1, size * width * channels))
    for start in range(0, len(positions), step):
        some = positions[start : start + step]
        if step > 1:
            yield pixels[some].reshape(-1, channels)
        else:  # a large picture is cut
            for top in range(0, height, lines):
                yield pixels[int(some[0])][top : top + lines].reshape(-1, channels)
                hand_back(pixels)
        hand_back(pixels)


def hand_back(array: np.ndarray) -> None:
    """Takes the pages of a read-only memory map out of the process; they are read again when asked for."""
    for one in arrays_of(array):
        pages = getattr(one, "_mmap", None)
        if pages is not None and getattr(one, "mode", "") == "r" and hasattr(mmap, "MADV_DONTNEED"):
            pages.madvise(mmap.MADV_DONTNEED)


def seen_through(
    file: File,
    name: str,
    views: Views,
    position: int,
    channels: Channels,
    border: Border,
    intensity: Intensity | None,
) -> np.ndarray:
    """Returns one picture through its view, uint8 (height, width, channels)."""
    import cv2

    affine = views.affines[position].copy()
    image, factor = decode_shrunk(file, channels, name, _reduction(affine), intensity)
    if factor > 1:  # the centre of the first reduced pixel lies at (factor - 1) / 2 of the source's
        affine[:, 2] += affine[:, :2].sum(axis=1) * (factor - 1.0) / 2.0
        affine[:, :2] *= factor
    try:
        return warp(image, affine, views.size, border)
    except cv2.error as error:
        raise DataError(f"Picture {name!r} cannot be warped: {error}") from error


def _reduction(affine: np.ndarray) -> int:
    """Returns by how much a source may shrink without losing what the view shows."""
    largest = np.linalg.svd(affine[:, :2], compute_uv=False)[0]
    return int(min(8, 1.0 / largest)) if largest > 0 else 1

"""Pictures as networks read them: warped through a view into one uint8 file; their statistics."""

from __future__ import annotations

import math
import mmap
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from pipeline.data.images import Channels, Read, Report, decode_reduced, fetch, for_each
from pipeline.data.intensity import Intensity
from pipeline.errors import DataError, StoreError

Border = Literal["reflect", "replicate", "constant"]
CHUNK_BYTES = 4 * 2**20  # of pixels held at a time while statistics are counted


class SeenThrough(Protocol):
    """The part of `Views` that is needed here, which lies below this layer."""

    @property
    def affines(self) -> np.ndarray: ...

    @property
    def size(self) -> tuple[int, int]: ...


def warp(
    image: np.ndarray, affine: np.ndarray, size: tuple[int, int], border: Border = "reflect"
) -> np.ndarray:
    """Returns a picture as seen through an affine, without aliasing where it shrinks.

    Where a network pixel covers several source pixels, the picture is sampled at the source's
    density and each network pixel is the mean of the samples within it; else it is bilinear.

    Args:
        image: uint8 (height, width, channels).
        affine: float64 (2, 3), source pixels to network pixels, centres at whole numbers.
        size: (height, width) of the result.
        border: what lies outside: the picture mirrored, its edge repeated, or black.

    Returns:
        uint8 (size[0], size[1], channels).
    """
    import cv2

    height, width = size
    if _covers_whole(image.shape, affine, size):
        result = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        return result.reshape(height, width, -1)
    modes = {"reflect": cv2.BORDER_REFLECT_101, "replicate": cv2.BORDER_REPLICATE}
    across, down = _oversampling(image.shape, affine, size)
    factor = np.array([across, down], np.float64)[:, None]
    finer = affine * factor
    finer[:, 2] += (factor[:, 0] - 1.0) / 2.0  # centres of pixels, not their corners, are at whole numbers
    result = cv2.warpAffine(
        image,
        finer,
        (width * across, height * down),
        flags=cv2.INTER_LINEAR,
        borderMode=modes.get(border, cv2.BORDER_CONSTANT),
    )
    if across > 1 or down > 1:
        result = cv2.resize(result, (width, height), interpolation=cv2.INTER_AREA)
    return result.reshape(height, width, -1)


def write_pixels(
    path: Path,
    read: Read,
    names: Sequence[str],
    views: SeenThrough,
    channels: Channels,
    report: Report | None = None,
    threads: int = 2,
    border: Border = "reflect",
    intensity: Intensity | None = None,
) -> None:
    """Writes pictures, each through its view, as an .npy file of uint8 (rows, height, width, channels).

    Read it with `np.load(path, mmap_mode="r")`. No more than one picture per thread is held in
    memory. It is written by `pwrite` rather than through a memory map, since a full disk would
    then end the process (SIGBUS) instead of raising.

    Args:
        path: of the new file; it is removed again when anything goes wrong.
        read: gives a picture's bytes by its name; called from several threads.
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
    try:
        _write_rows(path, read, names, views, channels, report, threads, border, intensity)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def pixel_statistics(pixels: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns mean and standard deviation of each channel over some rows, in units of 0 to 255.

    Args:
        pixels: uint8 (rows, height, width, channels), usually a memory map; read in chunks.
        positions: the rows to look at: the training rows of the fold.

    Returns:
        Two float32 (channels,). A constant channel has a deviation of 0.
    """
    if not len(positions):
        raise ValueError("Pixel statistics need at least one row.")
    channels = pixels.shape[3]
    counts = np.zeros((channels, 256), np.int64)
    ordered = np.sort(np.asarray(positions))
    step = max(1, CHUNK_BYTES // max(1, math.prod(pixels.shape[1:])))
    for start in range(0, len(ordered), step):
        chunk = pixels[ordered[start : start + step]].reshape(-1, channels)
        for channel in range(channels):
            counts[channel] += np.bincount(chunk[:, channel], minlength=256)
        hand_back(pixels)
    values = np.arange(256.0)
    total = counts.sum(axis=1)
    mean = counts @ values / total
    variance = np.maximum(counts @ values**2 / total - mean**2, 0.0)
    return mean.astype(np.float32), np.sqrt(variance).astype(np.float32)


def hand_back(array: np.ndarray) -> None:
    """Takes the pages of a read-only memory map out of the process; they are read again when asked for."""
    pages = getattr(array, "_mmap", None)
    if pages is not None and getattr(array, "mode", "") == "r" and hasattr(mmap, "MADV_DONTNEED"):
        pages.madvise(mmap.MADV_DONTNEED)


def _write_rows(
    path: Path,
    read: Read,
    names: Sequence[str],
    views: SeenThrough,
    channels: Channels,
    report: Report | None,
    threads: int,
    border: Border,
    intensity: Intensity | None,
) -> None:
    shape = (len(names), *views.size, channels)
    full = threading.Event()  # one failed write is enough: the pictures still to come are not decoded

    def write(position: int) -> None:
        if full.is_set():
            return
        name = names[position]
        image = _seen(fetch(read, name), name, views, position, channels, border, intensity)
        try:
            _pwrite(file.fileno(), image.tobytes(), start + position * image.nbytes)
        except OSError:
            full.set()
            raise

    try:
        with path.open("wb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            file.flush()
            start = file.tell()
            for_each(write, len(names), report, "preparing pictures", threads)
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error}.") from error


def _seen(
    data: bytes,
    name: str,
    views: SeenThrough,
    position: int,
    channels: Channels,
    border: Border,
    intensity: Intensity | None,
) -> np.ndarray:
    """Returns one picture through its view, uint8 (height, width, channels)."""
    import cv2

    affine = views.affines[position].copy()
    image, factor = decode_reduced(data, channels, name, _reduction(affine), intensity)
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


def _oversampling(shape: tuple[int, ...], affine: np.ndarray, size: tuple[int, int]) -> tuple[int, int]:
    """Returns how many samples across and down a network pixel needs to meet every source pixel."""
    diagonal = math.hypot(shape[0], shape[1])
    factors = []
    for row, side in ((0, size[1]), (1, size[0])):
        scale = math.hypot(affine[row, 0], affine[row, 1])
        most = math.ceil(2.0 * diagonal / side)  # a view wider than twice the diagonal is mostly border
        factors.append(max(1, min(math.ceil(1.0 / max(scale, 1e-9) - 1e-6), most)))
    return factors[0], factors[1]


def _covers_whole(shape: tuple[int, ...], affine: np.ndarray, size: tuple[int, int]) -> bool:
    """Returns whether the view is the whole picture, upright and not enlarged: a plain resize."""
    scale_x, scale_y = size[1] / shape[1], size[0] / shape[0]
    if scale_x > 1.0 or scale_y > 1.0:
        return False
    plain = [[scale_x, 0.0, (scale_x - 1.0) / 2.0], [0.0, scale_y, (scale_y - 1.0) / 2.0]]
    return bool(np.abs(affine - plain).max() < 1e-6)


def _pwrite(descriptor: int, data: bytes, offset: int) -> None:
    """Writes all of the data at the offset; the system may take it in parts."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written

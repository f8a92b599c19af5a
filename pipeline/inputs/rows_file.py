"""File of rows: an .npy array that is written a row at a time, from several threads."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from pipeline.errors import StoreError


def write_rows(
    path: Path,
    shape: tuple[int, ...],
    dtype: np.dtype,
    make: Callable[[int], np.ndarray],
    each: Callable[[Callable[[int], None]], None],
) -> None:
    """Writes an .npy file of that shape; arguments as `write_parts`, but that rows are made whole.

    Args:
        make: returns the row at a position, of shape `shape[1:]` and that dtype.
    """
    write_parts(path, shape, dtype, lambda position: [make(position)], each)


def write_parts(
    path: Path,
    shape: tuple[int, ...],
    dtype: np.dtype,
    make: Callable[[int], Iterable[np.ndarray]],
    each: Callable[[Callable[[int], None]], None],
) -> None:
    """Writes an .npy file of that shape; read it with `np.load(path, mmap_mode="r")`.

    It is written by `pwrite` rather than through a memory map, since a full disk would then end the
    process (SIGBUS) instead of raising. No more than what `make` holds is in memory.

    Args:
        path: of the new file; it is removed again when anything goes wrong.
        shape: rows first.
        dtype: of the values.
        make: returns the row at a position in parts, which are cut along the row's first axis.
        each: calls what it is given with every position, from any threads.

    Raises:
        StoreError: the file cannot be written (a full disk).
        ValueError: a row has another shape or dtype.
    """
    full = threading.Event()  # one failed write is enough: the rows still to come are not made
    size = math.prod(shape[1:]) * dtype.itemsize

    def write(position: int) -> None:
        if full.is_set():
            return
        begin, at, part = start + position * size, 0, np.empty(0, dtype)
        for part in make(position):
            if part.shape[1:] != shape[2:] or part.dtype != dtype or at + part.nbytes > size:
                raise _unlike(path, dtype, shape, part)
            try:
                _pwrite(file.fileno(), part.tobytes(), begin + at)
            except OSError:
                full.set()
                raise
            at += part.nbytes
        if at < size:
            raise _unlike(path, dtype, shape, part)

    try:
        with path.open("wb") as file:
            header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            file.flush()
            start = file.tell()
            each(write)
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise StoreError(f"{path} cannot be written: {error}.") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _unlike(path: Path, dtype: np.dtype, shape: tuple[int, ...], part: np.ndarray) -> ValueError:
    return ValueError(f"A row of {path.name} must be {dtype} {shape[1:]}: {part.dtype} {part.shape}.")


def _pwrite(descriptor: int, data: bytes, offset: int) -> None:
    """Writes all of the data at the offset; the system may take it in parts."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written

"""File of rows: an .npy array that is written a row at a time, from several threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
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
    """Writes an .npy file of that shape; read it with `np.load(path, mmap_mode="r")`.

    It is written by `pwrite` rather than through a memory map, since a full disk would then end the
    process (SIGBUS) instead of raising. No more than what `make` holds is in memory.

    Args:
        path: of the new file; it is removed again when anything goes wrong.
        shape: rows first.
        dtype: of the values.
        make: returns the row at a position, of shape `shape[1:]` and that dtype.
        each: calls what it is given with every position, from any threads.

    Raises:
        StoreError: the file cannot be written (a full disk).
        ValueError: a row has another shape or dtype.
    """
    full = threading.Event()  # one failed write is enough: the rows still to come are not made

    def write(position: int) -> None:
        if full.is_set():
            return
        row = make(position)
        if row.shape != shape[1:] or row.dtype != dtype:
            raise ValueError(f"A row of {path.name} must be {dtype} {shape[1:]}: {row.dtype} {row.shape}.")
        try:
            _pwrite(file.fileno(), row.tobytes(), start + position * row.nbytes)
        except OSError:
            full.set()
            raise

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


def _pwrite(descriptor: int, data: bytes, offset: int) -> None:
    """Writes all of the data at the offset; the system may take it in parts."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written

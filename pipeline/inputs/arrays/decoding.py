"""Arrays as they come: files of NumPy, tables of numbers, medical pictures and volumes."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from pipeline.config.arrays_section import ArraysConfig
from pipeline.errors import DataError, PipelineError, did_you_mean, listing
from pipeline.inputs.arrays.medical import MEDICAL, read_medical

if TYPE_CHECKING:
    import pandas as pd

MAX_VALUES = 500_000_000  # of one array: 2 GB in float32
NUMPY = (".npy", ".npz")
TABLES = (".csv", ".parquet", ".pq")


def read_array(data: bytes, name: str, config: ArraysConfig) -> np.ndarray:
    """Returns the array of a file, of numbers of any type and of one to four axes.

    Args:
        data: the file's content.
        name: what an error calls the file; its ending decides how it is read.
        config: names the array of an .npz, and the columns of a table that are channels.

    Raises:
        ConfigError: the library that reads such files is not installed.
        DataError: no array, a damaged or an empty one, values that are no numbers, or too many of them.
    """
    if not data:
        raise DataError(f"Array {name!r} cannot be read: the file is empty.")
    try:
        found = _decoded(data, name, config)
    except PipelineError:
        raise
    except Exception as error:  # a damaged file makes each library raise errors of its own
        raise DataError(f"Array {name!r} cannot be read: {error or type(error).__name__}.") from error
    if found.dtype.kind not in "fiub":
        raise DataError(f"Array {name!r} holds {found.dtype}, and numbers are needed.")
    if not found.size or not found.ndim:
        raise DataError(f"Array {name!r} of shape {found.shape} holds no values.")
    if found.size > MAX_VALUES:
        raise DataError(f"Array {name!r} of shape {found.shape} has more than {MAX_VALUES:,} values.")
    return found


def fetch_array(read: Callable[[str], bytes], name: str) -> bytes:
    """Returns the bytes of an array's file; raises DataError with its name where they cannot be read."""
    try:
        return read(name)
    except (OSError, KeyError) as error:
        raise DataError(f"Array {name!r} cannot be read: {error!r}.") from error


def _decoded(data: bytes, name: str, config: ArraysConfig) -> np.ndarray:
    lower = name.lower()
    if lower.endswith(".npy"):
        return np.load(io.BytesIO(data), allow_pickle=False)
    if lower.endswith(".npz"):
        return _packed(data, name, config)
    if lower.endswith(TABLES):
        return _columns(data, name, config)
    if lower.endswith(MEDICAL):
        return read_medical(data, name)
    raise DataError(
        f"Array {name!r} cannot be read: {PurePosixPath(name).suffix or 'a name without an ending'} is no "
        f"format of arrays. Known: {', '.join((*NUMPY, *TABLES, *MEDICAL))}."
    )


def _packed(data: bytes, name: str, config: ArraysConfig) -> np.ndarray:
    """Returns the array of an .npz that the configuration names, or its only one."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        known = list(arrays.files)
        if config.array is None and len(known) != 1:
            raise DataError(
                f"Array {name!r} holds {len(known)} arrays ({listing(known)}): "
                "`data.arrays.array` must name one."
            )
        wanted = config.array if config.array is not None else known[0]
        if wanted not in known:
            near = did_you_mean(wanted, known)
            raise DataError(
                f"`data.arrays.array`: {name!r} holds no {wanted!r}.{near} It holds: {listing(known)}."
            )
        return np.asarray(arrays[wanted])


def number_columns(data: bytes, name: str) -> list[str]:
    """Returns the columns of a table that hold numbers; raises DataError where there is none."""
    try:
        found = [str(column) for column in _table(data, name).select_dtypes(["number", "bool"]).columns]
    except Exception as error:  # as in read_array
        raise DataError(f"Array {name!r} cannot be read: {error}.") from error
    if not found:
        raise DataError(f"Array {name!r} has no column of numbers.")
    return found


def _columns(data: bytes, name: str, config: ArraysConfig) -> np.ndarray:
    """Returns the channels of a table, float32 (steps, channels)."""
    table = _table(data, name)
    known = list(map(str, table.columns))
    for column in config.channels:
        if column not in known:
            near = did_you_mean(column, known)
            raise DataError(f"`data.arrays.channels`: {name!r} has no column {column!r}.{near}")
    return table[config.channels].to_numpy(np.float32)


def _table(data: bytes, name: str) -> pd.DataFrame:
    import pandas as pd

    file = io.BytesIO(data)
    return pd.read_csv(file) if name.lower().endswith(".csv") else pd.read_parquet(file)

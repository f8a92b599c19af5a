"""Shapes of arrays: every row's becomes (height, width, channels); a series is one high."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.config.arrays_section import ArraysConfig
from pipeline.errors import DataError
from pipeline.inputs.arrays.decoding import TABLES
from pipeline.inputs.arrays.medical import NIFTI

Shape = tuple[int, int, int]
SERIES = ("T", "TC", "CT")
VOLUMES = ("DHW", "HWD")
BY_NUMBER = {1: "T", 2: "HW", 3: "DHW"}
WHITE = 255.0


@dataclass(frozen=True)
class Standing:
    """An array with its axes in place.

    Attributes:
        values: float32 (height, width, channels).
        axes: what the axes of the file were.
    """

    values: np.ndarray
    axes: str

    @property
    def is_series(self) -> bool:
        return self.axes in SERIES


def axes_of(name: str, dimensions: int, config: ArraysConfig) -> str:
    """Returns what the axes of a file's array are.

    Args:
        name: of the file.
        dimensions: of its array.
        config: what the configuration says of it.

    Raises:
        DataError: the array has another number of axes than the configuration says.
    """
    if config.axes is not None:
        wanted = str(config.axes)
        if len(wanted) == dimensions:
            return wanted
        raise DataError(
            f"Array {name!r} has {dimensions} axes, and `data.arrays.axes: {wanted}` says {len(wanted)}."
        )
    if config.table is not None or name.lower().endswith(TABLES):
        return "TC"
    if dimensions == 3 and name.lower().endswith(NIFTI):
        return "HWD"
    if dimensions in BY_NUMBER:
        return BY_NUMBER[dimensions]
    raise DataError(f"Array {name!r} has {dimensions} axes: `data.arrays.axes` is for one, two or three.")


def standing(array: np.ndarray, name: str, config: ArraysConfig) -> Standing:
    """Returns an array with its axes in place, its missing values filled in where that is asked for.

    Args:
        array: as it was read.
        name: what an error calls it.
        config: what the configuration says of it.

    Raises:
        DataError: another number of axes than was said; values that are no finite numbers.
    """
    axes = axes_of(name, array.ndim, config)
    values = np.asarray(array, np.float32)
    if axes == "T":
        values = values[None, :, None]
    elif axes in SERIES:
        values = (values if axes == "TC" else values.T)[None]
    elif axes == "HW":
        values = values[:, :, None]
    elif axes in ("CHW", "DHW"):
        values = values.transpose(1, 2, 0)
    return Standing(_finite(values, name, config, axes in SERIES), axes)


def fitted(found: Standing, config: ArraysConfig) -> np.ndarray:
    """Returns an array at the size that the configuration asks for, float32 (height, width, channels)."""
    values = found.values
    if found.is_series:
        return values if config.length is None else _of_length(values[0], config.length, config.fit)[None]
    if found.axes in VOLUMES and config.slices is not None:
        stacked = values.reshape(-1, values.shape[2])
        values = _resized(stacked.T, config.slices).T.reshape(*values.shape[:2], config.slices)
    if config.size is not None:
        height, width = config.size
        tall = _resized(values.reshape(values.shape[0], -1), height).reshape(height, *values.shape[1:])
        wide = _resized(tall.transpose(1, 0, 2).reshape(values.shape[1], -1), width)
        values = wide.reshape(width, height, values.shape[2]).transpose(1, 0, 2)
    return values


def stored(values: np.ndarray, name: str, shape: Shape, config: ArraysConfig) -> np.ndarray:
    """Returns what is kept of an array, once it has the shape of the first training row's.

    Args:
        values: float32 (height, width, channels).
        name: what an error calls it.
        shape: that it must have.
        config: says in which numbers it is kept.

    Raises:
        DataError: another shape; values beyond what float16 can hold.
    """
    if values.shape != shape:
        raise DataError(f"Array {name!r} {_unlike(values.shape, shape)}")
    if config.range is not None:
        low, high = config.range
        return np.rint((np.clip(values, low, high) - low) * (WHITE / (high - low))).astype(np.uint8)
    with np.errstate(over="ignore"):  # said below, by name
        kept = values.astype(config.dtype)
    if not np.isfinite(kept).all():
        raise DataError(
            f"Array {name!r} holds {float(np.abs(values).max()):.6g}, more than float16 can: "
            "`data.arrays.dtype: float32`."
        )
    return np.ascontiguousarray(kept)


def stored_type(config: ArraysConfig) -> np.dtype:
    """Returns the type of the values that are kept."""
    return np.dtype(np.uint8 if config.range is not None else config.dtype)


def _unlike(shape: tuple[int, ...], wanted: Shape) -> str:
    """Says how a shape differs, and which key makes them alike."""
    if shape[0] == wanted[0] == 1 and shape[2] == wanted[2]:
        return (
            f"has {shape[1]:,} steps, the first training row {wanted[1]:,}: `data.arrays.length` (and `fit`) "
            "makes them alike."
        )
    key = "slices" if shape[:2] == wanted[:2] else "size"
    hint = f": `data.arrays.{key}` makes them alike where they are of one kind."
    return f"has the shape {shape} (height, width, channels), the first training row {wanted}{hint}"


def _finite(values: np.ndarray, name: str, config: ArraysConfig, series: bool) -> np.ndarray:
    """Returns values that are all finite numbers."""
    known = np.isfinite(values)
    if known.all():
        return values
    count = values.size - int(known.sum())
    if config.missing == "refuse":
        place = tuple(int(axis) for axis in np.argwhere(~known)[0])
        where = f"step {place[1]}, channel {place[2]}" if series else f"row {place[0]}, column {place[1]}"
        raise DataError(
            f"Array {name!r} holds {count:,} values that are no finite numbers, the first at {where} "
            "(from 0): `data.arrays.missing: fill` fills them in."
        )
    filled = np.where(known, values, np.float32(0.0))
    if not series:
        mean = filled.sum(dtype=np.float64) / max(1, int(known.sum()))
        return np.where(known, values, np.float32(mean))
    steps = np.arange(values.shape[1])
    for channel in range(values.shape[2]):
        there = known[0, :, channel]
        if there.any() and not there.all():
            filled[0, :, channel] = np.interp(steps, steps[there], values[0, there, channel])
    return filled


def _of_length(series: np.ndarray, length: int, fit: str) -> np.ndarray:
    """Returns a series (steps, channels) of that many steps."""
    if len(series) == length:
        return series
    if fit == "resize":
        return _resized(series, length)
    kept = series[:length] if fit == "start" else series[-length:]
    lacking = length - len(kept)
    return np.pad(kept, ((0, lacking) if fit == "start" else (lacking, 0), (0, 0)))


def _resized(lines: np.ndarray, count: int) -> np.ndarray:
    """Returns lines (n, values) resized to so many.

    Fewer are means by area; more lie on straight lines between the middles of the old ones.
    """
    if len(lines) == count:
        return lines
    if count > len(lines):
        places = np.clip((np.arange(count) + 0.5) * len(lines) / count - 0.5, 0, len(lines) - 1)
        low = np.floor(places).astype(int)
        share = (places - low).astype(np.float32)[:, None]
        return lines[low] * (1 - share) + lines[np.minimum(low + 1, len(lines) - 1)] * share
    edges = np.arange(count + 1) * (len(lines) / count)
    summed = np.concatenate([np.zeros((1, lines.shape[1])), np.cumsum(lines, axis=0, dtype=np.float64)])
    low = np.minimum(np.floor(edges).astype(int), len(lines))
    part = (edges - low)[:, None]
    reached = summed[low] + part * lines[np.minimum(low, len(lines) - 1)]
    return (np.diff(reached, axis=0) / np.diff(edges)[:, None]).astype(np.float32)

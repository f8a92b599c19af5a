"""One table with many rows for each row of the contest: sensors, a step each."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from pipeline.config.arrays_section import ArraysConfig
from pipeline.config.data_section import DataConfig
from pipeline.data.long_table import opened_with, parts_of
from pipeline.data.source import Source
from pipeline.errors import DataError, listing

if TYPE_CHECKING:
    import pandas as pd


class SeriesTable:
    """Series of a table by their id, each float32 (steps, channels) in the order of its steps.

    The table is read once, a part at a time; its values lie in a temporary file, 12 bytes a row in memory.

    Args:
        source: where it lies.
        file: its name.
        data: how CSV files are written, and `data.arrays`.

    Attributes:
        channels: names of the columns that are channels.

    Raises:
        DataError: it is not there, lacks a column, or holds no numbers.
    """

    def __init__(self, source: Source, file: str, data: DataConfig) -> None:
        self.where = f"{source.root}: {file}"
        config = data.arrays or ArraysConfig(table=file)
        self.by, self.step, self.channels = _by(config, data), config.step, tuple(config.channels)
        wanted = [self.by, *([self.step] if self.step else []), *config.channels]
        table = opened_with(source, file, data, wanted, "data.arrays")
        self._gather(parts_of(table, wanted if config.channels else None, self.by, "data.arrays"))

    def lengths(self) -> np.ndarray:
        """Returns int64 (series,): the steps of each."""
        return np.diff(self._starts)

    def read(self, key: str) -> np.ndarray:
        """Returns the series of an id, float32 (steps, channels); raises DataError where there is none."""
        number = self._numbers.get(key)
        if number is None:
            raise DataError(f"Array {key!r} cannot be read: {self.where} has no row of {self.by} {key!r}.")
        rows = self._order[self._starts[number] : self._starts[number + 1]]
        return np.array(self._values[rows])

    def _gather(self, parts: Iterator[pd.DataFrame]) -> None:
        file = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the table)
        numbers: dict[str, int] = {}
        codes, steps, rows = [], [], 0
        for part in parts:
            if not self.channels:
                self.channels = _channels(part, self.by, self.step, self.where)
            own, names = part[self.by].factorize()
            known = np.array([numbers.setdefault(str(name), len(numbers)) for name in names], np.int32)
            codes.append(known[own])
            if self.step:
                steps.append(_ordered(part, self.step, self.where))
            values = _numeric(part, self.channels, self.where)
            file.write(values.tobytes())
            rows += len(part)
        if not rows:
            raise DataError(f"{self.where} has no rows.")
        file.flush()
        self._values = np.memmap(file, np.float32, "r", shape=(rows, len(self.channels)))
        series = np.concatenate(codes)
        self._order = np.lexsort((np.concatenate(steps), series) if self.step else (series,))
        self._starts = np.concatenate([[0], np.cumsum(np.bincount(series, minlength=len(numbers)))])
        self._numbers = numbers


def series_keys(source: Source, file: str, data: DataConfig) -> set[str]:
    """Returns the ids of which a table holds series, read from that column alone.

    Raises:
        DataError: it is not there, or lacks the column.
    """
    by = _by(data.arrays or ArraysConfig(table=file), data)
    table = opened_with(source, file, data, [by], "data.arrays")
    parts = parts_of(table, [by], by, "data.arrays")
    return {str(name) for part in parts for name in part[by].unique()}


def _by(config: ArraysConfig, data: DataConfig) -> str:
    """Returns the column of the ids."""
    if by := config.by or data.id:
        return by
    raise DataError(f"`data.arrays.by` must name the column of {config.table} that holds the ids.")


def _channels(part: pd.DataFrame, by: str, step: str | None, where: str) -> tuple[str, ...]:
    """Returns the columns of numbers that are neither id nor step."""
    numbers = part.select_dtypes(["number", "bool"]).columns
    found = tuple(str(name) for name in numbers if name not in (by, step))
    if not found:
        beside = listing([by, *([step] if step else [])])
        raise DataError(f"{where} has no column of numbers beside {beside}.")
    return found


def _numeric(part: pd.DataFrame, channels: tuple[str, ...], where: str) -> np.ndarray:
    """Returns the channels, float32 (rows, channels)."""
    try:
        return part[list(channels)].to_numpy(np.float32)
    except (ValueError, TypeError) as error:
        raise DataError(f"{where}: `data.arrays.channels` must be columns of numbers: {error}.") from error


def _ordered(part: pd.DataFrame, step: str, where: str) -> np.ndarray:
    """Returns float64 (rows,) in the order of the steps, which are numbers or times."""
    import pandas as pd

    column = part[step]
    if not pd.api.types.is_numeric_dtype(column):
        try:
            column = pd.to_datetime(column).astype("datetime64[ns]").astype(np.int64)
        except (ValueError, TypeError) as error:
            message = f"{where}: `data.arrays.step`: {step!r} holds neither numbers nor times."
            raise DataError(message) from error
    values = column.to_numpy(np.float64)
    if empty := int(np.isnan(values).sum()):
        raise DataError(f"{where}: `data.arrays.step`: {step!r} is empty in {empty:,} rows.")
    return values

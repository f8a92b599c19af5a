"""Arrays of the rows by their names, wherever they lie: a file of each, or all in one table."""

from __future__ import annotations

import threading

import numpy as np

from pipeline.config.arrays_section import ArraysConfig
from pipeline.config.data_section import DataConfig
from pipeline.data.source import Source
from pipeline.errors import ConfigError
from pipeline.inputs.arrays.decoding import TABLES, fetch_array, number_columns, read_array
from pipeline.inputs.arrays.series_table import SeriesTable
from pipeline.inputs.arrays.shape import Standing, standing
from pipeline.inputs.base import Workshop

BETWEEN = "#"  # the table and the id, in a row's name


def arrays_of(data: DataConfig) -> ArraysConfig:
    """Returns `data.arrays`; raises ConfigError where there is none."""
    if data.arrays is None:
        raise ConfigError("`data.arrays` does not say where arrays lie.")
    return data.arrays


def table_of(config: ArraysConfig, side: str) -> str | None:
    """Returns the table of a side ("train", or "test" for new rows too), None where each row has a file."""
    return config.table if side == "train" else config.test_table or config.table


def reader_of(shop: Workshop, channels: list[str] | None = None) -> Reader:
    """Returns what reads the arrays of a competition, whose id names the rows of a table too."""
    data = shop.config.data.model_copy(update={"id": shop.competition.id})
    return Reader(shop.source, data, channels)


class Reader:
    """Reads arrays by their rows' names, from several threads; of a table the whole is read once.

    Where the configuration names no channels, the first table that is read decides which columns they are,
    for all that come after.

    Args:
        source: where they lie.
        data: says how they are read.
        channels: columns that are channels, where that is known.
    """

    def __init__(self, source: Source, data: DataConfig, channels: list[str] | None = None) -> None:
        self.source, self.data = source, data
        self.config = arrays_of(data)
        if channels:
            self._settle(channels)
        self._tables: dict[str, SeriesTable] = {}
        self._lock = threading.Lock()

    @property
    def channels(self) -> list[str]:
        """Names of the columns that are channels; empty where arrays have no columns with names."""
        return self.config.channels

    def __call__(self, name: str) -> Standing:
        """Returns the array of that name with its axes in place.

        Raises:
            DataError: names the array, and why it cannot be used.
        """
        return standing(self._raw(name), name.rpartition(BETWEEN)[2], self.config)

    def table(self, file: str) -> SeriesTable:
        """Returns a table of many rows for each row, read at the first call."""
        with self._lock:
            if file not in self._tables:
                found = SeriesTable(self.source, file, self.data)
                self._tables[file] = found
                self._settle(list(found.channels))
            return self._tables[file]

    def _raw(self, name: str) -> np.ndarray:
        if self.config.table is not None:
            files = (self.config.test_table, self.config.table)
            file = next(one for one in files if one and name.startswith(one + BETWEEN))
            return self.table(file).read(name.removeprefix(file + BETWEEN))
        data = fetch_array(self.source.read, name)
        if name.lower().endswith(TABLES) and not self.channels:
            self._settle(number_columns(data, name))
        return read_array(data, name, self.config)

    def _settle(self, channels: list[str]) -> None:
        self.config = self.config.model_copy(update={"channels": channels})
        self.data = self.data.model_copy(update={"arrays": self.config})

"""Statistics of arrays as an input: columns of numbers that every model of tables reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline.config.arrays_section import READING
from pipeline.config.data_section import DataConfig
from pipeline.config.schema import Config, ModelConfig
from pipeline.errors import DataError
from pipeline.inputs.arrays.reading import Reader, arrays_of, reader_of
from pipeline.inputs.arrays.rows import ArrayRows, location_key, sides_of, write_arrays
from pipeline.inputs.arrays.shape import Standing
from pipeline.inputs.arrays.statistics import statistic_names, statistics
from pipeline.inputs.base import InputFiles, Workshop, misread
from pipeline.inputs.outputs import Values
from pipeline.registry import INPUTS

VERSION = 1  # raise it when the same array would have other statistics
FACTS = "facts.json"


@INPUTS.register("array_statistics")
class ArrayStatisticsInput(ArrayRows):
    """Statistics of each channel of a row's array, over all of it: level, spread, change, frequencies."""

    def problem(
        self, entry: str, reader: str, models: Mapping[str, ModelConfig | None], data: DataConfig
    ) -> str:
        section = models.get(reader)
        return misread(section, reader, False, "sees arrays as they are", "arrays") if section else ""

    def files(self, config: Config, section: ModelConfig) -> InputFiles:
        """The statistics: one product, shared by models."""
        arrays = arrays_of(config.data)
        material = {"arrays": arrays.model_dump(include=READING), "of": location_key(arrays), "made": VERSION}
        return InputFiles("array-statistics", material)

    def make(self, shop: Workshop, folder: Path) -> None:
        read = reader_of(shop)
        first = read(shop.competition.arrays[0])
        facts = {"axes": first.axes, "count": first.values.shape[2], "channels": read.channels}
        for side, names in sides_of(shop.competition):
            _write(folder / f"{side}.npy", shop, read, names, facts["axes"], facts["count"])
        (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")

    def open(self, shop: Workshop, side: str, folder: Path | None, key: str) -> Values:
        if folder is None:
            raise ValueError("Statistics are opened from a folder.")
        return Values(np.load(folder / f"{side}.npy"))

    def carry(self, folder: Path, into: Path) -> None:
        """Copies which channels they are of."""
        (into / FACTS).write_bytes((folder / FACTS).read_bytes())

    def open_new(self, shop: Workshop, folder: Path | None, scratch: Path) -> Values:
        if folder is None:
            raise ValueError("Statistics of new rows are those of the run's own.")
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        read = reader_of(shop, facts["channels"])
        _write(scratch / "new.npy", shop, read, shop.competition.test_arrays, facts["axes"], facts["count"])
        return Values(np.load(scratch / "new.npy"))


def _write(path: Path, shop: Workshop, read: Reader, names: Sequence[str], axes: str, count: int) -> None:
    """Writes statistics of arrays, float32 (rows, columns)."""
    names_of_columns = statistic_names(axes, count)

    def make(array: Standing, name: str) -> np.ndarray:
        own = array.values.shape[2]
        if statistic_names(array.axes, own) != names_of_columns:
            raise DataError(
                f"Array {name!r} has {own} channels (axes {array.axes}), the first training row {count} "
                f"({axes}): statistics are of each channel."
            )
        return statistics(array)

    shape = (len(names_of_columns),)
    write_arrays(path, read, names, shape, np.dtype(np.float32), make, shop.progress, shop.config.threads)

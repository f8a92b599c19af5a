"""Arrays of the rows: where they lie, which can be used, and what is made of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.config.arrays_section import ArraysConfig
from pipeline.config.data_section import DataConfig
from pipeline.data.competition import Competition
from pipeline.data.source import Source
from pipeline.errors import DataError, Problems, did_you_mean, listing
from pipeline.inputs.arrays.medical import lacking
from pipeline.inputs.arrays.reading import BETWEEN, Reader, arrays_of, table_of
from pipeline.inputs.arrays.series_table import series_keys
from pipeline.inputs.arrays.shape import Standing
from pipeline.inputs.base import Input
from pipeline.inputs.images.decoding import for_each
from pipeline.inputs.images.names import picture_names
from pipeline.inputs.rows_file import write_rows
from pipeline.progress import Progress

if TYPE_CHECKING:
    import pandas as pd


class ArrayRows(Input):
    """Something that is made of a row's array."""

    keys = ("arrays",)
    lacking = "reads arrays, but `data.arrays` does not say where they lie."
    located = "arrays"

    def there(self, competition: Competition) -> bool:
        return bool(competition.arrays)

    def patterns(self, data: DataConfig) -> list[str]:
        found = [data.arrays.path, data.arrays.test_path] if data.arrays else []
        return [pattern for pattern in found if pattern]

    def skips(self, data: DataConfig) -> bool:
        return data.arrays is not None and data.arrays.broken == "leave_out"

    def locate(
        self, table: pd.DataFrame, data: DataConfig, side: str, where: str, source: Source, problems: Problems
    ) -> tuple[str, ...]:
        """Returns the name of every row's array, () where the configuration names none.

        Of one that lies in a table for all it is the table's name and the row's id.
        """
        config = data.arrays
        if config is None:
            return ()
        if file := table_of(config, side):
            return _of_table(table, file, data, where, source, problems, self.skips(data))
        pattern = config.path if side == "train" else config.test_path or config.path
        words = ("arrays.path", "arrays", "arrays.broken")
        names = picture_names(table, pattern or "", source, problems, where, self.skips(data), *words)
        if said := next(filter(None, map(lacking, names)), ""):
            problems.add(said)
        return names

    def usable(self, names: Sequence[str], data: DataConfig, source: Source, threads: int) -> np.ndarray:
        """Returns bool (arrays,): whether each is there and can be read."""
        read = Reader(source, data)

        def works(position: int) -> bool:
            try:
                read(names[position])
            except DataError:
                return False
            return True

        next(filter(works, range(len(names))), None)  # the first that can be read decides the channels
        return np.array(for_each(works, len(names), None, "", threads), bool)

    def unpackable(self, data: DataConfig) -> str:
        if data.arrays is None or data.arrays.table is None:
            return ""
        return (
            "`data.arrays.table`: a package cannot yet bring some rows of one table; arrays in files it can."
        )


def _of_table(
    table: pd.DataFrame,
    file: str,
    data: DataConfig,
    where: str,
    source: Source,
    problems: Problems,
    skip: bool,
) -> tuple[str, ...]:
    """Returns the names of series that lie in one table."""
    by = arrays_of(data).by
    column = by if by in table.columns else data.id
    if not source.has(file):
        problems.add(str(source.missing(file)))
        return ()
    if column not in table.columns:
        near = did_you_mean(str(column), list(map(str, table.columns)))
        problems.add(f"`data.arrays.by`: {where} has no column {column or by!r}.{near}")
        return ()
    keys, known = list(map(str, table[column])), series_keys(source, file, data)
    missing = [key for key in keys if key not in known]
    if missing and not skip:
        problems.add(
            f"{where}: rows of which {file} holds no step: {listing(missing)} ({len(missing)} in all). "
            "`data.arrays.broken: leave_out` goes on without them."
        )
    return tuple(f"{file}{BETWEEN}{key}" for key in keys)


def location_key(config: ArraysConfig) -> list[str | None]:
    """Returns which files a product is made of."""
    return [config.path, config.test_path, config.table, config.test_table, config.by]


def write_arrays(
    path: Path,
    read: Reader,
    names: Sequence[str],
    shape: tuple[int, ...],
    dtype: np.dtype,
    make: Callable[[Standing, str], np.ndarray],
    progress: Progress,
    threads: int,
) -> None:
    """Writes what is made of each array, one per row, into an .npy file.

    No more than one array per thread is in memory.

    Args:
        path: of the new file.
        read: returns an array by its name.
        names: of the arrays.
        shape: of what is made of one.
        dtype: of its values.
        make: takes an array and its name.
        progress: told of it.
        threads: how many read at a time.

    Raises:
        DataError: names the arrays that cannot be used, all in one.
        StoreError: the file cannot be written.
    """

    def made(position: int) -> np.ndarray:
        name = names[position]
        return make(read(name), name.rpartition(BETWEEN)[2])

    def each(write: Callable[[int], None]) -> None:
        for_each(write, len(names), progress.update, "preparing arrays", threads, "arrays", "arrays.broken")

    write_rows(path, (len(names), *shape), np.dtype(dtype), made, each)


def sides_of(competition: Competition) -> list[tuple[str, tuple[str, ...]]]:
    """Returns the sides with the names of their arrays."""
    return [("train", competition.arrays), ("test", competition.test_arrays)]

"""Arrays of the rows: a file of each, NumPy's, medical or a table; long tables with many rows for each id."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.arrays_section import ArraysConfig
from pipeline.data.source import Source
from pipeline.draft.array_axes import channel_counts, guess_axes, shaping, usual_dimensions
from pipeline.draft.choice import words
from pipeline.draft.long_tables import STEP_WORDS, LongTable, choose_series
from pipeline.draft.row_files import RowFiles, files_of, find_row_files
from pipeline.errors import DataError
from pipeline.inputs.arrays.decoding import NUMPY, TABLES, fetch_array, number_columns, read_array
from pipeline.inputs.arrays.medical import MEDICAL
from pipeline.inputs.arrays.shape import SERIES, Shape
from pipeline.inputs.arrays.statistics import statistic_names

if TYPE_CHECKING:
    import pandas as pd

MEASURED, MEASURED_TEST = 100, 25  # arrays that are read


def is_array(name: str) -> bool:
    """Says whether a file's ending is one of NumPy's, of DICOM or of NIfTI."""
    return name.lower().endswith((*NUMPY, *MEDICAL))


@dataclass(frozen=True)
class ArrayFiles:
    """Arrays of the rows: their files or tables, and what suits their shapes.

    Attributes:
        section: `data.arrays`.
        reason: what it rests on.
        shape: (height, width, channels) that a network sees; a series is one high.
        columns: of statistics that models of tables read; 0 where the arrays have no statistics alike.
        patterns: of the files; none of a table for all.
    """

    section: dict[str, Any]
    reason: str
    shape: Shape
    columns: int
    patterns: tuple[str, ...] = ()


def find_arrays(
    source: Source,
    row_tables: Sequence[str],
    long_tables: Sequence[LongTable],
    train: pd.DataFrame,
    test: pd.DataFrame,
    key: str,
    targets: Sequence[str],
    pattern: str | None = None,
) -> ArrayFiles | None:
    """Returns where the rows' arrays lie, or None where there are none, or of more than three axes.

    Args:
        source: the competition's files.
        row_tables: tables that seem to be of a row each.
        long_tables: tables with many rows for each id.
        train: training table.
        test: test table.
        key: the id column, which is tried first.
        targets: columns that are no channels of a table.
        pattern: of the training arrays, where it is known already.

    Raises:
        ConfigError: the library that reads them is not installed.
        DataError: none of the arrays that are measured can be read.
    """
    for files in ([name for name in source.names() if is_array(name)], list(row_tables)):
        own = pattern if pattern and PurePosixPath(pattern).suffix in _endings(files) else None
        found = find_row_files(files, train, test, key, "array", own) if files else None
        if found:
            measured = _spread(files_of(found.train.value, train, files), MEASURED)
            asked = files_of((found.test or found.train).value, test, files)
            return _of_files(source, found, [*measured, *_spread(asked, MEASURED_TEST)], targets)
    return _of_table(long_tables, targets)


def _endings(files: Sequence[str]) -> set[str]:
    return {PurePosixPath(name).suffix for name in files}


def _spread(names: Sequence[str], most: int) -> list[str]:
    """Returns so many of the names, spread over all."""
    places = np.linspace(0, len(names) - 1, min(most, len(names))).astype(int)
    return [names[place] for place in places]


def _of_files(
    source: Source, found: RowFiles, chosen: Sequence[str], targets: Sequence[str]
) -> ArrayFiles | None:
    tables = chosen[0].lower().endswith(TABLES)
    reading = _columns(source, chosen, targets) if tables else _packed(source, chosen)
    config, shapes, failed = ArraysConfig(path=found.train.value, **reading), [], ""
    for name in chosen:
        try:
            shapes.append(read_array(fetch_array(source.read, name), name, config).shape)
        except DataError as error:
            failed = str(error)
    if not shapes:
        raise DataError(failed)
    alike = [shape for shape in shapes if len(shape) == usual_dimensions(shapes)]
    axes = "TC" if tables else guess_axes(alike, chosen[0])
    if not axes:
        return None
    section: dict[str, Any] = {"path": found.train.value}
    if found.test:
        section["test_path"] = found.test.value
    section |= reading if tables else {**reading, "axes": axes}
    section |= {**shaping(axes, alike), "missing": "fill"}
    if failed or len(alike) < len(shapes) or not found.complete:
        section["broken"] = "leave_out"
    reason = f"{found.train.reason}; {_told(axes, alike)}"
    patterns = tuple(choice.value for choice in (found.train, found.test) if choice)
    return _measured(section, reason, axes, alike, patterns)


def _of_table(tables: Sequence[LongTable], targets: Sequence[str]) -> ArrayFiles | None:
    found = choose_series(tables, targets)
    if found is None:
        return None
    shapes = [(length, len(found.channels)) for length in found.lengths]
    section = {**found.section, **shaping("TC", shapes), "missing": "fill"}
    if not found.complete:
        section["broken"] = "leave_out"
    return _measured(section, f"{found.reason}; {_told('TC', shapes)}", "TC", shapes, ())


def _measured(
    section: dict[str, Any],
    reason: str,
    axes: str,
    shapes: Sequence[tuple[int, ...]],
    patterns: tuple[str, ...],
) -> ArrayFiles:
    counts = channel_counts(axes, shapes)
    names = {tuple(statistic_names(axes, count)) for count in counts}
    columns = len(names.pop()) if len(names) == 1 else 0
    height, width = (1, section["length"]) if axes in SERIES else section["size"]
    seen = section.get("slices", max(counts))
    return ArrayFiles(section, reason, (height, width, seen), columns, patterns)


def _told(axes: str, shapes: Sequence[tuple[int, ...]]) -> str:
    sizes = np.array(shapes)
    if axes not in SERIES:
        usual = "x".join(f"{int(size)}" for size in np.median(sizes, axis=0))
        return f"arrays of {usual} (median), by their shapes {axes}"
    steps = sizes[:, axes.index("T")]
    channels = max(channel_counts(axes, shapes))
    return f"series of {int(np.median(steps))} steps (median) to {steps.max()}, {channels} channels"


def _packed(source: Source, names: Sequence[str]) -> dict[str, Any]:
    """Returns the name of the array in an .npz that holds several: the largest that all of them hold."""
    if not names[0].lower().endswith(".npz"):
        return {}
    sizes: dict[str, int] = {}
    known: set[str] | None = None
    for name in names:
        try:
            with np.load(io.BytesIO(source.read(name)), allow_pickle=False) as arrays:
                held = {key: arrays[key] for key in arrays.files}
        except Exception:  # read_array says what is wrong with it
            continue
        numbers = {key: array.size for key, array in held.items() if array.dtype.kind in "fiub"}
        known = set(numbers) if known is None else known & set(numbers)
        sizes |= numbers
        if len(held) == 1:
            return {}
    return {"array": max(sorted(known), key=lambda key: sizes[key])} if known else {}


def _columns(source: Source, names: Sequence[str], targets: Sequence[str]) -> dict[str, Any]:
    """Returns the columns of numbers that all tables have, without targets and what numbers their steps."""
    found: dict[str, bool] = {}
    common: list[str] | None = None
    for name in names:
        try:
            own = number_columns(data := fetch_array(source.read, name), name)
            values = read_array(data, name, ArraysConfig(path=name, channels=own))
        except DataError:
            continue  # said where it is measured
        common = own if common is None else [column for column in common if column in own]
        for place, column in enumerate(own):
            rises = len(values) > 1 and bool((np.diff(values[:, place]) > 0).all())
            found[column] = rises and found.get(column, True)
    common = [name for name in common or [] if name not in targets]
    kept = [name for name in common if not (found[name] and STEP_WORDS & set(words(name)))]
    return {"channels": kept or common} if common else {}

"""Boxes and points that people drew: a CSV beside the tables, in pixels of the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.source import Source
from pipeline.data.tables import read_table
from pipeline.errors import DataError, Problems, listing

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Annotations:
    """Coordinates of training pictures.

    Attributes:
        names: of the columns: x1, y1, x2, y2 of a box, or x and y of each point.
        values: float64 (rows, columns) in source pixels, centres of pixels at whole numbers; a row
            of NaN for a picture that nobody annotated.
    """

    names: tuple[str, ...]
    values: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Bool (rows,): the pictures that have all their coordinates."""
        return np.isfinite(self.values).all(axis=1)


def read_annotations(
    source: Source, file: str, key: str, ids: Sequence[str], others: Sequence[str], box: bool
) -> Annotations:
    """Reads coordinates and puts them into the order of the training rows.

    Args:
        source: the competition's files.
        file: name of the CSV.
        key: its id column.
        ids: of the training rows.
        others: ids that it may hold too (of test rows); their coordinates are not read.
        box: True for boxes x1, y1, x2, y2; False for points.

    Raises:
        DataError: columns that are missing or no numbers, unknown or doubled ids, boxes without
            an area, no training picture annotated; all in one.
    """
    table = read_table(source, file, (key,))
    problems = Problems()
    names = tuple(name for name in table.columns if name != key)
    if key not in table.columns:
        problems.add(f"no id column {key!r}. It has: {listing(table.columns)}.")
    if box and len(names) != 4:
        problems.add(f"a box has four columns beside the id: x1, y1, x2, y2. Received: {listing(names)}.")
    if not box and (len(names) < 2 or len(names) % 2):
        problems.add(f"points have two columns each beside the id: x, y. Received: {listing(names)}.")
    problems.raise_if_any(DataError, f"{source.root}: {file} holds no coordinates:")
    values = _numbers(table, names, problems)
    given = table[key].to_numpy(str)
    check_ids(given, ids, others, problems)
    found, counts = np.unique(given, return_counts=True)
    if (counts > 1).any():
        problems.add(f"ids that stand twice: {listing(found[counts > 1])}.")
    if box and (wrong := ~np.isnan(values).any(axis=1) & (values[:, 2:] <= values[:, :2]).any(axis=1)).any():
        problems.add(f"boxes with x2 <= x1 or y2 <= y1: {listing(given[wrong])}.")
    problems.raise_if_any(DataError, f"{source.root}: {file} holds no coordinates:")
    place = {name: row for row, name in enumerate(given)}
    ordered = np.full((len(ids), len(names)), np.nan)
    for row, name in enumerate(ids):
        if name in place:
            ordered[row] = values[place[name]]
    annotations = Annotations(names, ordered)
    if not annotations.known.any():
        raise DataError(f"{source.root}: {file} has the coordinates of no training picture.")
    return annotations


def _numbers(table: pd.DataFrame, names: tuple[str, ...], problems: Problems) -> np.ndarray:
    import pandas as pd

    numbers = table[list(names)].apply(pd.to_numeric, errors="coerce")
    for name in names:
        wrong = table[name].notna() & ~np.isfinite(numbers[name])
        if wrong.any():
            problems.add(f"values of {name!r} that are no numbers: {listing(table[name][wrong].unique())}.")
    return numbers.to_numpy(np.float64)


def check_ids(given: np.ndarray, ids: Sequence[str], others: Sequence[str], problems: Problems) -> None:
    """Notes the ids of an annotated picture that no table has."""
    unknown = sorted(set(given.tolist()) - {*map(str, ids), *map(str, others)})
    if unknown:
        problems.add(f"ids that neither table has: {listing(unknown)}.")

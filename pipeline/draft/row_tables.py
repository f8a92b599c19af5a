"""Tables of which each is one row of the contest: a folder of CSV or Parquet files called by the ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pipeline.draft.table_names import SAMPLE_WORDS, TEST_WORDS, TRAIN_WORDS, says
from pipeline.inputs.arrays.decoding import TABLES

if TYPE_CHECKING:
    import pandas as pd

Places = dict[tuple[str, int, str], list[str]]

CROWD = 20  # tables in one place, from which they may be of a row each
KNOWN = 0.5  # share of them that an id must name


def crowds(names: Sequence[str]) -> Places:
    """Returns the places that hold many tables: (folder at the top, depth, ending) -> their names.

    Args:
        names: of tables.
    """
    found: Places = defaultdict(list)
    for name in names:
        path = PurePosixPath(name)
        if name.lower().endswith(TABLES):
            top = path.parts[0] if len(path.parts) > 1 else ""
            found[top, len(path.parts), path.suffix].append(name)
    return {place: files for place, files in found.items() if len(files) >= CROWD}


def singles(places: Places, names: Sequence[str]) -> list[str]:
    """Returns the tables outside of crowds, and those whose names say what they are; none without a crowd."""
    if not places:
        return []
    alone = [name for name in names if not any(name in files for files in places.values())]
    return alone + [name for name in names if says(name, SAMPLE_WORDS | TRAIN_WORDS | TEST_WORDS)]


def values_of(tables: Iterable[pd.DataFrame]) -> set[str]:
    """Returns the values, as text, of the columns that may hold ids."""
    found: set[str] = set()
    for table in tables:
        columns = table.select_dtypes(exclude=["float", "bool"])
        found.update(*(columns[name].astype(str) for name in columns))
    return found


def of_rows(places: Places, names: Sequence[str], ids: set[str]) -> frozenset[str]:
    """Returns the tables that are of a row each.

    Once one place is known to hold such, so do other folders with many tables of its ending, whose ids may
    be in no table (a folder per class), and single tables that an id names.

    Args:
        places: see `crowds`.
        names: of all tables.
        ids: values of the columns of other tables, among which the ids are.
    """
    sure = {
        place
        for place, files in places.items()
        if sum(bool(_called(name) & ids) for name in files) >= KNOWN * len(files)
    }
    if not sure:
        return frozenset()
    endings = {ending for _, _, ending in sure}
    found = {name for name in names if PurePosixPath(name).suffix in endings and _called(name) & ids}
    for place, files in places.items():
        folder, _, ending = place
        if folder and ending in endings:
            found.update(files)
    return frozenset(found)


def _called(name: str) -> set[str]:
    """Returns what an id may call a file by: its stem, its name, a folder, what stands after "="."""
    path = PurePosixPath(name)
    return {path.stem, path.name, *(part.rpartition("=")[2] for part in path.parts[:-1])}

"""New rows in the place of a competition's test rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.config.schema import Config
from pipeline.data.competition import Competition
from pipeline.data.escapes import unescape_table
from pipeline.data.located import BY_PRIOR, album_of
from pipeline.data.side_tables import joined
from pipeline.data.source import Source
from pipeline.data.table_file import TableFile
from pipeline.data.tables import read_like, side_tables
from pipeline.errors import DataError, Problems, listing
from pipeline.registry import locating


def read_rows(
    source: Source, name: str, config: Config, competition: Competition, beside: Source | None = None
) -> Competition:
    """Reads new rows in the place of a competition's test rows, in the way that its own were read.

    Args:
        source: where the table and its pictures lie.
        name: of the table.
        config: of the competition.
        competition: whose columns the table must have.
        beside: where the side tables lie; default: in `source`.

    Raises:
        DataError: columns or pictures that are missing, ids that stand twice, values that cannot be read.
    """
    problems, key = Problems(), competition.id
    file = TableFile.open(source, name, config.data)
    wanted = [key, *(competition.test.columns if competition.test is not None else [])]
    sides = side_tables(beside or source, config.data)
    keys = [column for section in config.data.tables.values() for column in section.key]
    made = {str(column) for side in sides.values() for column in side.columns} - set(keys)
    needed = dict.fromkeys([*(column for column in wanted if column not in made), *keys])
    if lacking := [column for column in needed if column not in file.names]:
        raise DataError(f"{name} lacks columns of the test table: {listing(lacking)}.")
    table = read_like(file, key, competition.reading, problems)
    for side, section in zip(sides.values(), config.data.tables.values(), strict=True):
        table = joined(table, side, section.key)
    table = unescape_table(table) if config.data.unescape else table
    if table[key].duplicated().any():
        doubled = table[key][table[key].duplicated()]
        raise DataError(f"{name}: ids that stand twice: {listing(doubled.unique())}.")
    inputs = locating()
    files = {one.located: one.locate(table, config.data, "test", name, source, problems) for one in inputs}
    problems.raise_if_any(DataError, f"{source.root} does not fit the configuration:")
    usable = np.ones(len(table), bool)
    for one in inputs:
        if one.skips(config.data) and files[one.located]:
            usable &= one.usable(files[one.located], source, config.threads)
    left_out = {BY_PRIOR: tuple(table.loc[~usable, key])} if not usable.all() else {}
    table = table[usable]
    kept: dict[str, Any] = {
        f"test_{name}": tuple(np.array(found, object)[usable]) for name, found in files.items() if found
    }
    album = album_of(kept, "test", source, config.threads)
    return replace(
        competition,
        test_ids=table[key].to_numpy(str),
        test=None if competition.test is None else table[wanted[1:]].reset_index(drop=True),
        left_out=left_out,
        **kept,
        test_sizes=album.sizes() if competition.task.dense else None,
    )

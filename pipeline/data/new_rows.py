"""New rows in the place of a competition's test rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.schema import Config
from pipeline.data.class_rows import ClassRows
from pipeline.data.competition import Competition, Features
from pipeline.data.escapes import unescape_table
from pipeline.data.located import BY_PRIOR, LOCATED, album_of
from pipeline.data.pixel_rows import PixelRows
from pipeline.data.sample_file import read_sample
from pipeline.data.side_tables import joined
from pipeline.data.source import Source
from pipeline.data.table_file import TableFile
from pipeline.data.tables import read_like, side_tables
from pipeline.errors import DataError, Problems, listing
from pipeline.registry import locating

if TYPE_CHECKING:
    import pandas as pd


def read_rows(
    source: Source,
    name: str,
    config: Config,
    competition: Competition,
    beside: Source | None = None,
    features: Features | None = None,
    numbered: np.ndarray | None = None,
) -> Competition:
    """Reads new rows in the place of a competition's test rows, in the way that its own were read.

    Args:
        source: where the table and its pictures lie.
        name: of the table.
        config: of the competition.
        competition: whose columns the table must have.
        beside: where the side tables lie; default: in `source`.
        features: the competition's own function from a table to a table with more columns.
        numbered: ids of the rows, in their order, where the table has none (`data.number_rows`).

    Raises:
        DataError: columns or pictures that are missing, ids that stand twice, values that cannot be read.
    """
    problems, key = Problems(), competition.id
    table = _read(source, name, config, competition, beside, features, numbered)
    if table[key].duplicated().any():
        doubled = table[key][table[key].duplicated()]
        raise DataError(f"{name}: ids that stand twice: {listing(doubled.unique())}.")
    inputs = locating()
    data = config.data.model_copy(update={"id": key})
    files = {one.located: one.locate(table, data, "test", name, source, problems) for one in inputs}
    problems.raise_if_any(DataError, f"{source.root} does not fit the configuration:")
    usable = np.ones(len(table), bool)
    for one in inputs:
        if one.skips(config.data) and files[one.located]:
            usable &= one.usable(files[one.located], data, source, config.threads)
    prior = tuple(table.loc[~usable, key])
    table = table[usable].reset_index(drop=True)
    kept: dict[str, Any] = {
        f"test_{name}": tuple(np.array(found, object)[usable]) for name, found in files.items() if found
    }
    album = album_of(kept, "test", source, config.threads)
    return replace(
        competition,
        test_ids=table[key].to_numpy(str),
        test=_seen(table, competition, features, name),
        left_out={BY_PRIOR: prior} if prior else {},
        sample_ids=np.array([*table[key], *prior], str),
        passing=None,
        header=(),
        **kept,
        test_sizes=album.sizes() if competition.task.of_pictures else None,
    )


def read_test(
    source: Source,
    config: Config,
    competition: Competition,
    beside: Source | None = None,
    features: Features | None = None,
) -> Competition:
    """Reads the test table and the sample submission that lie somewhere else, as those of a hidden test do.

    They may be of any length, and in another order. The sample says in which order rows are handed in;
    rows that it lacks stand behind it.

    Args:
        source: where they and their pictures lie.
        config, competition, beside, features: as in `read_rows`.

    Raises:
        DataError: as `read_rows`; rows that only the sample has.
    """
    sample, rows = read_sample(
        TableFile.open(source, config.data.sample, config.data), competition.id, config.data
    )
    asked = sample[competition.id].to_numpy(str)
    numbered = asked if config.data.number_rows else None
    new = read_rows(source, config.data.test, config, competition, beside, features, numbered)
    there = set(new.sample_ids.tolist())
    if strange := [key for key in asked if key not in there]:
        raise DataError(
            f"{config.data.sample} asks for ids that {config.data.test} lacks: {listing(strange)}."
        )
    known = set(asked.tolist())
    rest = [key for key in new.sample_ids if key not in known]
    passing = competition.passing
    if passing is not None:
        if rest:
            raise DataError(f"{config.data.sample} lacks ids of {config.data.test}: {listing(rest)}.")
        passing = sample[list(passing.columns)].reset_index(drop=True)
    ids = np.array([*asked, *rest], str)
    if rows is not None:
        rows = _all_rows(rows, new, rest)
    return replace(new, sample_ids=ids, passing=passing, header=competition.header, long_rows=rows)


def blocks(new: Competition, most: int) -> Iterator[Competition]:
    """Yields the test rows in the order in which they are handed in, so many at a time.

    Args:
        new: the competition whose test rows they are.
        most: rows of a block, those included that no model can see.
    """
    place = {key: number for number, key in enumerate(new.test_ids)}
    files = [name for name in LOCATED if name.startswith("test_") and getattr(new, name)]
    for start in range(0, len(new.sample_ids), most):
        asked = new.sample_ids[start : start + most]
        at = np.array([place[key] for key in asked if key in place], np.int64)
        prior = tuple(key for key in asked if key not in place)
        kept: dict[str, Any] = {
            name: tuple(getattr(new, name)[number] for number in at.tolist()) for name in files
        }
        for name in ("test", "passing"):
            table = getattr(new, name)
            rows = at if name == "test" else slice(start, start + most)
            kept[name] = None if table is None else table.iloc[rows].reset_index(drop=True)
        yield replace(
            new,
            test_ids=new.test_ids[at],
            sample_ids=asked,
            left_out={BY_PRIOR: prior} if prior else {},
            test_sizes=None if new.test_sizes is None else new.test_sizes[at],
            long_rows=None if new.long_rows is None else new.long_rows.part(asked.tolist()),
            **kept,
        )


def _all_rows(rows: PixelRows | ClassRows, new: Competition, rest: list[str]) -> PixelRows | ClassRows:
    """Returns the sample's rows of pixels or classes, behind them those of pictures that it lacks.

    Raises:
        DataError: rows outside their picture, of pictures that take turns, or of classes that nobody knows.
    """
    sizes = {} if new.test_sizes is None else dict(zip(new.test_ids, new.test_sizes.tolist(), strict=True))
    if isinstance(rows, ClassRows):
        rows.check(new.task.outputs)
    if not rows.one_by_one:
        raise DataError(
            "The sample's rows must stand picture by picture: here pictures take turns, and none could be "
            "written before all are answered."
        )
    known = [name for name in rest if name in sizes]  # nobody knows how many pixels the others have
    return rows.placed(sizes).and_all_of(known, np.array([sizes[name] for name in known]).reshape(-1, 2))


def _read(
    source: Source,
    name: str,
    config: Config,
    competition: Competition,
    beside: Source | None,
    features: Features | None,
    numbered: np.ndarray | None,
) -> pd.DataFrame:
    """Returns the table as its own was read, with the columns of the side tables."""
    problems, key = Problems(), competition.id
    file = TableFile.open(source, name, config.data)
    if name == config.data.sample and competition.long_rows is not None:  # its pictures are the rows
        return read_sample(file, key, config.data)[0][[key]]
    seen = [] if competition.test is None or features else list(competition.test.columns)
    sides = side_tables(beside or source, config.data)
    keys = [column for section in config.data.tables.values() for column in section.key]
    made = {str(column) for side in sides.values() for column in side.columns} - set(keys)
    needed = dict.fromkeys([key, *(column for column in seen if column not in made), *keys])
    if numbered is not None:
        needed.pop(key)
    if lacking := [column for column in needed if column not in file.names]:
        raise DataError(f"{name} lacks columns of the test table: {listing(lacking)}.")
    table = read_like(file, key, competition.reading, problems)
    if (rows := competition.class_rows) is not None:
        table = rows.key.of_pictures(table, competition.task.outputs, name)
    problems.raise_if_any(DataError, f"{source.root} does not fit the configuration:")
    if numbered is not None and key not in table.columns:
        if len(table) != len(numbered):
            raise DataError(
                f"`data.number_rows`: {name} has {len(table):,} rows and no {key!r}, the sample "
                f"{len(numbered):,} rows: which is which cannot be told."
            )
        table = table.assign(**{key: numbered})
    for side, section in zip(sides.values(), config.data.tables.values(), strict=True):
        table = joined(table, side, section.key)
    return unescape_table(table) if config.data.unescape and not competition.task.verbatim else table


def _seen(
    table: pd.DataFrame, competition: Competition, features: Features | None, name: str
) -> pd.DataFrame | None:
    """Returns the columns that models may see, those included that the competition's own code makes."""
    if competition.test is None:
        return None
    wanted = list(competition.test.columns)
    if features is not None:
        table = features(table.copy())
        if lacking := [column for column in wanted if column not in table.columns]:
            raise DataError(f"{name}: `features` makes no column {listing(lacking)} of it.")
    return table[wanted].reset_index(drop=True)

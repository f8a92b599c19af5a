"""A contest laid out as Kaggle lays it, with the test rows as they are, or so many times as many."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

from pipeline.config.data_section import DataConfig
from pipeline.data.competition import Competition
from pipeline.data.file_pattern import FilePattern
from pipeline.data.located import LOCATED
from pipeline.data.parquet import read_parquet
from pipeline.data.source import Source
from pipeline.data.table_file import TableFile
from pipeline.errors import DataError
from pipeline.registry import locating

Rename = Callable[[str, int], str]


def lay_out(source: Source, data: DataConfig, competition: Competition, times: int, folder: Path) -> None:
    """Writes the files that a hidden test has into a new folder: no training row is there.

    Args:
        source: the contest's files.
        data: says where they lie.
        competition: whose test rows they are.
        times: how often every test row is there; copies have ids of their own.
        folder: of the contest.

    Raises:
        DataError: more rows are asked for, and the test table is of a kind that is only copied.
    """
    folder.mkdir(parents=True)
    for side in data.tables.values():
        _put(folder, side.file, source.read(side.file))
    for name in dict.fromkeys([data.sample, data.test]):
        if name == data.sample and competition.pixel_rows is not None and times > 1:
            _repeat_pixels(source, TableFile.open(source, name, data), competition.id, times, folder / name)
        elif "{" not in name:
            rename = _renamed(competition)
            _put(folder, name, _repeated(source, name, data, competition.id, times, rename))
    for name in _test_files(source, data, competition):
        data_of_file = source.read(name)
        for copy in range(times):
            _put(folder, _named(name, data, competition.id, copy), data_of_file)


def copied_id(key: str, copy: int) -> str:
    """Returns the id of a copy of a row; the first is the row itself."""
    return key if copy == 0 else f"{key}c{copy}"


def _renamed(competition: Competition) -> Rename:
    """Returns how ids are copied: of rows that are a class of a picture, the picture's part of them."""
    rows = competition.class_rows
    return (
        copied_id
        if rows is None
        else lambda key, copy: rows.key.renamed(key, lambda one: copied_id(one, copy))
    )


def _test_files(source: Source, data: DataConfig, competition: Competition) -> list[str]:
    """Returns the files that test rows are read from: those of a pattern, whatever is wrong with them."""
    found = [name for where in LOCATED if where.startswith("test_") for name in getattr(competition, where)]
    if "{" in data.test:
        found += [name for name, _ in FilePattern(data.test).matches(source.names())]
    return list(dict.fromkeys(found))


def _named(name: str, data: DataConfig, key: str, copy: int) -> str:
    """Returns the file's name for a copy of its row: another one where it holds the id."""
    if copy == 0:
        return name
    patterns = [pattern for one in locating() for pattern in one.patterns(data)]
    for text in [data.test, *patterns] if "{" in data.test else patterns:
        pattern = FilePattern(text)
        for _, values in pattern.matches([name]):
            if key in pattern.fields:
                value = values[pattern.fields.index(key)]
                return pattern.renamed(name, key, copied_id(value, copy))
    return name


def _repeated(source: Source, name: str, data: DataConfig, key: str, times: int, rename: Rename) -> bytes:
    """Returns a table with every row so many times; copies have ids of their own."""
    if times == 1:
        return source.read(name)
    file = TableFile.open(source, name, data)
    if file.dialect is not None:
        return _repeated_csv(source, file, key, times, rename)
    if name.endswith((".parquet", ".pq")):
        return _repeated_parquet(source, name, key, times, rename)
    raise DataError(f"{name}: a trial with more rows is for test tables in CSV or Parquet, and for pictures.")


def _repeat_pixels(source: Source, file: TableFile, key: str, times: int, path: Path) -> None:
    """Writes a sample with a row for each pixel so many times: the ids name the copy's picture.

    A line is held at a time: such files have millions.
    """
    place, separator = file.names.index(key), file.dialect.separator if file.dialect else ","
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as out:
        for copy in range(times):
            with io.TextIOWrapper(source.open(file.name), "utf-8") as lines:
                header = next(lines)
                out.write(header if copy == 0 else "")
                for line in lines:
                    cells = line.rstrip("\r\n").split(separator)
                    name, *pixel = cells[place].rsplit("_", 2)
                    cells[place] = "_".join([copied_id(name, copy), *pixel])
                    out.write(separator.join(cells) + "\n")


def _repeated_csv(source: Source, file: TableFile, key: str, times: int, rename: Rename) -> bytes:
    dialect = file.dialect
    if dialect is None:
        raise ValueError("No CSV.")
    text = source.read(file.name).decode(dialect.encoding)
    quoting = csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE
    form = {"delimiter": dialect.separator, "quotechar": dialect.quote or None, "quoting": quoting}
    lines = io.StringIO("\n".join(text.split("\n")[dialect.skip :]), newline="")
    header, *rows = [row for row in csv.reader(lines, **form) if row]  # type: ignore[arg-type]
    place = file.names.index(key) if key in file.names else None
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n", escapechar="\\", **form)  # type: ignore[arg-type]
    writer.writerow(header)
    for copy in range(times):
        for row in rows:
            if place is not None and place < len(row):
                row = [*row[:place], rename(row[place], copy), *row[place + 1 :]]
            writer.writerow(row)
    return out.getvalue().encode(dialect.encoding)


def _repeated_parquet(source: Source, name: str, key: str, times: int, rename: Rename) -> bytes:
    import pandas as pd

    with source.open(name) as file:
        table = read_parquet(file)
    copies = [
        table.assign(**{key: [rename(str(value), copy) for value in table[key]]}) for copy in range(times)
    ]
    out = io.BytesIO()
    pd.concat(copies, ignore_index=True).to_parquet(out)
    return out.getvalue()


def _put(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(data)

"""The training table, the test table and the sample submission, ids and labels kept as text."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.schema import DataConfig
from pipeline.data.file_pattern import FilePattern
from pipeline.data.json_table import is_json, read_json_table
from pipeline.data.parquet import read_parquet, release_memory
from pipeline.data.source import Source
from pipeline.errors import DataError, Problems, did_you_mean, listing

if TYPE_CHECKING:
    import pandas as pd

MOST_COLUMNS = 50_000  # a wider CSV is a transposed or broken file

ROWS_AT_ONCE = 100_000  # of text, in the form of Python's strings

MISSING = (  # what pandas takes for a gap by default; a column of exact text has none
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
    *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
)


@dataclass(frozen=True)
class Tables:
    """The three tables, read and checked against one another.

    Attributes:
        train: all columns of the training table; id and targets are text.
        test: all columns of the test table; the id is text.
        sample: the sample submission as text.
        id: name of the id column.
        targets: names of the target columns, in the sample's order where it names them.
    """

    train: pd.DataFrame
    test: pd.DataFrame
    sample: pd.DataFrame
    id: str
    targets: tuple[str, ...]

    @property
    def features(self) -> list[str]:
        """Columns that both tables have, without the id."""
        return [name for name in self.test.columns if name in set(self.train.columns) and name != self.id]


def read_table(
    source: Source, name: str, text: tuple[str, ...] = (), encoding: str = "utf-8-sig"
) -> pd.DataFrame:
    """Reads a CSV, a gzipped CSV, a Parquet or a JSON file, or makes a table of the files that fit a pattern.

    Args:
        source: where it lies.
        name: its name there; the ending decides the format. With braces it is a pattern,
            "train/{species}/{id}.jpg": a row per file, its columns and the file's name as text.
        text: columns kept as the exact text of the file ("0007", "NA"). Those that it lacks are ignored.
        encoding: of a CSV.

    Raises:
        DataError: names the file and what is wrong with it.
    """
    import pandas as pd

    if "{" in name:
        return _table_of_files(source, FilePattern(name))
    where, columnar = f"{source.root}: {name}", PurePosixPath(name).suffix in {".parquet", ".pq"}
    data = b"" if columnar else source.read(name)
    if not columnar and not data.strip():
        raise DataError(f"{where} is empty.")
    if is_json(name):
        return read_json_table(where, data, text, encoding)
    try:
        if columnar:
            with source.open(name) as file:
                table = read_parquet(file)
            for column in set(text) & set(table.columns):
                table[column] = table[column].astype(str)
        else:
            compression = "gzip" if data[:2] == b"\x1f\x8b" else None
            options: dict[str, Any] = {"compression": compression, "encoding": encoding, "low_memory": False}
            header = pd.read_csv(io.BytesIO(data), nrows=0, **options)
            if len(header.columns) > MOST_COLUMNS:
                raise DataError(f"{where} has {len(header.columns):,} columns; at most {MOST_COLUMNS:,}.")
            exact = {column: str for column in text if column in header.columns}
            gaps = {column: MISSING for column in header.columns if column not in exact}
            table = pd.read_csv(
                io.BytesIO(data), dtype=exact, na_values=gaps, keep_default_na=False, **options
            )
    except UnicodeDecodeError as error:
        raise DataError(
            f"{where} is not {encoding} at byte {error.start}: set `data.encoding`, latin-1 for example."
        ) from error
    except (ValueError, OSError) as error:
        raise DataError(f"{where} cannot be read: {error}.") from error
    doubled = sorted({column.rpartition(".")[0] for column in table.columns if _doubled(column, table)})
    if doubled:
        raise DataError(f"{where} has columns of the same name: {listing(doubled)}.")
    if table.empty:
        raise DataError(f"{where} has a header but no rows.")
    return table


def _table_of_files(source: Source, pattern: FilePattern) -> pd.DataFrame:
    import pandas as pd

    rows = [(*values, name) for name, values in pattern.matches(source.names())]
    if not rows:
        raise DataError(f"{source.root} holds no file that fits {pattern.text!r}.")
    return pd.DataFrame(rows, columns=[*pattern.fields, "file"], dtype=str)


def _doubled(column: str, table: pd.DataFrame) -> bool:
    """pandas renames a second "a" to "a.1"; a real column "a.1" without an "a" is fine."""
    stem, _, number = str(column).rpartition(".")
    return number.isdigit() and number != "0" and stem in table.columns and f"{stem}.0" not in table.columns


def as_text(column: pd.Series) -> np.ndarray:
    """Returns a column of text as a NumPy array, made a part at a time: Python's own strings are large."""
    width = max(int(column.str.len().max()), 1) if len(column) else 1
    found = np.empty(len(column), f"<U{width}")
    for start in range(0, len(column), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        found[part] = column.iloc[part].to_numpy(str)
    return found


def read_tables(source: Source, config: DataConfig) -> Tables:
    """Reads the three tables and refuses what does not fit together, all at once.

    Raises:
        DataError: missing files, columns, labels or ids, doubled ids, ids that the sample lacks.
    """
    sample = read_table(source, config.sample, encoding=config.encoding)
    key = config.id or str(sample.columns[0])
    wanted = _target_names(config)
    train = read_table(source, config.train, (key, *wanted), config.encoding)
    test = read_table(source, config.test, (key,), config.encoding)
    sample = read_table(source, config.sample, tuple(sample.columns), config.encoding)
    if config.test == config.sample:  # there is no other table of the test rows
        test = test[[name for name in test.columns if name == key]]
    if config.number_rows:
        train, test = _number(train, test, sample, key)
    problems = Problems()
    for name, table in ((config.train, train), (config.test, test), (config.sample, sample)):
        if key not in table.columns:
            near = did_you_mean(key, table.columns)
            problems.add(f"{name} has no id column {key!r}.{near} It has: {listing(table.columns)}.")
    if not wanted:
        answer = [name for name in sample.columns[1:] if name in train.columns and name not in test.columns]
        wanted = tuple(answer) or tuple(name for name in train.columns if name not in test.columns)
        if len(wanted) != 1 and not answer:
            problems.add(
                f"`data.target` must say which column is to be predicted: {config.train} has "
                f"{listing(wanted) or 'no column'} that {config.test} lacks."
            )
    for name in wanted:
        if name not in train.columns:
            near = did_you_mean(name, train.columns)
            problems.add(f"{config.train} has no target column {name!r}.{near}")
    problems.raise_if_any(DataError, f"{source.root} does not fit the configuration:")
    if config.target is None:  # the names are known only now; labels keep their exact text
        train = read_table(source, config.train, (key, *wanted), config.encoding)
        train = _number(train, test, sample, key)[0] if config.number_rows else train
    _check_rows(train, test, sample, key, wanted, config, problems)
    problems.raise_if_any(DataError, f"{source.root} does not fit the configuration:")
    return Tables(train, test, sample, key, tuple(wanted))


def _number(
    train: pd.DataFrame, test: pd.DataFrame, sample: pd.DataFrame, key: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Gives an id column to those of the two tables that lack it (see `data.number_rows`)."""
    if key not in train.columns:
        train = train.assign(**{key: [f"train {row}" for row in range(1, len(train) + 1)]})
    if key not in test.columns and key in sample.columns:
        if len(test) != len(sample):
            raise DataError(
                f"`data.number_rows`: the test table has {len(test):,} rows and no {key!r}, the sample "
                f"{len(sample):,} rows: which is which cannot be told."
            )
        test = test.assign(**{key: sample[key].to_numpy()})
    return train, test


def _target_names(config: DataConfig) -> tuple[str, ...]:
    if config.target is None:
        return ()
    return (config.target,) if isinstance(config.target, str) else tuple(config.target)


def _check_rows(
    train: pd.DataFrame,
    test: pd.DataFrame,
    sample: pd.DataFrame,
    key: str,
    targets: tuple[str, ...],
    config: DataConfig,
    problems: Problems,
) -> None:
    for name, table in ((config.train, train), (config.test, test), (config.sample, sample)):
        if table[key].nunique(dropna=False) < len(table):  # cheaper than to ask which
            doubled = table[key][table[key].duplicated()].unique()
            problems.add(f"{name}: ids that stand twice in {key!r}: {listing(doubled)}.")
        empty = np.flatnonzero(_blank(table[key]))
        if len(empty):
            problems.add(f"{name}: rows without an id: {listing(empty + 2)} (line numbers).")
    without = sorted(set(test[key]) - set(sample[key]))
    if without:
        problems.add(f"{config.sample} lacks ids of {config.test}: {listing(without)}.")
    unasked = sorted(set(sample[key]) - set(test[key]))
    if unasked:
        problems.add(f"{config.sample} asks for ids that {config.test} lacks: {listing(unasked)}.")
    release_memory()
    for target in targets:
        if target in test.columns:
            problems.add(f"{config.test} holds the target column {target!r}: is it the test table?")
        missing = train[key][_blank(train[target])]
        if len(missing):
            problems.add(f"{config.train}: rows without a {target!r}: {listing(missing)}.")


def _blank(column: pd.Series) -> pd.Series:
    """Says of each row of a column of text whether it holds nothing: Parquet keeps gaps as gaps."""
    return column.isna() | (column.str.strip() == "")

"""The training table, the test table and the sample submission, ids and labels kept as text."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.config.data_section import DataConfig
from pipeline.data.answer_files import cells_of_files, in_files
from pipeline.data.class_rows import ClassKey, ClassRows
from pipeline.data.columns import word_counts
from pipeline.data.many_rows import gathered, gathers
from pipeline.data.number_form import find_form
from pipeline.data.pixel_rows import PixelRows
from pipeline.data.reading import Reading, decide, decimal_mark
from pipeline.data.sample_columns import answer_columns
from pipeline.data.sample_file import read_sample
from pipeline.data.side_tables import check_side, joined, one_per_key
from pipeline.data.source import Source
from pipeline.data.table_checks import check_rows, find_targets, without_target
from pipeline.data.table_file import TableFile
from pipeline.data.which_rows import drawn, numbered
from pipeline.errors import DataError, Problems, did_you_mean, listing

if TYPE_CHECKING:
    import pandas as pd

ROWS_AT_ONCE = 100_000  # of text, in the form of Python's strings
WRITTEN = DataConfig()  # as most are
NO_TARGET = "training rows without a target"


@dataclass(frozen=True)
class Tables:
    """The three tables, read and checked against one another.

    Attributes:
        train: all columns of the training table; id and targets are text.
        test: all columns of the test table; the id is text.
        sample: the sample submission as text.
        id: name of the id column.
        targets: names of the target columns, in the sample's order where it names them.
        reading: how the columns are read.
        left_out: why -> ids of the rows that were left out for it.
        drawn_of: rows of the training file of which some were drawn (`data.rows`); None: all are there.
        long_rows: the sample's rows where each is a pixel, or a class; a row of `sample` is a picture then.
    """

    train: pd.DataFrame
    test: pd.DataFrame
    sample: pd.DataFrame
    id: str
    targets: tuple[str, ...]
    reading: Reading = field(default_factory=Reading)
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    drawn_of: int | None = None
    long_rows: PixelRows | ClassRows | None = None

    @property
    def features(self) -> list[str]:
        """Columns that both tables have, without the id."""
        return [name for name in self.test.columns if name in set(self.train.columns) and name != self.id]

    def without_training_rows(self, kept: np.ndarray, why: str) -> Tables:
        """Returns the tables with the training rows for which the bool (rows,) is true."""
        if kept.all():
            return self
        if not kept.any():
            raise DataError(f"No training row is left: {why}, all {len(kept)}.")
        ids = tuple(self.train.loc[~kept, self.id])
        train = self.train[kept].reset_index(drop=True)
        return replace(self, train=train, left_out={**self.left_out, why: ids})

    def without_test_rows(self, kept: np.ndarray, why: str) -> Tables:
        """Returns the tables with the test rows for which the bool (rows,) is true; the sample stays."""
        if kept.all():
            return self
        if not kept.any():
            raise DataError(f"No test row is left: {why}, all {len(kept)}.")
        ids = tuple(self.test.loc[~kept, self.id])
        test = self.test[kept].reset_index(drop=True)
        return replace(self, test=test, left_out={**self.left_out, why: ids})


def read_table(
    source: Source, name: str, text: Collection[str] = (), data: DataConfig = WRITTEN
) -> pd.DataFrame:
    """Reads one table and decides by itself how (see `pipeline.data.reading`).

    Args:
        source: where it lies.
        name: its name there; the ending decides the format (see `TableFile`).
        text: columns kept as the exact text of the file ("0007", "NA"). Those that it lacks are ignored.
        data: what the configuration says of how CSV files are written.

    Raises:
        DataError: names the file and what is wrong with it.
    """
    import pandas as pd

    file = TableFile.open(source, name, data)
    columns, reading = _read_training(file, text, text, data)
    return pd.DataFrame(_converted(columns, reading, file.names if file.is_pattern else text), copy=False)


def _read_training(
    file: TableFile,
    text: Collection[str],
    undecided: Collection[str],
    data: DataConfig,
    made: Collection[str] = (),
) -> tuple[dict[str, pd.Series], Reading]:
    """Reads the columns of a table that decides how others are read, and how that is.

    Args:
        file: the table.
        text: columns kept as exact text.
        undecided: columns that nothing is decided on.
        data: what the configuration says of files and columns.
        made: columns that are made of files.
    """
    import pandas as pd

    declared = {name: kind for name, kind in data.columns.items() if name in file.names and kind != "drop"}
    words = {name for name, kind in declared.items() if kind not in ("numeric", "boolean")}
    columns = file.read({*text, *words})
    if made:
        cells = pd.Series(cells_of_files(file.source, data, columns), dtype=str)
        columns |= dict.fromkeys(made, cells)
    looked_at = {name: column for name, column in columns.items() if name not in undecided}
    decimal = None
    if file.dialect:
        decimal = decimal_mark(looked_at, data, file.dialect.separator)
    if file.dialect and decimal == ",":  # a point that looks like one of a fraction may stand after thousands
        doubtful = {name for name, column in columns.items() if column.dtype == np.float64}
        again = file.read(doubtful, doubtful) if doubtful else {}
        columns |= again
        looked_at |= again
    files = {file.name: file.dialect} if file.dialect else {}
    return columns, Reading(files, decide(looked_at, declared, data, decimal, typed=not file.is_csv))


def _converted(
    columns: dict[str, pd.Series], reading: Reading, text: Collection[str]
) -> dict[str, pd.Series]:
    """Returns the columns as they are read; gives up those that it was given, one after the other."""
    found = {}
    for name in list(columns):
        column = columns.pop(name)
        as_is = name in text or name not in reading.columns
        found[name] = column if as_is else reading.columns[name].values(column)
    return found


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
    import pandas as pd

    files = {
        name: TableFile.open(source, name, config) for name in (config.train, config.test, config.sample)
    }
    key = config.id or files[config.sample].names[0]
    problems = Problems()
    targets = find_targets(files, key, config, problems)
    problems.raise_if_any(DataError, f"{source.root} does not fit the configuration:")
    classes = ClassKey(config.classes, key) if config.classes else None
    file, text = files[config.train], (*(classes.columns if classes else (key,)), *targets)
    file = file if classes or gathers(config.task) else replace(file, most_rows=config.rows)
    columns, reading = _read_training(file, text, [key], config, targets if in_files(config) else ())
    train = pd.DataFrame(_converted(columns, reading, file.names if file.is_pattern else text), copy=False)
    train = classes.gathered(train, targets, file.name) if classes else train
    train, drawn_of = drawn(gathered(train, key, targets, config.task), config.rows, file.drawn)
    sample, rows = read_sample(files[config.sample], key, config)
    if config.test == config.sample:  # there is no other table of the test rows
        test = sample[[name for name in sample.columns if name == key]]
    else:
        test = read_like(files[config.test], key, reading, problems)
        if isinstance(rows, ClassRows):
            test = rows.key.of_pictures(test, rows.classes, config.test)
    if config.number_rows:
        train, test = numbered(train, test, sample, key)
    train, test = _with_side_tables(source, config, train, test, targets, problems)
    problems.raise_if_any(DataError, f"{source.root} does not fit the configuration:")
    written = {name: file.dialect for name, file in files.items() if file.dialect}
    reading = replace(reading, files=written)
    tables = Tables(train, test, sample, key, targets, reading, drawn_of=drawn_of, long_rows=rows)
    tables = _plain_answers(tables, files[config.sample], config)
    if config.missing_targets == "leave_out":
        gaps = without_target(tables, config).any(axis=1).to_numpy()
        tables = tables.without_training_rows(~gaps, NO_TARGET)
    check_rows(tables, config, problems)
    problems.raise_if_any(DataError, f"{source.root} does not fit the configuration:")
    return tables


def read_like(file: TableFile, key: str, reading: Reading, problems: Problems) -> pd.DataFrame:
    """Reads a table in the way that the training table decided.

    Args:
        file: of test rows or new rows.
        key: the id column, kept as text.
        reading: the decision.
        problems: told of columns of which nothing can be read so.
    """
    import pandas as pd

    columns = file.read({key, *reading.exact})
    for name, column in columns.items():
        how = reading.columns.get(name)
        if how is None or name == key or how.kind == "boolean":
            continue
        unread = how.unread(column) if column.dtype != np.float64 else []
        if unread and unread != ["gaps alone"]:
            problems.add(
                f"{file.name}: {name!r} is {how.kind} in the training table, and none of its values here can "
                f"be read so: {listing(unread)}."
            )
    return pd.DataFrame(_converted(columns, reading, [key]), copy=False)


def _plain_answers(tables: Tables, file: TableFile, config: DataConfig) -> Tables:
    """Returns the tables with the numbers of the sample's answers written plainly; the rest is as it was."""
    sample, key = tables.sample, tables.id
    columns = {str(name): sample[name] for name in sample.columns if name != key}
    decimal = decimal_mark(columns, config, file.dialect.separator if file.dialect else ",")
    thousands = {"auto": None, "none": ""}.get(config.thousands, config.thousands)
    for name, column in columns.items():
        form, share, _ = find_form(word_counts(column), decimal, thousands)
        columns[name] = form.plain(column) if share == 1 else column
    answers = answer_columns(sample.assign(**columns), key, tables.targets, tables.test.columns)
    return replace(tables, sample=sample.assign(**{name: columns[name] for name in answers}))


def side_tables(source: Source, config: DataConfig) -> dict[str, pd.DataFrame]:
    """Returns the side tables by name, each key once.

    Raises:
        DataError: a file is not there, or lacks a column of its key.
    """
    found = {}
    for name, section in config.tables.items():
        table = read_table(source, section.file, section.key, config)
        columns = list(map(str, table.columns))
        for column in section.key:
            if column not in columns:
                near = did_you_mean(column, columns)
                raise DataError(f"`data.tables.{name}`: {section.file} has no column {column!r}.{near}")
        found[name] = one_per_key(table, section.key, name)
    return found


def _with_side_tables(
    source: Source,
    config: DataConfig,
    train: pd.DataFrame,
    test: pd.DataFrame,
    targets: Collection[str],
    problems: Problems,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns training and test rows with the columns of all side tables, but targets."""
    for name, side in side_tables(source, config).items():
        by = config.tables[name].key
        side = side[[column for column in side.columns if column in by or column not in targets]]
        if check_side(side, by, {config.train: train, config.test: test}, problems):
            shared = [column for column in side.columns if column in by or column not in train.columns]
            train, test = (joined(table, side[shared], by) for table in (train, test))
    return train, test

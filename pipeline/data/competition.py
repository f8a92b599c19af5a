"""A competition read once: tables, encoded target, names of pictures, form of the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.schema import Config
from pipeline.data.answer import Answer, read_answer
from pipeline.data.escapes import unescape_table
from pipeline.data.file_pattern import FilePattern
from pipeline.data.folds import fold_kind
from pipeline.data.parquet import read_parquet
from pipeline.data.pictures import picture_names
from pipeline.data.source import Source
from pipeline.data.tables import Tables, as_text, read_table, read_tables
from pipeline.errors import DataError, Problems, did_you_mean, listing
from pipeline.metrics import find_metric
from pipeline.task import Task

if TYPE_CHECKING:
    import pandas as pd

Features = Callable[["pd.DataFrame"], "pd.DataFrame"]


@dataclass(frozen=True)
class Competition:
    """What every later stage reads.

    Attributes:
        task: kind and outputs.
        answer: form of the submission.
        ids: (rows,) text, in the order of the training table.
        test_ids: (test rows,) text, in the order of the test table.
        sample_ids: text in the order that the submission must have.
        target: int64 (rows,) or float64 (rows, outputs).
        train: the columns that models may see, or None where there are none.
        test: the same columns of the test table.
        pictures: file name of every training row's picture; empty without pictures.
        test_pictures: the same of the test rows.
        splitter: (rows,) values of the column that decides the folds, or None.
        header: the sample's columns in its order; empty: the id and the answers.
        passing: the sample's columns that are neither id nor answers, as text in its order; they are
            handed in again. None where there are none.
    """

    task: Task
    answer: Answer
    id: str
    ids: np.ndarray
    test_ids: np.ndarray
    sample_ids: np.ndarray
    target: np.ndarray
    train: pd.DataFrame | None
    test: pd.DataFrame | None
    pictures: tuple[str, ...] = ()
    test_pictures: tuple[str, ...] = ()
    splitter: np.ndarray | None = None
    header: tuple[str, ...] = ()
    passing: pd.DataFrame | None = None

    def save(self, folder: Path) -> None:
        """Writes arrays, tables and facts, each in its own format."""
        for name in ("ids", "test_ids", "sample_ids", "target"):
            np.save(folder / f"{name}.npy", getattr(self, name))
        if self.splitter is not None:
            np.save(folder / "splitter.npy", self.splitter)
        for name in ("train", "test", "passing"):
            table = getattr(self, name)
            if table is not None:
                table.to_parquet(folder / f"{name}.parquet")
        facts = {
            "kind": self.task.kind,
            "outputs": self.task.outputs,
            "log_target": self.task.log_target,
            "answer": self.answer.to_json(),
            "id": self.id,
            "pictures": self.pictures,
            "test_pictures": self.test_pictures,
            "header": self.header,
        }
        (folder / "competition.json").write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Competition:
        """Reads what `save` wrote."""
        facts = json.loads((folder / "competition.json").read_text(encoding="utf-8"))
        tables: dict[str, Any] = {}
        for name in ("train", "test", "passing"):
            path = folder / f"{name}.parquet"
            tables[name] = None
            if path.exists():
                with path.open("rb") as file:
                    tables[name] = read_parquet(file)
        splitter = folder / "splitter.npy"
        return cls(
            task=Task(facts["kind"], tuple(facts["outputs"]), facts["log_target"]),
            answer=Answer.from_json(facts["answer"]),
            id=facts["id"],
            pictures=tuple(facts["pictures"]),
            test_pictures=tuple(facts["test_pictures"]),
            header=tuple(facts["header"]),
            splitter=np.load(splitter, allow_pickle=False) if splitter.exists() else None,
            **{
                name: np.load(folder / f"{name}.npy", allow_pickle=False)
                for name in ("ids", "test_ids", "sample_ids", "target")
            },
            **tables,
        )


def read_competition(source: Source, config: Config, features: Features | None = None) -> Competition:
    """Reads and checks everything that the configuration speaks of.

    Args:
        source: the competition's files.
        config: a checked configuration.
        features: the competition's own function from a table to a table with more columns.

    Raises:
        DataError: says what is missing or does not fit, all of it.
    """
    tables = read_tables(source, config.data)
    metric = find_metric(config.metric)
    task, target, answer = read_answer(tables, config, metric)
    problems = Problems()
    usable = _usable(tables, config, problems)
    pictures, test_pictures = (
        picture_names(table, pattern, source, problems, name) if pattern else ()
        for table, pattern, name in (
            (tables.train, config.data.images, config.data.train),
            (tables.test, config.data.test_images or config.data.images, config.data.test),
        )
    )
    splitter = _splitter(tables, config, problems)
    problems.raise_if_any(DataError, f"{source.root} does not fit the configuration:")
    unescape = unescape_table if config.data.unescape else lambda table: table
    train, test = (_features(unescape(table[usable]), features) for table in (tables.train, tables.test))
    passing = [name for name in tables.sample.columns if name not in {tables.id, *answer.columns}]
    return Competition(
        task=task,
        answer=answer,
        id=tables.id,
        ids=as_text(tables.train[tables.id]),
        test_ids=as_text(tables.test[tables.id]),
        sample_ids=as_text(tables.sample[tables.id]),
        target=target,
        train=train,
        test=test,
        pictures=pictures,
        test_pictures=test_pictures,
        splitter=splitter,
        header=tuple(map(str, tables.sample.columns)),
        passing=tables.sample[passing].reset_index(drop=True) if passing else None,
    )


def read_rows(source: Source, name: str, config: Config, competition: Competition) -> Competition:
    """Reads new rows in the place of a competition's test rows.

    Args:
        source: where the table and its pictures lie.
        name: of the table.
        config: of the competition.
        competition: whose columns the table must have.

    Raises:
        DataError: columns or pictures that are missing, ids that stand twice.
    """
    table = read_table(source, name, (competition.id,), config.data.encoding)
    table = unescape_table(table) if config.data.unescape else table
    wanted = [competition.id, *(competition.test.columns if competition.test is not None else [])]
    lacking = [column for column in wanted if column not in table.columns]
    if lacking:
        raise DataError(f"{name} lacks columns of the test table: {listing(lacking)}.")
    if table[competition.id].duplicated().any():
        doubled = table[competition.id][table[competition.id].duplicated()]
        raise DataError(f"{name}: ids that stand twice: {listing(doubled.unique())}.")
    problems = Problems()
    pattern = config.data.test_images or config.data.images
    pictures = picture_names(table, pattern, source, problems, name) if pattern else ()
    problems.raise_if_any(DataError, f"{source.root} does not fit the configuration:")
    return replace(
        competition,
        test_ids=table[competition.id].to_numpy(str),
        test=None if competition.test is None else table[wanted[1:]].reset_index(drop=True),
        test_pictures=pictures,
    )


def _usable(tables: Tables, config: Config, problems: Problems) -> list[str]:
    """Returns the columns that models may see."""
    names = list(tables.train.columns)
    for key, asked in (("drop", config.data.drop), ("columns", list(config.data.columns))):
        for name in asked:
            if name not in names and name not in tables.test.columns:
                near = did_you_mean(name, names)
                problems.add(f"`data.{key}`: {config.data.train} has no column {name!r}.{near}")
    dropped = {*config.data.drop, config.folds.column, config.folds.group, *tables.targets}
    dropped |= {name for name, kind in config.data.columns.items() if kind == "drop"}
    usable = [name for name in tables.features if name not in dropped]
    patterns = [pattern for pattern in (config.data.images, config.data.test_images) if pattern]
    fields = {field for pattern in patterns for field in FilePattern(pattern).fields}
    return [name for name in usable if name not in fields]


def _splitter(tables: Tables, config: Config, problems: Problems) -> np.ndarray | None:
    key = {"group": "group", "stratified_group": "group", "time": "time", "column": "column"}.get(
        fold_kind(config.folds)
    )
    if key is None:
        return None
    name = getattr(config.folds, key)
    if name not in tables.train.columns:
        near = did_you_mean(name, tables.train.columns)
        problems.add(f"`folds.{key}`: {config.data.train} has no column {name!r}.{near}")
        return None
    column = tables.train[name]
    if column.isna().any():
        problems.add(f"`folds.{key}`: {int(column.isna().sum())} rows have no value in {name!r}.")
    return _moments(column) if key == "time" else column.astype(str).to_numpy(str)


def _moments(column: pd.Series) -> np.ndarray:
    """Returns a time column as numbers: dates in nanoseconds, numbers as they are."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(np.float64)
    dates = pd.to_datetime(column, errors="coerce", format="mixed")
    if dates.isna().any():
        raise DataError(
            f"`folds.time`: {column.name!r} has values that are no dates: {listing(column[dates.isna()])}."
        )
    return dates.astype("datetime64[ns]").astype(np.int64).to_numpy()


def _features(table: pd.DataFrame, features: Features | None) -> pd.DataFrame | None:
    if features is not None:
        before = len(table)
        table = features(table.copy())
        if len(table) != before:
            raise DataError(f"`features` must keep all {before} rows. Received: {len(table)}.")
    return table.reset_index(drop=True) if len(table.columns) else None

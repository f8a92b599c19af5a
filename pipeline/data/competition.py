"""A competition read once: tables, encoded target, names of pictures, form of the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.metric import metric_of
from pipeline.config.schema import Config
from pipeline.data.answer import read_answer
from pipeline.data.class_rows import ClassRows
from pipeline.data.columns import guess_kind
from pipeline.data.escapes import unescape_table
from pipeline.data.file_pattern import FilePattern
from pipeline.data.located import BY_PRIOR, LOCATED, albums_of, locate_files, long_rows_of
from pipeline.data.parquet import read_parquet
from pipeline.data.pixel_rows import PixelRows
from pipeline.data.reading import Reading
from pipeline.data.row_facts import load_target, read_row_facts, save_target
from pipeline.data.side_tables import aggregates_of
from pipeline.data.source import Source
from pipeline.data.splitter import read_splitter
from pipeline.data.tables import Tables, as_text, read_tables
from pipeline.errors import DataError, Problems, did_you_mean, listing
from pipeline.metrics import with_facts
from pipeline.registry import locating
from pipeline.tasks.answer import Answer
from pipeline.tasks.base import Task, load_task

if TYPE_CHECKING:
    import pandas as pd

Features = Callable[["pd.DataFrame"], "pd.DataFrame"]


@dataclass(frozen=True)
class Competition:
    """A competition read and checked once; every later stage reads this and not the files.

    Attributes:
        task: kind and outputs.
        answer: form of the submission.
        ids: (rows,) text, in the order of the training table.
        test_ids: (test rows,) text, in the order of the test table.
        sample_ids: text in the order that the submission must have.
        target: int64 (rows,) or float64 (rows, outputs); it knows what the metric sees of the rows.
        train: the columns that models may see, or None where there are none.
        test: the same columns of the test table.
        pictures, test_pictures: file name of every row's picture; empty without pictures.
        clips, test_clips: the same of sound.
        arrays, test_arrays: the same of arrays.
        splitter: (rows,) values of the column that decides the folds, or None.
        header: the sample's columns in its order; empty: the id and the answers.
        passing: the sample's columns that are neither id nor answers, as text in its order; they are
            handed in again. None where there are none.
        reading: how the tables' columns are read.
        kinds: column of `train` -> what it is (see `pipeline.data.columns`).
        left_out: why -> ids of the rows that no model sees. Test rows among them are answered by the
            prior: the mean answer of the training rows.
        test_sizes: int64 (test rows, 2), height and width of the test pictures; None: nobody asks.
        long_rows: the sample's rows where each is a pixel, or a class, of a picture; None: neither.
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
    clips: tuple[str, ...] = ()
    test_clips: tuple[str, ...] = ()
    arrays: tuple[str, ...] = ()
    test_arrays: tuple[str, ...] = ()
    splitter: np.ndarray | None = None
    header: tuple[str, ...] = ()
    passing: pd.DataFrame | None = None
    reading: Reading = field(default_factory=Reading)
    kinds: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    test_sizes: np.ndarray | None = None
    long_rows: PixelRows | ClassRows | None = None

    @property
    def pixel_rows(self) -> PixelRows | None:
        """The sample's rows where each is a pixel of a picture; None where they are not."""
        return self.long_rows if isinstance(self.long_rows, PixelRows) else None

    @property
    def class_rows(self) -> ClassRows | None:
        """The sample's rows where each is a class of a picture; None where they are not."""
        return self.long_rows if isinstance(self.long_rows, ClassRows) else None

    @property
    def by_prior(self) -> tuple[str, ...]:
        """Ids of the test rows that are answered by the prior."""
        return self.left_out.get(BY_PRIOR, ())

    def picture_files(self, test: bool = False) -> dict[str, str]:
        """Returns id -> the file of its picture, of the training rows or of the test's."""
        ids, files = (self.test_ids, self.test_pictures) if test else (self.ids, self.pictures)
        return dict(zip(ids.tolist(), files, strict=True))

    def prior(self) -> np.ndarray:
        """Returns the answer that knows nothing of a row, float32 (outputs,): the training rows' mean."""
        return self.task.prior(self.target)

    def lines(self) -> list[str]:
        """Returns a line on everything unusual about the files and on every row that is left out."""
        counts = [f"{why}: {len(ids):,} ({listing(ids, most=3)})" for why, ids in self.left_out.items()]
        return self.reading.lines() + counts

    def save(self, folder: Path) -> None:
        """Writes arrays, tables and facts, each in its own format."""
        for name in ("ids", "test_ids", "sample_ids"):
            np.save(folder / f"{name}.npy", getattr(self, name))
        save_target(self.target, folder)
        self.task.save(folder)
        if self.test_sizes is not None:
            np.save(folder / "test_sizes.npy", self.test_sizes)
        if self.long_rows is not None:
            self.long_rows.save(folder)
        if self.splitter is not None:
            np.save(folder / "splitter.npy", self.splitter)
        for name in ("train", "test", "passing"):
            table = getattr(self, name)
            if table is not None:
                table.to_parquet(folder / f"{name}.parquet")
        facts = {
            **self.task.to_json(),
            "answer": self.answer.to_json(),
            "id": self.id,
            **{name: getattr(self, name) for name in LOCATED},
            "header": self.header,
            "reading": self.reading.to_json(),
            "kinds": dict(self.kinds),
            "left_out": dict(self.left_out),
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
        splitter, sizes = folder / "splitter.npy", folder / "test_sizes.npy"
        return cls(
            task=load_task(facts).opened(folder),
            answer=Answer.from_json(facts["answer"]),
            id=facts["id"],
            **_located_in(facts),
            header=tuple(facts["header"]),
            reading=Reading.from_json(facts["reading"]),
            kinds=facts["kinds"],
            left_out={why: tuple(ids) for why, ids in facts["left_out"].items()},
            splitter=np.load(splitter, allow_pickle=False) if splitter.exists() else None,
            test_sizes=np.load(sizes, allow_pickle=False) if sizes.exists() else None,
            long_rows=PixelRows.load(folder) or ClassRows.load(folder),
            **{
                name: np.load(folder / f"{name}.npy", allow_pickle=False)
                for name in ("ids", "test_ids", "sample_ids")
            },
            target=load_target(folder),
            **tables,
        )


def read_competition(
    source: Source,
    config: Config,
    features: Features | None = None,
    tables: Tables | None = None,
    say: Callable[[str], None] | None = None,
) -> Competition:
    """Reads and checks everything that the configuration speaks of.

    Args:
        source: the competition's files.
        config: a checked configuration.
        features: the competition's own function from a table to a table with more columns.
        tables: the tables, where they have been read already.
        say: told of everything unusual about the files and of every row that is left out.

    Raises:
        DataError: says what is missing or does not fit, all of it.
    """
    tables = tables or read_tables(source, config.data)
    problems = Problems()
    usable = _usable(tables, config, problems)
    tables, located = locate_files(source, tables, config, problems)
    albums = albums_of(located, tables, config, source)
    task, target, answer = read_answer(tables, config, metric_of(config.metric), **albums)
    sizes = albums["test_album"].sizes() if task.of_pictures else None
    splitter = read_splitter(source, tables, config, problems)
    facts = read_row_facts(tables, config, problems)
    problems.raise_if_any(DataError, f"{source.root} does not fit the configuration:")
    unescape = unescape_table if config.data.unescape and not task.verbatim else lambda table: table
    train, test = (_features(unescape(table[usable]), features) for table in (tables.train, tables.test))
    passing = [name for name in tables.sample.columns if name not in {tables.id, *answer.columns}]
    competition = Competition(
        task=task,
        answer=answer,
        id=tables.id,
        ids=as_text(tables.train[tables.id]),
        test_ids=as_text(tables.test[tables.id]),
        sample_ids=as_text(tables.sample[tables.id]),
        target=with_facts(target, facts),
        train=train,
        test=test,
        **located,
        splitter=splitter,
        header=tuple(map(str, tables.sample.columns)),
        passing=tables.sample[passing].reset_index(drop=True) if passing else None,
        reading=tables.reading,
        kinds=_kinds(train, tables, config),
        left_out=tables.left_out,
        test_sizes=sizes,
        long_rows=long_rows_of(tables, sizes),
    )
    if say and tables.drawn_of:
        say(f"`data.rows`: {len(tables.train):,} of {tables.drawn_of:,} training rows, drawn at random")
    if say:
        for line in competition.lines():
            say(line)
    return competition


def _located_in(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the names of the rows' files of a saved competition, by field."""
    return {name: tuple(facts.get(name, ())) for name in LOCATED}


def _kinds(train: pd.DataFrame | None, tables: Tables, config: Config) -> dict[str, str]:
    """Returns what each column that models see is; what the competition's code has changed is judged anew."""
    if train is None:
        return {}
    kinds = {}
    for name in map(str, train.columns):
        known = name in tables.reading.columns and name in tables.train.columns
        if known and (name in config.data.columns or train[name].equals(tables.train[name])):
            kinds[name] = tables.reading.columns[name].kind
        else:
            kinds[name] = config.data.columns.get(name) or guess_kind(train[name])
    return kinds


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
    for name, side in config.data.tables.items():
        if side.file == config.folds.group_table:
            dropped |= aggregates_of(name, str(config.folds.group))
    seen = [tables.id, *tables.features] if config.data.see_id else tables.features
    usable = [name for name in seen if name not in dropped]
    patterns = [pattern for one in locating() for pattern in one.patterns(config.data)]
    fields = {field for pattern in patterns for field in FilePattern(pattern).fields}
    return [name for name in usable if name not in fields - {tables.id}]


def _features(table: pd.DataFrame, features: Features | None) -> pd.DataFrame | None:
    if features is not None:
        before = len(table)
        table = features(table.copy())
        if len(table) != before:
            raise DataError(f"`features` must keep all {before} rows. Received: {len(table)}.")
    return table.reset_index(drop=True) if len(table.columns) else None

"""Task, target and the form of every cell, as the sample submission asks for them."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.config.schema import Config
from pipeline.data.class_rows import ClassRows, class_names
from pipeline.data.columns import as_numbers
from pipeline.data.columns import as_text as words_of
from pipeline.data.sample_columns import answer_columns
from pipeline.data.tables import Tables, as_text
from pipeline.data.value_range import value_range
from pipeline.errors import DataError, listing
from pipeline.metrics import Metric
from pipeline.tasks.answer import Answer
from pipeline.tasks.base import Task
from pipeline.tasks.contest import Album, Column, Contest, TextColumn
from pipeline.tasks.telling import find_kind

if TYPE_CHECKING:
    import pandas as pd


def read_answer(
    tables: Tables,
    config: Config,
    metric: Metric,
    album: Album | None = None,
    answers: Album | None = None,
    test_album: Album | None = None,
) -> tuple[Task, np.ndarray, Answer]:
    """Works out the task, the encoded target and the form of the submission.

    Args:
        tables: read and checked.
        config: of the competition.
        metric: what it scores.
        album: the training rows' pictures, where there are any.
        answers: pictures that are their answers, likewise.
        test_album: the test rows' pictures, likewise.

    Returns:
        The task; the target, int64 (rows,) class numbers or float64 (rows, outputs); the form.

    Raises:
        DataError: metric, target and sample do not fit together; says which and why.
    """
    columns = answer_columns(tables.sample, tables.id, _names(tables), tables.test.columns)
    contest = _contest(tables, config, metric, columns)
    contest = replace(contest, album=album, answers=answers, test_album=test_album)
    kind = find_kind(contest, config.data.task)
    if kind.general not in metric.tasks:
        raise DataError(
            f"The metric {metric.name!r} scores {' or '.join(metric.tasks)}, but this is a task of "
            f"{kind.kind}: the target is {listing(tables.targets)}, the sample's columns are "
            f"{listing(columns)}."
        )
    if metric.targets not in (None, len(tables.targets)):
        raise DataError(
            f"The metric {metric.name!r} takes {metric.targets} target columns. `data.target` has "
            f"{len(tables.targets)}: {listing(tables.targets)}."
        )
    task, target, answer = kind.read(contest)
    if isinstance(tables.long_rows, ClassRows):
        tables.long_rows.check(contest.classes)
    if not (task.probabilities or task.dense):
        answer = replace(answer, bounds=value_range(config, metric, target))
    return task, target, answer


def texts_of_both(train: pd.DataFrame, test: pd.DataFrame) -> dict[str, TextColumn]:
    """Returns the columns of words that two tables share, as models read them."""
    from pandas.api import types

    both = [name for name in train.columns if name in test.columns]
    words = [name for name in both if types.is_string_dtype(train[name].dtype)]
    return {
        str(name): TextColumn(words_of(train[name]).tolist(), words_of(test[name]).tolist()) for name in words
    }


def _names(tables: Tables) -> set[str]:
    """Returns the names that the sample's columns may have where they are answers."""
    targets = set(tables.targets)
    if len(targets) > 1 or len(tables.sample.columns) <= 2:
        return targets
    return targets | set(tables.train[tables.targets[0]].fillna("").str.strip())


def _contest(tables: Tables, config: Config, metric: Metric, columns: tuple[str, ...]) -> Contest:
    def numbers(name: str) -> np.ndarray:
        return as_numbers(tables.reading.form(name).plain(tables.train[name]))

    hidden = {*config.data.drop, config.folds.column, config.folds.group, *tables.targets}
    names = [name for name in tables.features if name not in hidden]
    return Contest(
        targets={name: Column(tables.train[name]) for name in tables.targets},
        ids=lambda: as_text(tables.train[tables.id]),
        columns=columns,
        numbers=numbers,
        kinds=metric.tasks,
        metric=metric.name,
        wants=metric.wants,
        binary=metric.binary,
        log_target=metric.log_target,
        log_optional=metric.log_optional,
        depth=metric.depth,
        answer=config.submission.answer,
        positive=config.data.positive,
        texts=functools.cache(lambda: texts_of_both(tables.train[names], tables.test[names])),
        span_of=config.data.span_of,
        classes=class_names(tables.train[tables.targets[0]].tolist()) if config.data.classes else (),
        grid=config.data.grid,
        samples=tuple(map(str, tables.sample[columns[0]].unique())) if len(columns) == 1 else (),
    )

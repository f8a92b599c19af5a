"""The column that is to be predicted."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.answer import texts_of_both
from pipeline.data.columns import as_numbers, as_text
from pipeline.data.sample_columns import answer_columns
from pipeline.draft.box_columns import find_boxes
from pipeline.draft.choice import Choice, words
from pipeline.draft.files import Files
from pipeline.errors import DataError, did_you_mean, listing
from pipeline.metrics import find_metric
from pipeline.tasks.base import Task
from pipeline.tasks.class_masks import ClassMasks
from pipeline.tasks.classification import class_columns
from pipeline.tasks.contest import Column, Contest
from pipeline.tasks.image import Image
from pipeline.tasks.telling import told_by_cells

if TYPE_CHECKING:
    import pandas as pd

TARGET_WORDS = {"target", "label", "labels", "class", "y", "outcome", "response"}


def find_target(
    train: pd.DataFrame,
    test_columns: Sequence[str],
    sample: pd.DataFrame,
    key: str,
    asked: str | None,
    where: str,
) -> Choice[list[str]]:
    """Returns the target column(s) of a training table.

    Args:
        train: the table.
        test_columns: of the test table; none where there is no test table.
        sample: the sample submission, as text.
        key: the id column.
        asked: column(s) that the person names, separated by commas.
        where: what an error calls the training table.

    Raises:
        DataError: there is none, or several might be meant; names them.
    """
    columns = [str(name) for name in train.columns if name != key]
    new = {name for name in columns if name not in test_columns}
    answers = list(answer_columns(sample, key, new, test_columns))
    if asked:
        return Choice(_asked(asked, columns, where), "given as TARGET")
    if answers and set(answers) <= set(columns):
        return Choice(answers, "the sample asks for it by name" if len(answers) == 1 else "as in the sample")
    if boxes := find_boxes(train, answers, key):
        return boxes
    only = [name for name in columns if name not in test_columns]
    if len(answers) > 1:
        fitting = [name for name in only or columns if _holds_classes(train[name], answers)]
        if fitting:
            return Choice(fitting[:1], f"the sample has {len(answers)} columns: one for each of its values")
        return _refuse(where, answers, only)
    near = [name for name in only if answers and name.casefold() == answers[0].casefold()]
    near = near or [name for name in only if TARGET_WORDS & set(words(name))]
    if len(near) == 1:
        return Choice(near, f"the sample's {answers[0]!r} by its name, and test lacks it")
    if len(only) == 1 and test_columns:
        return Choice(only, "the only column that test lacks")
    return _refuse(where, answers, only)


def told_task(files: Files, targets: list[str], metric: str | None) -> type[Task] | None:
    """Returns the kind of task that files or the writing of the target's cells tell, None for none.

    Args:
        files: which is what.
        targets: names of the target columns.
        metric: the one that was given, which must score such a task.
    """
    if files.answers:
        return Image
    if files.classes:
        suits = metric is None or ClassMasks.general in find_metric(metric).tasks
        return ClassMasks if suits else None
    train, sample, key = files.train_table, files.sample_table, files.id
    columns = {name: as_text(train[name]) for name in targets}
    found = told_by_cells(
        Contest(
            targets={name: Column(column) for name, column in columns.items()},
            ids=lambda: as_text(train[key]) if key in train.columns else np.arange(len(train)),
            columns=tuple(str(name) for name in sample.columns if name != key),
            numbers=lambda name: as_numbers(columns[name]),
            kinds=(),
            wants="label",
            texts=functools.cache(
                lambda: texts_of_both(train.drop(columns=[key, *targets], errors="ignore"), files.test_table)
            ),
        )
    )
    suits = found is not None and (metric is None or found.general in find_metric(metric).tasks)
    return found if suits else None


def _asked(asked: str, columns: list[str], where: str) -> list[str]:
    names = [name.strip() for name in asked.split(",")]
    for name in names:
        if name not in columns:
            near = did_you_mean(name, columns)
            raise DataError(f"TARGET: {where} has no column {name!r}.{near} It has: {listing(columns)}.")
    return names


def _refuse(where: str, answers: list[str], only: list[str]) -> Choice[list[str]]:
    asks = f"The sample asks for {listing(answers)}" if answers else "The sample has an id column only"
    lacks = f"columns that the test table lacks: {listing(only)}" if only else "no column that test lacks"
    raise DataError(
        f"{where} has no target that can be told. {asks}; {where} has {lacks}. "
        "Name it with TARGET=column (--target)."
    )


def _holds_classes(column: pd.Series, answers: list[str]) -> bool:
    """Says whether the sample has a column for every value."""
    values = {str(value) for value in as_text(column)} - {""}
    if not 2 <= len(values) <= len(answers):
        return False
    try:
        class_columns(sorted(values), tuple(answers))
    except DataError:
        return False
    return True

"""What the sample submission asks for: the task, its classes, and the form of every cell."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pipeline.config.schema import Config
from pipeline.data.columns import as_numbers
from pipeline.data.number_form import LARGEST
from pipeline.data.sample_columns import answer_columns
from pipeline.data.tables import Tables
from pipeline.data.value_range import Bounds, value_range
from pipeline.errors import DataError, did_you_mean, listing
from pipeline.metrics import Metric
from pipeline.tasks.base import Task, TaskKind

if TYPE_CHECKING:
    import pandas as pd

AnswerKind = Literal["probability", "label", "value", "ranking"]


@dataclass(frozen=True)
class Answer:
    """The form of the submission file.

    Attributes:
        kind: "probability" (of the columns' outputs), "label" (the class itself, or 0/1 per
            label or class), "value", or "ranking" (the likeliest classes, separated by spaces).
        columns: the sample's columns that are answers, in its order.
        outputs: for each of those columns the number of the prediction's column that fills it;
            empty where one column holds a label or a ranking.
        depth: how many classes a ranking names.
        bounds: of a regression, where each output's values are held; empty where they are left alone.
    """

    kind: AnswerKind
    columns: tuple[str, ...]
    outputs: tuple[int, ...]
    depth: int = 0
    bounds: tuple[Bounds, ...] = ()

    def held(self, values: np.ndarray) -> np.ndarray:
        """Returns values (rows, outputs) within the bounds."""
        for k, (low, high) in enumerate(self.bounds):
            if k == 0:
                values = values.copy()
            values[:, k] = np.clip(values[:, k], low, high)
        return values

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Answer:
        return cls(
            kind=facts["kind"],
            columns=tuple(facts["columns"]),
            outputs=tuple(facts["outputs"]),
            depth=facts["depth"],
            bounds=tuple((low, high) for low, high in facts["bounds"]),
        )


def read_answer(tables: Tables, config: Config, metric: Metric) -> tuple[Task, np.ndarray, Answer]:
    """Works out the task, the encoded target and the form of the submission.

    Returns:
        The task; the target, int64 (rows,) class numbers or float64 (rows, outputs); the form.

    Raises:
        DataError: metric, target and sample do not fit together; says which and why.
    """
    import pandas as pd

    columns = answer_columns(tables.sample, tables.id, _asked(tables), tables.test.columns)
    kind = _task_kind(tables, config, metric, columns)
    if kind not in metric.tasks:
        raise DataError(
            f"The metric {metric.name!r} scores {' or '.join(metric.tasks)}, but this is a task of "
            f"{kind}: the target is {listing(tables.targets)}, the sample's columns are {listing(columns)}."
        )
    if kind != "classification":
        return _columnwise(tables, config, metric, kind, columns)
    if len(tables.targets) > 1:
        return _one_hot(tables, config, metric, columns)
    codes, labels = pd.factorize(tables.train[tables.targets[0]].str.strip())
    by_class = class_columns(sorted(labels), columns) if len(columns) > 1 else None
    classes = tuple(by_class) if by_class else _class_order(set(labels), config.data.positive)
    task = Task("classification", classes)
    number = {name: index for index, name in enumerate(classes)}
    target = np.array([number[label] for label in labels], np.int64)[codes]
    if metric.binary and len(classes) != 2:
        raise DataError(
            f"The metric {metric.name!r} scores two classes. The target has {len(classes)}: "
            f"{listing(classes)}."
        )
    if by_class:
        return task, target, Answer("probability", columns, tuple(range(len(classes))))
    answer = config.submission.answer
    if answer == "auto":
        ranked = metric.name.startswith("map@")
        answer = "ranking" if ranked else "label" if metric.wants == "label" else "probability"
    if answer == "probability" and len(classes) != 2:
        raise DataError(
            f"The sample has one column for {len(classes)} classes, which cannot hold probabilities. "
            "Set `submission.answer: label`, or a sample with one column per class."
        )
    if answer == "value":
        raise DataError("`submission.answer: value` is for regression; classes are a label or a probability.")
    outputs = (1,) if answer == "probability" else ()
    depth = int(metric.name[4:]) if metric.name.startswith("map@") else min(5, len(classes))
    return task, target, Answer(answer, columns, outputs, depth)


def _task_kind(tables: Tables, config: Config, metric: Metric, columns: tuple[str, ...]) -> TaskKind:
    if config.data.task != "auto":
        return config.data.task
    if len(metric.tasks) == 1:
        return metric.tasks[0]
    if len(tables.targets) > 1:
        marks = zero_one(tables.train[list(tables.targets)])
        if marks is None:
            return "regression"
        alone = "classification" in metric.tasks and bool((marks.sum(axis=1) == 1).all())
        return "classification" if alone else "multilabel" if "multilabel" in metric.tasks else "regression"
    return "classification" if "classification" in metric.tasks else metric.tasks[0]


def _asked(tables: Tables) -> set[str]:
    """Returns the names that the sample's columns may have where they are answers."""
    targets = set(tables.targets)
    if len(targets) > 1 or len(tables.sample.columns) <= 2:
        return targets
    return targets | set(tables.train[tables.targets[0]].str.strip())


def zero_one(table: pd.DataFrame) -> np.ndarray | None:
    """Returns columns of text as int64 (rows, columns) of 0 and 1; None where they hold anything else."""
    cells = np.stack([table[name].str.strip().to_numpy(str) for name in table.columns], axis=1)
    ones = np.isin(cells, ("1", "1.0"))
    return ones.astype(np.int64) if (ones | np.isin(cells, ("0", "0.0"))).all() else None


def _one_hot(
    tables: Tables, config: Config, metric: Metric, columns: tuple[str, ...]
) -> tuple[Task, np.ndarray, Answer]:
    """One classification written as a 0/1 column per class, of which one is 1 in every row."""
    names = tables.targets
    if set(columns) != set(names):
        raise DataError(f"The sample's columns ({listing(columns)}) must be the targets ({listing(names)}).")
    marks = zero_one(tables.train[list(columns)])
    several = np.arange(len(tables.train)) if marks is None else np.flatnonzero(marks.sum(axis=1) != 1)
    if marks is None or len(several):
        raise DataError(
            f"Several targets ({listing(names)}) are one classification only where exactly one of them is 1 "
            f"in every row, and the others are 0. It is not so for: "
            f"{listing(tables.train[tables.id].iloc[several])}. Otherwise: `data.task: multilabel`."
        )
    wanted = "label" if metric.wants == "label" else "probability"
    answer = wanted if config.submission.answer == "auto" else config.submission.answer
    if answer not in ("probability", "label"):
        raise DataError(f"`submission.answer: {answer}` needs one column; the sample has {listing(columns)}.")
    outputs = tuple(range(len(columns)))
    form = Answer(answer, columns, outputs)  # type: ignore[arg-type]
    return Task("classification", columns), marks.argmax(axis=1), form


def _columnwise(
    tables: Tables, config: Config, metric: Metric, kind: TaskKind, columns: tuple[str, ...]
) -> tuple[Task, np.ndarray, Answer]:
    """Regression and multilabel: one column of the answer per target."""
    values = []
    for name in tables.targets:
        column = as_numbers(tables.reading.form(name).plain(tables.train[name]))
        wrong = tables.train[name][np.isnan(column)]
        if len(wrong):
            raise DataError(
                f"The target {name!r} must be numbers. Received: {listing(wrong.unique())}. "
                f"(Infinite and those beyond {LARGEST:.2g} are none to learn from.)"
            )
        values.append(column)
    target = np.stack(values, axis=1)
    if kind == "multilabel" and not np.isin(target, (0.0, 1.0)).all():
        raise DataError(f"Labels must be 0 or 1 in every target column ({listing(tables.targets)}).")
    log_target = metric.log_target and kind == "regression"
    if log_target and (target <= -1).any():
        raise DataError(f"The metric {metric.name!r} takes log(1 + y): targets must be above -1.")
    names = tables.targets
    if set(columns) == set(names):
        outputs = tuple(names.index(column) for column in columns)
    elif len(columns) == len(names) == 1:
        outputs = (0,)
    else:
        raise DataError(f"The sample's columns ({listing(columns)}) must be the targets ({listing(names)}).")
    wanted = "value" if kind == "regression" else "label" if metric.wants == "label" else "probability"
    answer = wanted if config.submission.answer == "auto" else config.submission.answer
    bounds = value_range(config, metric, target) if kind == "regression" else ()
    return Task(kind, names, log_target), target, Answer(answer, columns, outputs, bounds=bounds)  # type: ignore[arg-type]


def class_columns(classes: list[str], columns: tuple[str, ...]) -> list[str]:
    """Returns the class that each column of the sample stands for, in the sample's order.

    A column is called like its class, or like it with one common text before and after
    ("Status_C"). A column whose class has no training row keeps its own name as a class.
    """
    before, after = "", ""
    if not set(classes) <= set(columns):
        before, after = _affixes(classes[0], classes, columns)
    named = {f"{before}{name}{after}": name for name in classes}
    unknown = [name for column, name in named.items() if column not in columns]
    if unknown:
        near = did_you_mean(unknown[0], columns)
        raise DataError(
            f"The sample has no column for the classes {listing(unknown)}.{near} "
            f"Its columns are: {listing(columns)}."
        )
    ends = len(after)
    return [named.get(name, name[len(before) : len(name) - ends] or name) for name in columns]


def _affixes(first: str, classes: list[str], columns: tuple[str, ...]) -> tuple[str, str]:
    for column in columns:
        start = column.find(first)
        while start >= 0:
            before, after = column[:start], column[start + len(first) :]
            if all(f"{before}{name}{after}" in columns for name in classes):
                return before, after
            start = column.find(first, start + 1)
    return "", ""


def _class_order(classes: set[str], positive: str | None) -> tuple[str, ...]:
    """Numbers by value, words by the alphabet; the positive one of two last."""
    if len(classes) < 2:
        raise DataError(f"The target has one value only: {listing(classes)}. There is nothing to learn.")
    try:
        ordered = sorted(classes, key=lambda name: (float(name), name))
    except ValueError:
        ordered = sorted(classes)
    if positive is not None:
        if positive not in classes or len(classes) != 2:
            near = did_you_mean(positive, classes)
            raise DataError(
                f"`data.positive` must be one of two classes. Received: {positive!r}.{near} "
                f"The classes are: {listing(ordered)}."
            )
        ordered.sort(key=lambda name: name == positive)
    return tuple(ordered)

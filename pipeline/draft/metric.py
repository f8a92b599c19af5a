"""The likely metric, by what the target holds and the sample asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.columns import as_numbers
from pipeline.draft.choice import Choice, words
from pipeline.errors import DataError, listing
from pipeline.metrics import find_metric, metric_names
from pipeline.tasks.base import Task

if TYPE_CHECKING:
    import pandas as pd

FEW_CLASSES = 20  # whole numbers with more values than this are amounts rather than classes
ROWS_PER_CLASS = 10  # with fewer rows per value, whole numbers are amounts
RARE = 0.1  # a share of one of two classes below which accuracy says nothing
SKEWED = 1.0  # third standardised moment
WIDE = 20.0  # ratio of the 95th to the 5th of 100 amounts, each and one more
CLASS_WORDS = {"class", "label", "category", "type", "kind", "species", "id", "cluster", "digit"}
ORDER_WORDS = {"grade", "level", "quality", "rating", "severity", "stage", "score", "stars", "speed", "essay"}


@dataclass(frozen=True)
class Question:
    """The truth that the training rows hold, and the form of the answer that is asked for.

    Attributes:
        names: of the targets.
        truth: their columns of the training table, as text.
        answers: columns of the sample after the id.
        cells: what the sample holds in its first answer column, as text.
    """

    names: list[str]
    truth: pd.DataFrame
    answers: list[str]
    cells: list[str]


def given_metric(name: str, task: type[Task] | None) -> Choice[str]:
    """Returns the metric that was given, once it is known to exist; of pixels where answers are pictures.

    Args:
        name: as it was given.
        task: what the files tell of it.
    """
    metric, of_pixels = find_metric(name), f"pixel_{name}"
    if task and task.general not in metric.tasks and of_pixels in metric_names():
        return Choice(of_pixels, f"{name} was given as METRIC, and answers are pictures")
    return Choice(name, "given as METRIC")


def likely_metric(question: Question) -> Choice[str]:
    """Returns the metric that such a sample most often goes with, and what else it may be.

    Raises:
        DataError: the target has gaps where a number is asked for, or one value only.
    """
    if len(question.names) > 1:
        return _several(question)
    if len(question.answers) > 1:
        return Choice("log_loss", "one probability per class; the files cannot tell it from auc or map@k")
    values = question.truth[question.names[0]].str.strip()
    classes = sorted(set(values))
    if len(classes) < 2:
        raise DataError(f"The target {question.names[0]!r} has one value only: {listing(classes)}.")
    if any(len(cell.split()) > 1 for cell in question.cells) and not any(" " in name for name in classes):
        depth = max(len(cell.split()) for cell in question.cells)
        return Choice(f"map@{depth}", f"the sample ranks {depth} classes in a cell")
    numbers = as_numbers(values)
    if np.isnan(numbers).any():
        return _of_classes(question, values, len(classes))
    if _are_classes(question, numbers):
        return _of_classes(question, values, len(classes))
    return _of_values(numbers)


def _several(question: Question) -> Choice[str]:
    numbers = np.stack([as_numbers(question.truth[name]) for name in question.names], axis=1)
    if np.isin(numbers, (0.0, 1.0)).all():
        if (numbers.sum(axis=1) == 1).all():
            return Choice("log_loss", "one of the targets is 1 in every row: a probability per class")
        return Choice("log_loss", "several 0/1 targets; the files cannot tell log_loss from auc")
    if (numbers > -1).all() and all(_skewed(column) for column in numbers.T):
        return Choice("rmsle", "several skewed amounts; the files cannot tell rmsle from rmse or mae")
    return Choice("rmse", "several values; the files cannot tell rmse from mae or r2")


def _are_classes(question: Question, numbers: np.ndarray) -> bool:
    """Says whether a target of numbers names classes."""
    if any(not float(number).is_integer() for number in np.unique(numbers)):
        return False
    distinct = len(np.unique(numbers))
    if distinct <= 2:
        return True
    if any(_is_between(cell) for cell in question.cells):
        return False  # a sample of 2.5 does not name a class
    if distinct <= FEW_CLASSES and distinct * ROWS_PER_CLASS <= len(numbers):
        return True
    names = words(question.names[0]) + words(question.answers[0])
    consecutive = numbers.max() - numbers.min() + 1 <= 1.2 * distinct
    return bool(CLASS_WORDS & set(names)) and consecutive and distinct < len(numbers) / 2


def _of_classes(question: Question, values: pd.Series, classes: int) -> Choice[str]:
    share = values.value_counts(normalize=True)
    if classes > 2:
        numbers = as_numbers(values)
        # "01", "1" and "1.0" are one number and no grades.
        graded = len(np.unique(numbers)) == classes and not np.isnan(numbers).any()
        if graded and ORDER_WORDS & set(words(" ".join(question.names))):
            return Choice("qwk", "classes that are grades; the files cannot tell qwk from accuracy")
        others = "f1_macro" if np.isnan(numbers).any() else "f1_macro, qwk or rmse"
        return Choice("accuracy", f"a label is asked for; the files cannot tell accuracy from {others}")
    if _asks_probability(question.cells, share.index):
        return Choice("log_loss", "a probability is asked for; the files cannot tell log_loss from auc")
    if share.min() < RARE and not np.isnan(as_numbers(values)).any():
        rare = f"{share.min():.1%} of the rows are {share.idxmin()}, so accuracy would say nothing"
        return Choice("auc", f"{rare}; the files cannot tell auc from f1_macro, mcc or log_loss")
    return Choice("accuracy", "one of two labels is asked for; the files cannot tell accuracy from auc")


def _of_values(numbers: np.ndarray) -> Choice[str]:
    if numbers.min() >= 0 and (_skewed(numbers) or _wide(numbers)):
        reason = "positive and skewed amounts, which are scored on their logarithms more often than not"
        return Choice("rmsle", f"{reason}; the files cannot tell rmsle from rmse or mae")
    return Choice("rmse", "a value is asked for; the files cannot tell rmse from mae or r2")


def _skewed(numbers: np.ndarray) -> bool:
    """Says whether the logarithm makes a skewed distribution much more even."""
    return _skew(numbers) > SKEWED and abs(_skew(np.log1p(numbers))) < 0.5 * _skew(numbers)


def _wide(numbers: np.ndarray) -> bool:
    """Says whether skewed amounts span orders of magnitude, whatever the shape of their logarithms."""
    low, high = np.percentile(numbers, [5, 95])
    return _skew(numbers) > SKEWED and (1 + high) / (1 + low) > WIDE


def _skew(numbers: np.ndarray) -> float:
    centred = numbers - numbers.mean()
    return float(np.mean(centred**3) / max(np.mean(centred**2) ** 1.5, 1e-300))


def _asks_probability(cells: list[str], classes: Iterable[str]) -> bool:
    """Says whether the sample is written in fractions, 0.5 or 0.0, where the classes are not."""
    if any(_is_between(cell) for cell in cells):
        return True
    return any("." in cell for cell in cells) and not any("." in name for name in classes)


def _is_between(cell: str) -> bool:
    """Says whether a cell is a number that is not whole."""
    number = as_numbers(np.array([cell], dtype=object))[0]
    return bool(np.isfinite(number) and not float(number).is_integer())

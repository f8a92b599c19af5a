"""Folds of models of tables two at a time, each with one thread, against one after the other with two."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from bench.cases.tables import LIBRARIES, SETTINGS, THREADS, maker
from bench.generated import otto_like
from bench.results import Value
from pipeline.config.schema import FoldsConfig
from pipeline.context import Context
from pipeline.data.folds import Fold, make_folds
from pipeline.progress import Progress
from pipeline.run.side_by_side import side_by_side
from pipeline.tasks.base import make_task
from pipeline.testing import dataset_of
from pipeline.validation.cross_validation import Experiment, fit_fold

FOLDS = 4  # two rounds of two
ROWS = {"small": 1_000, "large": 20_000}


def run(quick: bool) -> list[Value]:
    """Measures five models on a small table and a large one; see docs/performance.md.

    Args:
        quick: takes one round of 300 rows.
    """
    for library in LIBRARIES:  # whoever came first would pay for the import
        importlib.import_module(library)
    settings = {size: (300, 2) if quick else (rows, FOLDS) for size, rows in ROWS.items()}
    return [value for size, (rows, n) in settings.items() for value in measured(size, rows, n)]


def measured(size: str, rows: int, n: int) -> list[Value]:
    """Returns the speeds of all models, and of all together, on a table of so many rows, in n folds."""
    import pandas as pd

    numbers, label = otto_like(rows)
    table = pd.DataFrame(numbers, columns=[f"count_{number}" for number in range(numbers.shape[1])])
    train = dataset_of(np.arange(len(label)).astype(str), table, target=label)
    task = make_task("classification", tuple(f"class {number}" for number in range(label.max() + 1)))
    folds = make_folds(FoldsConfig(n=n), task, label)
    test, values, total = dataset_of(train.ids[:0], table.iloc[:0]), [], np.zeros(2)
    for kind in SETTINGS:
        experiment = Experiment(maker(kind, task), train, test, folds)
        seconds = compare(experiment, list(folds))
        total += seconds
        what = f"{kind}, {rows:,} rows: two folds at a time against one after the other ({seconds[1]:.1f} s)"
        values.append(Value(f"side_by_side.{size}_{kind}", seconds[1] / seconds[0], what))
    what = f"all five, {rows:,} rows"
    return [Value(f"side_by_side.{size}", total[1] / total[0], what), *values]


def compare(experiment: Any, folds: list[Fold]) -> np.ndarray:
    """Returns the seconds of two at a time and of one after the other, (2,): they take turns by pairs."""
    seconds = np.zeros(2)

    def work(fold: Fold) -> Callable[[Progress], object]:
        return lambda progress: fit_fold(experiment, fold, Context(threads=1))

    for start in range(0, len(folds), THREADS):
        pair = folds[start : start + THREADS]
        begun = time.perf_counter()
        side_by_side([work(fold) for fold in pair], Progress())
        between = time.perf_counter()
        for fold in pair:
            fit_fold(experiment, fold, Context(threads=THREADS))
        seconds += between - begun, time.perf_counter() - between
    return seconds

"""Values that one side lacks: classes, categories, whole columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.audit.columns import TEXTS, Column
from pipeline.audit.finding import Finding
from pipeline.errors import listing
from pipeline.tasks.base import Task

MOSTLY = 0.95  # share of missing values from which a column is next to empty
SHIFT, LARGE_SHIFT = 0.05, 0.20  # difference of the shares of missing values
UNSEEN = 0.05  # share of test rows with a new value, beyond what chance explains


def find_gaps(columns: Sequence[Column], task: Task, target: np.ndarray) -> list[Finding]:
    """Compares what is there in training and in test.

    Args:
        columns: of both tables.
        task: names the classes that the sample asks for.
        target: of the training rows.
    """
    findings = [*_classes(task, target), *_empty(columns), *_missing_shift(columns)]
    new = {column.name: share for column in columns if (share := new_values(column)) > UNSEEN}
    if new:
        shown = listing(f"{name!r} ({share:.0%} of the test rows)" for name, share in new.items())
        text = (
            f"test rows hold values that training lacks, more than chance explains: {shown}. Drawn by "
            "group? Then set `folds.group`; else models learn nothing from these values."
        )
        findings.append(Finding("unseen-values", "warn", text))
    return findings


def new_values(column: Column) -> float:
    """Returns the share of test rows whose category training lacks, less what chance explains.

    By chance as many test rows are new as training rows have a value of their own (Good, 1953).
    """
    if column.is_number or column.kind in TEXTS or column.kind == "constant":
        return 0.0
    train, test = (codes.astype(np.int64) for codes in column.codes)
    train, test = train[train >= 0], test[test >= 0]
    if not len(train) or not len(test):
        return 0.0
    counts = np.bincount(train, minlength=int(max(train.max(), test.max())) + 1)
    alone = float((counts == 1).sum() / len(train))
    return float((counts[test] == 0).mean()) - alone


def _classes(task: Task, target: np.ndarray) -> Iterator[Finding]:
    if not task.exclusive:
        return
    counts = np.bincount(target, minlength=task.n_outputs)
    unseen = [name for name, count in zip(task.outputs, counts, strict=True) if not count]
    if unseen:
        text = (
            f"{len(unseen)} of {task.n_outputs} classes that the sample asks for have no training row: "
            f"{listing(unseen)}. They get next to no probability."
        )
        yield Finding("unseen-classes", "warn", text)
    single = [name for name, count in zip(task.outputs, counts, strict=True) if count == 1]
    if single:
        text = (
            f"{len(single)} of {task.n_outputs} classes have a single training row: {listing(single)}. They "
            "train in every fold and are never scored; with grouped folds they are scored unlearned."
        )
        yield Finding("single-row-classes", "info", text)


def _empty(columns: Sequence[Column]) -> Iterator[Finding]:
    constant = [column.name for column in columns if column.kind == "constant"]
    if constant:
        text = f"one value in all training rows: {listing(constant)}. Models leave such columns out."
        yield Finding("constant-columns", "info", text)
    for side, word in enumerate(("training", "test")):
        full = [c for c in columns if c.missing[side] > MOSTLY >= c.missing[1 - side]]
        if full:
            shown = listing(f"{c.name!r} ({c.missing[side]:.0%})" for c in full)
            text = (
                f"next to empty in the {word} rows only: {shown}. What models learn from it does not "
                "carry over: leave it out (`data.drop`)."
            )
            yield Finding("empty-in-one-table", "warn", text)


def _missing_shift(columns: Sequence[Column]) -> Iterator[Finding]:
    shifted = []
    for column in columns:
        train, test = column.missing
        rows = 1 / len(column.train) + 1 / max(1, len(column.test))
        error = np.sqrt((train * (1 - train) + test * (1 - test)) / 2 * rows)
        if max(train, test) <= MOSTLY and abs(train - test) > max(SHIFT, 4 * error):
            shifted.append(column)
    if shifted:
        shown = listing(
            f"{c.name!r} ({c.missing[0]:.0%} of train, {c.missing[1]:.0%} of test)" for c in shifted
        )
        large = any(abs(c.missing[0] - c.missing[1]) > LARGE_SHIFT for c in shifted)
        text = f"values are missing more often on one side: {shown}. A gap may tell the side, not the answer."
        yield Finding("missing-shift", "warn" if large else "info", text)

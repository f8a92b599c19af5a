"""Texts that say their own class: its name stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from pipeline.audit.columns import Column
from pipeline.audit.finding import Finding
from pipeline.tasks.base import Task

OFTEN = 0.2  # share of the training texts that name one class
RIGHT = 0.95  # share of those that name their own
RARER = 0.5  # of the share in training, below which the test's texts name classes too seldom
LETTER = re.compile(r"[^\W\d_]")
SHORTEST = 3  # letters of a name: shorter ones are words by chance


def named_answers(columns: Sequence[Column], task: Task, target: np.ndarray) -> list[Finding]:
    """Finds columns of text that name the class of their row, and whether the test's do so too.

    Args:
        columns: of both tables.
        task: what is asked for; only of one class of several a text can say the name.
        target: of the training rows.
    """
    names = [name.lower() for name in task.outputs]
    if not task.exclusive or not all(len(name) >= SHORTEST and LETTER.search(name) for name in names):
        return []
    found = (_judged(column, names, target) for column in columns if column.is_text)
    return [finding for finding in found if finding]


def _judged(column: Column, names: list[str], target: np.ndarray) -> Finding | None:
    train, test = (_named(side, names) for side in (column.train, column.test))
    said = train >= 0
    if said.mean() < OFTEN or (right := (train == target)[said].mean()) < RIGHT:
        return None
    also = float((test >= 0).mean()) if len(test) else 0.0
    text = (
        f"{column.name}: {said.mean():.1%} of the training texts name one class, {right:.1%} of them their "
        f"own; of the test's {also:.1%} name one"
    )
    if also < RARER * said.mean():
        return Finding(
            "leaking-text", "warn", f"{text}: the score is too good. Take the names out of the texts."
        )
    return Finding("leaking-text", "info", f"{text}: a model will read it there, and may be right.")


def _named(texts: Iterable[str], names: list[str]) -> np.ndarray:
    """Returns int64 (texts,): the class whose name stands in each, -1 for none or several."""
    longest_first = sorted(names, key=len, reverse=True)
    known = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
    found = [{*known.findall(text.lower())} for text in texts]
    return np.array([names.index(one.pop()) if len(one) == 1 else -1 for one in found], np.int64)

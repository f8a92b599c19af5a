"""Answers that should be parts of texts: those that their text lacks, and those that no model reaches."""

from __future__ import annotations

import numpy as np

from pipeline.audit.finding import Finding
from pipeline.errors import listing
from pipeline.tasks.base import Task
from pipeline.tasks.span import Span

MANY_WHOLE = 0.2  # of the answers, from which on a line is worth it


def odd_spans(task: Task, target: np.ndarray, ids: np.ndarray) -> list[Finding]:
    """Returns what is odd about spans; nothing where the answers are none.

    Args:
        task: kind of the target.
        target: of the training rows.
        ids: of the same rows.
    """
    if not isinstance(task, Span):
        return []
    truth = task.known
    rows = np.asarray(target)[:, 0].astype(np.int64)
    spans, words, found = truth.spans[rows], truth.words[rows], []
    absent, beyond = np.flatnonzero(spans[:, 0] < 0), np.flatnonzero(spans[:, 1] >= task.width)
    if len(absent):
        text = (
            f"{len(absent):,} answers are empty or no part of their {task.column!r}: "
            f"{listing(ids[row] for row in absent)}. No model learns from them; they are "
            "scored all the same."
        )
        found.append(Finding("answers-not-in-text", "warn", text))
    if len(beyond):
        text = (
            f"{len(beyond):,} answers lie behind the first {task.width:,} words of their {task.column!r}: "
            f"{listing(ids[row] for row in beyond)}. None is looked for there."
        )
        found.append(Finding("answers-too-far", "warn", text))
    whole = (spans[:, 0] == 0) & (spans[:, 1] == words - 1)
    if whole.mean() >= MANY_WHOLE:
        text = (
            f"{whole.sum():,} of {len(whole):,} answers ({whole.mean():.0%}) are the whole {task.column!r}: "
            "`kind: baseline` answers so everywhere, and is what models must beat."
        )
        found.append(Finding("whole-texts", "info", text))
    return found

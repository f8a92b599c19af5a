"""Masks that may be mistakes: those without a pixel, and those that cover their whole picture."""

from __future__ import annotations

import numpy as np

from pipeline.audit.finding import Finding
from pipeline.errors import listing
from pipeline.tasks.base import Task

FULL = 0.999  # share of a picture
MANY_EMPTY = 0.1  # of the pictures, from which on a line is worth it


def odd_masks(task: Task, target: np.ndarray, ids: np.ndarray) -> list[Finding]:
    """Returns what is odd about masks; nothing where the answers are none.

    Args:
        task: kind of the target.
        target: of the training rows.
        ids: of the same rows.
    """
    if not (task.of_pictures and task.probabilities):
        return []
    share = task.compared(target)[:, 0]
    empty, full = np.flatnonzero(share == 0), np.flatnonzero(share >= FULL)
    found = []
    if len(empty) >= MANY_EMPTY * len(share):
        text = (
            f"{len(empty):,} of {len(share):,} masks ({len(empty) / len(share):.0%}) have no pixel: what an "
            "empty answer is worth decides much of the score. Does the metric count it as the contest does?"
        )
        found.append(Finding("empty-masks", "info", text))
    if len(full):
        named = listing(ids[row] for row in full)
        text = f"{len(full):,} masks cover their whole picture: {named}. Look at them."
        found.append(Finding("full-masks", "warn", text))
    return found

"""Pixels of pictures as level-2 rows: enough of them to weigh members by."""

from __future__ import annotations

import numpy as np

from pipeline.ensemble.stack import Stack
from pipeline.tasks.base import Task

PICTURES = 400  # looked at
PIXELS = 400  # of each: 160,000 rows weigh a handful of members to the third digit


def pixel_sample(stack: Stack, target: np.ndarray, task: Task, seed: int) -> tuple[Stack, np.ndarray]:
    """Returns what members said of some pixels, and what is true of them.

    Args:
        stack: predictions (rows, outputs), each row a picture.
        target: of the same rows.
        task: draws pixels of a row, and knows what is true of them.
        seed: of the draw.

    Returns:
        A stack of (pixels, 1), and float64 (pixels, 1): 0 and 1, or greys.
    """
    random = np.random.default_rng(seed)
    rows = np.sort(random.permutation(len(stack))[:PICTURES])
    said: list[list[np.ndarray]] = [[] for _ in range(stack.n_members)]
    true = []
    for row in rows:
        pixels, truth = task.drawn(int(target[row, 0]), random, PIXELS)
        at = int(row if stack.rows is None else stack.rows[row])
        for member, values in zip(stack.members, said, strict=True):
            values.append(member[at][pixels].astype(np.float64))
        true.append(truth)
    members = [np.concatenate(values)[:, None] for values in said]
    return Stack.of(members), np.concatenate(true)[:, None]

"""Pixels of pictures as level-2 rows: enough of them to weigh members by; of boxes the pictures' losses."""

from __future__ import annotations

import numpy as np

from pipeline.ensemble.stack import Stack
from pipeline.metrics import Metric
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


def losses_by_picture(stack: Stack, target: np.ndarray, metric: Metric) -> tuple[Stack, np.ndarray]:
    """Returns each member's loss of some pictures as a stack of (pictures, 1), and what it should be: 0.

    Args:
        stack: boxes (rows, most).
        target: of the same rows.
        metric: of boxes, bound to the task.
    """
    rows = np.arange(min(len(stack), PICTURES))
    members = [
        np.array(
            [[metric.task.loss(target[[row]], boxes[None])] for row, boxes in zip(rows, said, strict=False)]
        )
        for said in (stack.take(rows).member(number) for number in range(stack.n_members))
    ]
    return Stack.of(members), np.zeros((len(rows), 1))

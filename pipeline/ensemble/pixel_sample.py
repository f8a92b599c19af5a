"""Pixels of pictures as level-2 rows: enough of them to weigh members by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.ensemble.stack import Stack

PICTURES = 400  # looked at
PIXELS = 400  # of each: 160,000 rows weigh a handful of members to the third digit


def pixel_sample(
    stack: Stack, target: np.ndarray, truth: Callable[[np.ndarray], np.ndarray], seed: int
) -> tuple[Stack, np.ndarray]:
    """Returns what members said of some pixels, and what is true of them.

    Args:
        stack: predictions (rows, outputs), each row a picture.
        target: of the same rows.
        truth: returns the target as predictions should be, (rows, outputs).
        seed: of the draw.

    Returns:
        A stack of (pixels, 1), and float64 (pixels, 1) of 0 and 1.
    """
    random = np.random.default_rng(seed)
    rows = np.sort(random.permutation(len(stack))[:PICTURES])
    said: list[list[np.ndarray]] = [[] for _ in range(stack.n_members)]
    true = []
    for row in rows:
        pixels = random.integers(stack.n_outputs, size=PIXELS)
        at = int(row if stack.rows is None else stack.rows[row])
        for member, values in zip(stack.members, said, strict=True):
            values.append(member[at][pixels].astype(np.float64))
        true.append(truth(target[row : row + 1])[0][pixels] > 0.5)
    members = [np.concatenate(values)[:, None] for values in said]
    return Stack.of(members), np.concatenate(true).astype(np.float64)[:, None]

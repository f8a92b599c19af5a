"""Matches of found boxes with true ones: each of these is found once, by the most confident."""

from __future__ import annotations

import numpy as np

from pipeline.tasks.box_array import centres_of, corners_of, ious, there


def matches(truth: np.ndarray, found: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Returns bool (thresholds, found): whether each found box is right.

    One after the other, the most confident first, takes the true box of its class that it overlaps most
    among those that are left, where their IoU is at least the threshold (as Pascal VOC and COCO do).

    Args:
        truth: boxes (n,) of a picture.
        found: boxes (m,), the most confident first.
        thresholds: float64 (thresholds,).
    """
    overlap = ious(found, truth)
    overlap[found["label"][:, None] != truth["label"][None, :]] = -1.0
    return _taken(overlap, thresholds)


def points_inside(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Returns bool (1, found): whether the middle of each found box lies in a true box of its class.

    Args: as `matches`. Of several true boxes it takes the one whose middle is nearest.
    """
    points, corners = centres_of(found), corners_of(truth)
    inside = (points[:, None] >= corners[None, :, :2]) & (points[:, None] <= corners[None, :, 2:])
    away = np.square(points[:, None] - centres_of(truth)[None]).sum(axis=2)
    same = found["label"][:, None] == truth["label"][None, :]
    near = np.where(inside.all(axis=2) & same, 1.0 / (1.0 + away), -1.0)
    return _taken(near, np.zeros(1))


def rights(truth: np.ndarray, row: np.ndarray, threshold: float) -> tuple[int, int, int]:
    """Returns how many boxes of a row (most,) are right, how many there are, and how many are true."""
    found = there(row)
    return int(matches(truth, found, np.array([threshold])).sum()), len(found), len(truth)


def _taken(likeness: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Returns bool (thresholds, found) for likeness (found, truth): who takes a partner, in this order."""
    right = np.zeros((len(thresholds), len(likeness)), bool)
    if not likeness.size:
        return right
    free = np.ones((len(thresholds), likeness.shape[1]), bool)
    rows = np.arange(len(thresholds))
    for place in np.flatnonzero(likeness.max(axis=1) >= thresholds.min()):
        open_to = np.where(free, likeness[place][None], -1.0)
        best = open_to.argmax(axis=1)
        hit = open_to[rows, best] >= thresholds
        right[hit, place] = True
        free[rows[hit], best[hit]] = False
    return right

"""Boxes and points as fractions of a network's picture, and back.

A fraction counts from the picture's border to its border: the first pixel of a width w covers 0 to
1 / w, so that its centre, pixel coordinate 0, is the fraction 0.5 / w.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.transforms.views import box_corners, corners_box


def to_points(fractions: np.ndarray, size: tuple[int, int], box: bool) -> np.ndarray:
    """Returns float64 (rows, n, 2), x and y in pixels of a picture of (height, width).

    Args:
        fractions: (rows, 2n), or (rows, 4) boxes x1, y1, x2, y2, which become four corners.
        size: (height, width).
        box: whether they are boxes.
    """
    scale = np.array([size[1], size[0]], np.float64)
    points = np.asarray(fractions, np.float64).reshape(len(fractions), -1, 2) * scale - 0.5
    return box_corners(points.reshape(-1, 4)) if box else points


def to_fractions(points: np.ndarray, size: tuple[int, int], box: bool) -> np.ndarray:
    """Returns float64 (rows, 2n) fractions of points (rows, n, 2); the inverse of `to_points`."""
    if box:
        points = corners_box(points).reshape(-1, 2, 2)
    scale = np.array([size[1], size[0]], np.float64)
    return ((points + 0.5) / scale).reshape(len(points), -1)


def swap(points: np.ndarray, pairs: Sequence[Sequence[int]]) -> np.ndarray:
    """Returns points (rows, n, 2) with the points of each pair in each other's place."""
    order = np.arange(points.shape[1])
    for left, right in pairs:
        order[[left, right]] = order[[right, left]]
    return points[:, order]

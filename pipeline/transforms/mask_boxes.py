"""Place of a mask in its picture: the smallest upright box around it, and the long axis of a turned one."""

from __future__ import annotations

import numpy as np

from pipeline.transforms.views import invert_affines, transform_points, whole

NAMES = ("x1", "y1", "x2", "y2", "start_x", "start_y", "end_x", "end_y")
SURE = 0.5  # probability above which a pixel belongs to a mask
SPECK = 0.1  # of the largest part, below which a part of a mask is none


def places_of(chance: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Returns float64 (8,): where the mask of a picture lies, in pixels of the source.

    The upright box x1, y1, x2, y2, its corners the centres of the outermost pixels; then the two ends of the
    long axis of the smallest turned rectangle (Toussaint, 1983), the left one first. NaN for an empty mask.

    Args:
        chance: float (h, w), probabilities on a grid that covers the picture.
        size: height and width of the source.
    """
    import cv2

    ground = (np.asarray(chance, np.float32) > SURE).astype(np.uint8)
    count, labels, facts, _ = cv2.connectedComponentsWithStats(ground, connectivity=8)
    areas = facts[:, cv2.CC_STAT_AREA]
    if count < 2:
        return np.full(len(NAMES), np.nan)
    kept = areas >= SPECK * areas[1:].max()
    kept[0] = False
    down, across = np.nonzero(kept[labels])
    points = np.stack([across, down], axis=1).astype(np.float64)
    corners = np.stack([points.min(axis=0), points.max(axis=0)])
    turned = cv2.boxPoints(cv2.minAreaRect(points.astype(np.float32))).astype(np.float64)
    sides = np.roll(turned, -1, axis=0) - turned
    first = int(np.hypot(*sides[0]) > np.hypot(*sides[1]))  # of the two short sides
    ends = np.stack([turned[first] + sides[first] / 2, turned[first + 2] + sides[first + 2] / 2])
    if ends[0, 0] > ends[1, 0]:
        ends = ends[::-1]
    on_grid = whole(np.array([size]), (chance.shape[0], chance.shape[1])).affines
    return transform_points(invert_affines(on_grid), np.concatenate([corners, ends])[None]).ravel()

"""Evidence of a classifier by occlusion: what it loses when a part of the picture is hidden.

Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 4.2.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

CELLS = 8  # along the longer side of the picture
AT_ONCE = 2048  # pictures in memory
SMALLEST = 1e-7  # probability whose logarithm is still looked at

Predict = Callable[[np.ndarray], np.ndarray]


def occlusion_maps(predict: Predict, pictures: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Hides each cell of a grid behind the picture's mean colour and measures the loss.

    Args:
        predict: uint8 (n, height, width, channels) -> probabilities (n, classes).
        pictures: uint8 (rows, height, width, channels).
        labels: int (rows,), the true classes.

    Returns:
        float32 (rows, cells down, cells across): by how much the log-probability of the true class
        falls; 0 where it rises, for that is no evidence.
    """
    down, across = grid(pictures.shape[1:3])
    variants = len(down) * len(across) - len(down) - len(across) + 2  # all cells, and the picture as it is
    maps = np.empty((len(pictures), len(down) - 1, len(across) - 1), np.float32)
    step = max(1, AT_ONCE // variants)
    for start in range(0, len(pictures), step):
        part = slice(start, start + step)
        shown = np.concatenate([_occluded(picture, down, across) for picture in pictures[part]])
        probability = predict(shown).reshape(-1, variants, predict(shown[:1]).shape[1])
        for row, (table, label) in enumerate(zip(probability, labels[part], strict=True), start=start):
            logs = np.log(np.maximum(table[:, label], SMALLEST))
            maps[row] = np.maximum(logs[0] - logs[1:], 0.0).reshape(maps.shape[1:])
    return maps


def shares_inside(maps: np.ndarray, regions: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Returns float64 (rows,): the share of each map's evidence that lies inside a region.

    NaN where hiding nothing made a difference, and where there is no region. A cell that the
    region covers in part counts in part.

    Args:
        maps: of `occlusion_maps`.
        regions: (rows, corners, 2), polygons as x and y in pixels of the pictures.
        size: (height, width) of the pictures.
    """
    shares = np.full(len(maps), np.nan)
    for row, (evidence, region) in enumerate(zip(maps, regions, strict=True)):
        if (total := evidence.sum()) > 0 and np.isfinite(region).all():
            shares[row] = (evidence * _covered(region, size)).sum() / total
    return shares


def grid(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the edges of the cells down and across, about square, CELLS along the longer side."""
    side = max(size) / CELLS
    down, across = (np.linspace(0, length, max(1, round(length / side)) + 1) for length in size)
    return down.round().astype(int), across.round().astype(int)


def _occluded(picture: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Returns the picture as it is, and with each cell hidden, row by row."""
    mean = picture.mean(axis=(0, 1)).round().astype(np.uint8)
    shown = [picture]
    for (top, bottom), (left, right) in itertools.product(
        itertools.pairwise(down), itertools.pairwise(across)
    ):
        hidden = picture.copy()
        hidden[top:bottom, left:right] = mean
        shown.append(hidden)
    return np.stack(shown)


def _covered(region: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Returns the share of each cell that a polygon covers."""
    import cv2

    mask = np.zeros(size, np.uint8)
    reach = 16.0 * max(size)  # OpenCV's integers must hold it
    corners = np.clip(region, -reach, reach).round().astype(np.int32)
    cv2.fillPoly(mask, [corners], 1)
    down, across = grid(size)
    sums = np.add.reduceat(np.add.reduceat(mask.astype(np.float64), down[:-1], axis=0), across[:-1], axis=1)
    return sums / np.outer(np.diff(down), np.diff(across))

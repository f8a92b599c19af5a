"""Smooth random fields, from which foam, rough skin and broken edges are made."""

from __future__ import annotations

import numpy as np


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], cell: float) -> np.ndarray:
    """Returns random hills about `cell` pixels wide: float32 `shape`, mean 0, deviation about 1."""
    import cv2

    height, width = shape
    coarse = rng.standard_normal((int(height / cell) + 4, int(width / cell) + 4), dtype=np.float32)
    scaled = cv2.resize(coarse, None, fx=cell, fy=cell, interpolation=cv2.INTER_CUBIC)
    top, left = (int(start) for start in rng.integers(0, int(cell) + 1, 2))
    return scaled[top : top + height, left : left + width] * np.float32(1.4)


def fractal_noise(
    rng: np.random.Generator, shape: tuple[int, int], cell: float, octaves: int = 3
) -> np.ndarray:
    """Returns hills upon hills, each octave half as wide and half as high: float32 `shape`."""
    field = smooth_noise(rng, shape, cell)
    for octave in range(1, octaves):
        field += smooth_noise(rng, shape, max(cell / 2**octave, 1.0)) * np.float32(0.5**octave)
    return field


def ramp(values: np.ndarray, start: float, stop: float) -> np.ndarray:
    """Returns 0 below `start`, 1 above `stop`, and a straight line between."""
    return np.clip((values - np.float32(start)) * np.float32(1 / (stop - start)), 0.0, 1.0)

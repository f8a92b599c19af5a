"""Scores of pictures of greys: over all pixels of all pictures, of which a large one has more."""

from __future__ import annotations

import numpy as np

from pipeline.metrics.register import metric_of_rows


def root_of_ratio(means: np.ndarray) -> np.ndarray:
    """Returns the root of the first number over the second, (..., 2) -> (...)."""
    return np.asarray(np.sqrt(means[..., 0] / means[..., 1]))


def ratio(means: np.ndarray) -> np.ndarray:
    """Returns the first number over the second, (..., 2) -> (...)."""
    return np.asarray(means[..., 0] / means[..., 1])


@metric_of_rows("pixel_rmse", False, "picture", "i", of_means=root_of_ratio)
def pixel_rmse(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Root of the mean squared error over the pixels of all pictures."""
    return np.array([np.square(truth - found, dtype=np.float64).sum(), truth.size], np.float64)


@metric_of_rows("pixel_mae", False, "picture", "i", of_means=ratio)
def pixel_mae(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Mean absolute error over the pixels of all pictures."""
    return np.array([np.abs(truth - found).sum(dtype=np.float64), truth.size], np.float64)

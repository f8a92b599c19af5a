"""Metrics of two target columns that are one place on a sphere."""

from __future__ import annotations

import numpy as np

from pipeline.metrics.register import metric, metric_of_rows

EARTH = 6_367_000.0  # metres, the radius that Kaggle's decimeter contests count with


@metric_of_rows("angular_error", False, "value", "r", targets=2)
def angular_error(target: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Mean angle in radians between directions: columns azimuth, then zenith, both in radians."""
    azimuth, zenith = (np.asarray(target - value, np.float64)[:, k] for k in range(2))
    sines = np.sin(target[:, 1]) * np.sin(value[:, 1])
    return _angle(zenith, azimuth, sines)[:, None]


@metric_of_rows("haversine", False, "value", "r", targets=2)
def haversine(target: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Mean distance in metres on the Earth: columns latitude, then longitude, both in degrees."""
    return metres(target, value)[:, None]


@metric("haversine_50_95", False, "value", "r", targets=2)
def haversine_50_95(target: np.ndarray, value: np.ndarray) -> float:
    """Mean of the 50th and the 95th percentile of the distances that `haversine` averages."""
    return float(np.percentile(metres(target, value), [50, 95]).mean())


def metres(target: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Returns great-circle distances, float64 (rows,), of latitudes and longitudes in degrees."""
    truth, guess = np.radians(target, dtype=np.float64), np.radians(value, dtype=np.float64)
    latitude, longitude = (truth - guess).T
    return EARTH * _angle(latitude, longitude, np.cos(truth[:, 0]) * np.cos(guess[:, 0]))


def _angle(along: np.ndarray, around: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Returns the angle of two places by half-angles, which stay exact where they are near each other."""
    half = np.sin(along / 2.0) ** 2 + factor * np.sin(around / 2.0) ** 2
    return np.asarray(2.0 * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))

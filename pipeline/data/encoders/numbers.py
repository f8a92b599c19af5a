"""Brings numbers to a common scale for models that multiply them."""

from __future__ import annotations

import numpy as np

SKEWED = 1.0  # the size of the skewness from which a signed logarithm is tried
LARGEST = 6.0  # standard deviations at which a value is cut off


class NumberScaler:
    """Fills, bends and standardises the columns of a matrix, each by its training rows.

    Missing values become the median, with an indicator column for each column that had any. A
    skewed column goes through sign(x) log(1 + |x| / s), s the median size of its values that are
    not zero, if that makes it less skewed. Then mean 0 and standard deviation 1, and values beyond
    6 deviations are cut off there, so that one outlier cannot throw a linear prediction away.
    """

    def fit(self, values: np.ndarray) -> NumberScaler:
        """Learns from float (rows, columns), NaN where missing."""
        values = np.asarray(values, np.float64)
        missing = np.isnan(values)
        self.gaps_ = np.flatnonzero(missing.any(axis=0))
        self.median_ = np.array([_median(column) for column in values.T])
        filled = np.where(missing, self.median_, values)
        self.unit_ = np.array([_unit(column) for column in filled.T])
        bent = _signed_log(filled, np.where(self.unit_ > 0, self.unit_, 1.0))
        skewed = np.abs(skewness(filled))
        less = np.abs(skewness(bent)) < skewed
        self.bent_ = (skewed > SKEWED) & less & (self.unit_ > 0)
        shaped = np.where(self.bent_, bent, filled)
        self.mean_ = shaped.mean(axis=0)
        deviation = shaped.std(axis=0)
        self.deviation_ = np.where(deviation > 1e-12 * np.maximum(np.abs(self.mean_), 1.0), deviation, np.inf)
        return self

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Returns float32 (rows, columns + indicators)."""
        values = np.asarray(values, np.float64)
        missing = np.isnan(values)
        filled = np.where(missing, self.median_, values)
        bent = _signed_log(filled, np.where(self.bent_, self.unit_, 1.0))
        scaled = (np.where(self.bent_, bent, filled) - self.mean_) / self.deviation_
        scaled = np.clip(scaled, -LARGEST, LARGEST)
        return np.hstack([scaled, missing[:, self.gaps_]]).astype(np.float32)

    def names(self, columns: list[str]) -> list[str]:
        """Returns the features' names for the columns' names."""
        return [*columns, *(f"{columns[index]}.missing" for index in self.gaps_)]


def skewness(values: np.ndarray) -> np.ndarray:
    """Returns the third standardised moment of each column of (rows, columns), 0 for a constant."""
    centred = values - values.mean(axis=0)
    square = centred * centred  # `**3` takes ten times as long as two products
    variance = square.mean(axis=0)
    return np.mean(square * centred, axis=0) / np.where(variance > 0, variance, np.inf) ** 1.5


def _signed_log(values: np.ndarray, unit: np.ndarray) -> np.ndarray:
    return np.sign(values) * np.log1p(np.abs(values) / unit)


def _median(column: np.ndarray) -> float:
    present = column[~np.isnan(column)]
    return float(np.median(present)) if len(present) else 0.0


def _unit(column: np.ndarray) -> float:
    sizes = np.abs(column[column != 0])
    return float(np.median(sizes)) if len(sizes) else 0.0

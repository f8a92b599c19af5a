"""Brings numbers to a common scale for models that multiply them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

SKEWED = 1.0  # the size of the skewness from which a signed logarithm is tried
LARGEST = 6.0  # standard deviations at which a value is cut off
CELLS = 5_000_000  # of a matrix that are worked on at a time: some copies of them are held


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
        learned = [self._learned(values[:, some]) for some in _some_columns(values)]
        self.gaps_ = np.flatnonzero(np.concatenate([one[0] for one in learned]))
        self.median_, self.unit_, self.bent_, self.mean_, self.deviation_ = (
            np.concatenate([one[place] for one in learned]) for place in range(1, 6)
        )
        return self

    def _learned(self, values: np.ndarray) -> tuple[np.ndarray, ...]:
        """Returns of some columns (columns,) each: has gaps, median, unit, is bent, mean, deviation."""
        missing = np.isnan(values)
        median = np.array([_median(column) for column in values.T])
        filled = np.where(missing, median, values)
        unit = np.array([_unit(column) for column in filled.T])
        bent = _signed_log(filled, np.where(unit > 0, unit, 1.0))
        skewed = np.abs(skewness(filled))
        less = np.abs(skewness(bent)) < skewed
        is_bent = (skewed > SKEWED) & less & (unit > 0)
        shaped = np.where(is_bent, bent, filled)
        mean, deviation = shaped.mean(axis=0), shaped.std(axis=0)
        varies = deviation > 1e-12 * np.maximum(np.abs(mean), 1.0)
        return missing.any(axis=0), median, unit, is_bent, mean, np.where(varies, deviation, np.inf)

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Returns float32 (rows, columns + indicators)."""
        values = np.asarray(values, np.float64)
        columns = values.shape[1]
        scaled = np.empty((len(values), columns + len(self.gaps_)), np.float32)
        for some in _some_columns(values):
            scaled[:, some] = self._scaled(values[:, some], some)
        scaled[:, columns:] = np.isnan(values[:, self.gaps_])
        return scaled

    def _scaled(self, values: np.ndarray, some: slice) -> np.ndarray:
        filled = np.where(np.isnan(values), self.median_[some], values)
        bent = _signed_log(filled, np.where(self.bent_[some], self.unit_[some], 1.0))
        shaped = np.where(self.bent_[some], bent, filled)
        return np.clip((shaped - self.mean_[some]) / self.deviation_[some], -LARGEST, LARGEST)

    def names(self, columns: list[str]) -> list[str]:
        """Returns the features' names for the columns' names."""
        return [*columns, *(f"{columns[index]}.missing" for index in self.gaps_)]


def _some_columns(values: np.ndarray) -> Iterator[slice]:
    """Yields columns of which at most `CELLS` are worked on at a time; a small matrix in one go."""
    step = max(2, CELLS // max(1, len(values)))
    for start in range(0, max(1, values.shape[1]), step):
        yield slice(start, min(start + step, values.shape[1]))


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

"""Statistics of an array: of each channel its location, spread, shape, changes and frequencies.

Names are those of tsfresh (Christ et al., "Time Series FeatuRe Extraction on basis of Scalable Hypothesis
tests", 2018, doi:10.1016/j.neucom.2018.03.067) where it computes the same.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from pipeline.inputs.arrays.shape import SERIES, Standing

QUANTILES = (0.05, 0.25, 0.75, 0.95)
LAGS = (1, 2, 5, 10)  # steps
PEAKS = 5  # a peak is larger than so many steps on either side
BEYOND = 2.0  # standard deviations
BANDS = 8  # of frequencies, each twice as wide as the one below it
PARTS = 4  # of a series' steps
MOST_PAIRS = 8  # channels, of more of which nothing is said of each pair
MOST_PLANES = 16  # channels, of more of which (slices, usually) all are looked at as one
LOCATION = [
    "mean",
    "standard_deviation",
    "minimum",
    "maximum",
    "median",
    *(f"quantile__q_{share}" for share in QUANTILES),
    "skewness",
    "kurtosis",
    "root_mean_square",
]
OF_STEPS = [
    "mean_change",
    "mean_abs_change",
    "cid_ce__normalize_True",
    *(f"autocorrelation__lag_{lag}" for lag in LAGS),
    "number_crossing_m__m_0",
    "number_crossing_mean",
    f"number_peaks__n_{PEAKS}",
    "longest_strike_above_mean",
    'linear_trend__attr_"slope"',
    'linear_trend__attr_"rvalue"',
    "first_location_of_maximum",
    "first_location_of_minimum",
    f"ratio_beyond_r_sigma__r_{BEYOND:g}",
    "spectral_centroid",
    *(f"energy_of_band{band}" for band in range(BANDS)),
    *(f"mean_of_part{part}" for part in range(PARTS)),
    *(f"standard_deviation_of_part{part}" for part in range(PARTS)),
]
OF_PLANES = ["mean_abs_change_down", "mean_abs_change_across"]


def statistic_names(axes: str, channels: int) -> list[str]:
    """Returns the names of the columns of `statistics`.

    Args:
        axes: of the arrays (see `data.arrays.axes`).
        channels: of each.
    """
    series = axes in SERIES
    names = [*LOCATION, *(OF_STEPS if series else OF_PLANES)]
    if not series and channels > MOST_PLANES:
        return [f"all_{name}" for name in names]
    found = [f"{channel}_{name}" for name in names for channel in range(channels)]
    if series:
        found += [f"correlation__{one}_{other}" for one, other in _pairs(channels)] + ["length"]
    return found


def statistics(array: Standing) -> np.ndarray:
    """Returns float32 (columns,), all finite, in the order of `statistic_names`.

    Changes, lags and locations count steps; locations and the centroid are shares of the length and of the
    highest frequency; bands are shares of the energy about the mean, the lowest first. What a constant
    channel has not (a correlation, skewness) is 0.

    Args:
        array: with its axes in place.
    """
    values = array.values.astype(np.float64)
    if array.is_series:
        steps = values[0]
        found = [*_location(steps), *_of_steps(steps), _correlations(steps), np.array([float(len(steps))])]
    else:
        channels = values.shape[2]
        flat = values.reshape(-1, channels if channels <= MOST_PLANES else 1)
        count = flat.shape[1]
        changes = [np.abs(np.diff(values, axis=axis)).reshape(-1, count) for axis in (0, 1)]
        found = [*_location(flat), *(one.mean(axis=0) if len(one) else np.zeros(count) for one in changes)]
    limit = np.finfo(np.float32).max
    return np.clip(np.nan_to_num(np.concatenate(found)), -limit, limit).astype(np.float32)


def _location(values: np.ndarray) -> list[np.ndarray]:
    """Returns the columns `LOCATION` of values (n, channels), each (channels,)."""
    mean, centred, spread = _moments(values)
    scaled = centred / _or_one(spread)
    third, fourth = (scaled**3).mean(axis=0), (scaled**4).mean(axis=0)
    low, quarter, median, upper, high = np.quantile(values, (0.05, 0.25, 0.5, 0.75, 0.95), axis=0)
    varies = spread > 0
    return [
        mean,
        spread,
        values.min(axis=0),
        values.max(axis=0),
        median,
        low,
        quarter,
        upper,
        high,
        third,
        np.where(varies, fourth - 3.0, 0.0),
        np.sqrt((values**2).mean(axis=0)),
    ]


def _of_steps(values: np.ndarray) -> list[np.ndarray]:
    """Returns the columns `OF_STEPS` of a series (steps, channels), each (channels,)."""
    length, channels = values.shape
    mean, centred, spread = _moments(values)
    scaled = centred / _or_one(spread)
    changes = np.diff(values, axis=0) if length > 1 else np.zeros((1, channels))
    time = np.arange(length) - (length - 1) / 2.0
    slope = (time @ values) / max(float(time @ time), 1.0)
    parts = np.array_split(values, PARTS) if length >= PARTS else [values] * PARTS
    return [
        changes.mean(axis=0),
        np.abs(changes).mean(axis=0),
        np.sqrt((np.diff(scaled, axis=0) ** 2).sum(axis=0)),
        *(_autocorrelation(scaled, lag) for lag in LAGS),
        _crossings(values),
        _crossings(centred),
        _peaks(values),
        _longest(values > mean),
        slope,
        slope * time.std() / _or_one(spread),
        values.argmax(axis=0) / length,
        values.argmin(axis=0) / length,
        (np.abs(scaled) > BEYOND).mean(axis=0),
        *_frequencies(centred),
        *(part.mean(axis=0) for part in parts),
        *(part.std(axis=0) for part in parts),
    ]


def _autocorrelation(scaled: np.ndarray, lag: int) -> np.ndarray:
    """Returns (channels,): the mean product of what lies a lag apart; 0 where the series is too short."""
    if len(scaled) <= lag:
        return np.zeros(scaled.shape[1])
    found: np.ndarray = (scaled[lag:] * scaled[:-lag]).mean(axis=0)
    return found


def _crossings(values: np.ndarray) -> np.ndarray:
    above = values > 0
    return np.count_nonzero(above[1:] != above[:-1], axis=0).astype(np.float64)


def _peaks(values: np.ndarray) -> np.ndarray:
    """Returns (channels,): the values that are larger than `PEAKS` on either side."""
    if len(values) <= 2 * PEAKS:
        return np.zeros(values.shape[1])
    middle = values[PEAKS:-PEAKS]
    peak = np.ones(middle.shape, bool)
    for away in range(1, PEAKS + 1):
        peak &= middle > values[PEAKS - away : len(values) - PEAKS - away]
        peak &= middle > values[PEAKS + away : len(values) - PEAKS + away]
    return peak.sum(axis=0).astype(np.float64)


def _longest(above: np.ndarray) -> np.ndarray:
    """Returns (channels,): the longest run of steps that are true."""
    steps = np.arange(1, len(above) + 1)[:, None]
    last = np.maximum.accumulate(np.where(above, 0, steps), axis=0)
    found: np.ndarray = (steps - last).max(axis=0).astype(np.float64)
    return found


def _frequencies(centred: np.ndarray) -> list[np.ndarray]:
    """Returns the centroid of the spectrum, then the share of the energy in each band, each (channels,)."""
    power = np.abs(np.fft.rfft(centred, axis=0)[1:]) ** 2
    count = len(power)
    share = power / _or_one(power.sum(axis=0))
    place = (np.arange(1, count + 1) / max(count, 1))[:, None]
    edges = np.concatenate([[0.0], 2.0 ** np.arange(1 - BANDS, 1)])
    bands = [(share * ((place > low) & (place <= high))).sum(axis=0) for low, high in pairwise(edges)]
    return [(share * place).sum(axis=0), *bands]


def _correlations(values: np.ndarray) -> np.ndarray:
    """Returns (pairs,): the correlation of each pair of channels."""
    pairs = _pairs(values.shape[1])
    if not pairs:
        return np.zeros(0)
    _, centred, spread = _moments(values)
    scaled = centred / _or_one(spread)
    matrix = scaled.T @ scaled / len(values)
    return np.array([matrix[pair] for pair in pairs])


def _pairs(channels: int) -> list[tuple[int, int]]:
    if channels > MOST_PAIRS:
        return []
    return [(one, other) for one in range(channels) for other in range(one + 1, channels)]


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns means, values less these, and deviations, which are exactly 0 where a channel is constant."""
    mean = np.where(np.ptp(values, axis=0) > 0, values.mean(axis=0), values[0])
    centred = values - mean
    return mean, centred, np.sqrt((centred**2).mean(axis=0))


def _or_one(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, 1.0)

"""Statistics of arrays are those that NumPy and SciPy give, written out here a step at a time."""

import numpy as np
import pytest
from scipy import stats

from pipeline.inputs.arrays.shape import Standing
from pipeline.inputs.arrays.statistics import MOST_PAIRS, MOST_PLANES, statistic_names, statistics

STEPS = 64


def series_of(values, axes="TC"):
    values = np.asarray(values, np.float32)
    return Standing(values.reshape(1, len(values), -1), axes)


def named(array):
    names = statistic_names(array.axes, array.values.shape[2])
    found = statistics(array)
    assert found.shape == (len(names),)
    assert len(set(names)) == len(names)
    return dict(zip(names, found.tolist(), strict=True))


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(3).normal(2.0, 3.0, (STEPS, 2)).astype(np.float32)


def test_level_and_spread(noise):
    found, x = named(series_of(noise)), noise[:, 1].astype(float)
    expected = {
        "mean": x.mean(),
        "standard_deviation": x.std(),
        "minimum": x.min(),
        "maximum": x.max(),
        "median": np.median(x),
        "quantile__q_0.05": np.quantile(x, 0.05),
        "quantile__q_0.95": np.quantile(x, 0.95),
        "skewness": stats.skew(x),
        "kurtosis": stats.kurtosis(x),
        "root_mean_square": np.sqrt(np.mean(x * x)),
    }
    for name, value in expected.items():
        assert found[f"1_{name}"] == pytest.approx(value, rel=1e-5), name


def test_changes_and_trend(noise):
    found, x = named(series_of(noise)), noise[:, 0].astype(float)
    fit, scaled = stats.linregress(np.arange(STEPS), x), (x - x.mean()) / x.std()
    longest = best = 0
    for one in x > x.mean():
        longest = longest + 1 if one else 0
        best = max(best, longest)
    expected = {
        "mean_change": (x[-1] - x[0]) / (STEPS - 1),
        "mean_abs_change": np.mean([abs(x[i + 1] - x[i]) for i in range(STEPS - 1)]),
        "cid_ce__normalize_True": np.sqrt(sum((scaled[i + 1] - scaled[i]) ** 2 for i in range(STEPS - 1))),
        "autocorrelation__lag_2": np.mean([scaled[i] * scaled[i + 2] for i in range(STEPS - 2)]),
        "number_crossing_m__m_0": sum((x[i] > 0) != (x[i + 1] > 0) for i in range(STEPS - 1)),
        "number_peaks__n_5": sum(x[i] > max([*x[i - 5 : i], *x[i + 1 : i + 6]]) for i in range(5, STEPS - 5)),
        "longest_strike_above_mean": best,
        'linear_trend__attr_"slope"': fit.slope,
        'linear_trend__attr_"rvalue"': fit.rvalue,
        "first_location_of_maximum": x.argmax() / STEPS,
        "ratio_beyond_r_sigma__r_2": np.mean(np.abs(x - x.mean()) > 2 * x.std()),
        "mean_of_part1": x[16:32].mean(),
        "standard_deviation_of_part3": x[48:].std(),
    }
    for name, value in expected.items():
        assert found[f"0_{name}"] == pytest.approx(value, rel=1e-4, abs=1e-6), name
    pair = np.corrcoef(noise.T.astype(float))[0, 1]
    assert found["correlation__0_1"] == pytest.approx(pair, abs=1e-5)
    assert found["length"] == STEPS


def test_a_pure_tone_lies_in_its_band():
    slow = named(series_of(np.sin(2 * np.pi * 4 * np.arange(STEPS) / STEPS), "T"))
    fast = named(series_of(np.sin(2 * np.pi * 24 * np.arange(STEPS) / STEPS), "T"))
    assert slow["0_spectral_centroid"] == pytest.approx(4 / 32, abs=1e-3)
    assert fast["0_spectral_centroid"] == pytest.approx(24 / 32, abs=1e-3)
    assert slow["0_energy_of_band4"] == pytest.approx(1.0, abs=1e-3)  # above 1/16, up to 1/8
    assert fast["0_energy_of_band7"] == pytest.approx(1.0, abs=1e-3)
    assert sum(fast[f"0_energy_of_band{band}"] for band in range(8)) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("steps", [1, 2, 3, 11])
@pytest.mark.parametrize("value", [0.0, 0.1, 3e38])
def test_constant_and_short_series_have_finite_statistics(steps, value):
    found = named(series_of(np.full((steps, 2), value)))
    assert np.isfinite(list(found.values())).all()
    assert found["0_standard_deviation"] == found["0_skewness"] == found["0_kurtosis"] == 0


def test_no_pair_of_many_channels(noise):
    names = statistic_names("TC", MOST_PAIRS + 1)
    assert not [name for name in names if name.startswith("correlation")]
    many = np.repeat(noise[:, :1], MOST_PAIRS + 1, axis=1)
    assert statistics(series_of(many)).shape == (len(names),)


@pytest.mark.parametrize("planes", [1, MOST_PLANES, MOST_PLANES + 1])
def test_many_slices_are_looked_at_as_one(planes):
    volume = np.random.default_rng(planes).normal(size=(5, 6, planes)).astype(np.float32)
    found = named(Standing(volume, "DHW"))
    which, part = ("all", volume) if planes > MOST_PLANES else ("0", volume[:, :, 0])
    assert found[f"{which}_mean"] == pytest.approx(part.mean(), abs=1e-6)
    assert found[f"{which}_standard_deviation"] == pytest.approx(part.std(), rel=1e-5)
    down = np.abs(np.diff(part, axis=0)).mean()
    assert found[f"{which}_mean_abs_change_down"] == pytest.approx(down, rel=1e-5)
    across = np.abs(np.diff(part, axis=1)).mean()
    assert found[f"{which}_mean_abs_change_across"] == pytest.approx(across, rel=1e-5)

"""Past values of the target: which are known of a row, and that no later one reaches it."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data.encode import TableEncoder
from pipeline.data.features.lags import MOST_CELLS, step_of
from pipeline.errors import DataError
from pipeline.registry import FEATURES
from pipeline.testing import dataset_of

STEPS, HORIZON, SEASON = 30, 9, 7
KEYS = {"time": "day", "series": ["shop"], "horizon": HORIZON, "season": SEASON, "windows": [3]}


def lags(**changed):
    return {"past": FEATURES.get("lags").model_validate({"kind": "lags", **KEYS, **changed})}


def sales(steps=STEPS, start="2024-02-20", freq="D"):
    """Two shops, a row each a step, in no order."""
    days = pd.date_range(start, periods=steps, freq=freq).strftime("%Y-%m-%d")
    frame = pd.DataFrame({"shop": np.repeat(["a", "b"], steps), "day": np.tile(days, 2)})
    return frame.sample(frac=1.0, random_state=0).reset_index(drop=True)


def values_of(frame, seed=0):
    return np.random.default_rng(seed).normal(10.0, 3.0, len(frame))


def rows_of(frame, features):
    return dataset_of(np.arange(len(frame)).astype(str), frame, features=features).rows()


def made(train, target, new=None, **changed):
    """Returns the columns of the past, by name: of the training rows, or of new ones."""
    encoder, features = TableEncoder("native"), lags(**changed)
    matrix = encoder.fit_transform(rows_of(train, features), target[:, None])
    if new is not None:
        matrix = encoder.transform(rows_of(new, features))
    named = dict(zip(encoder.names_, matrix.T, strict=True))
    return {name.partition(".")[2]: column for name, column in named.items() if name.startswith("past.")}


def expected(train, target, row, age):
    """Returns what pandas says of the values of a row's shop that are of some age in days, and older."""
    ages = (pd.Timestamp(row["day"]) - pd.to_datetime(train["day"])).dt.days.to_numpy()
    kept = (train["shop"] == row["shop"]).to_numpy() & (ages >= age)
    known = pd.Series(target[kept], index=ages[kept], dtype=float).sort_index()
    first = next(days for days in (SEASON, 2 * SEASON) if days >= age)
    return {
        "last": known.iloc[0] if len(known) else np.nan,
        "mean": known.mean(),
        "count": len(known),
        "mean3": known[known.index < age + 3].mean(),
        "season1": known.get(first, np.nan),
        "season2": known.get(first + SEASON, np.nan),
        "around": known.reindex([first - 1, first, first + 1]).mean(),
        "seasons": known.reindex(range(first, STEPS + SEASON, SEASON)).mean(),
    }


def assert_known(found, rows, train, target):
    for row in range(len(rows)):
        for name, value in expected(train, target, rows.iloc[row], found["age"][row]).items():
            np.testing.assert_allclose(found[name][row], value, rtol=1e-5, err_msg=f"{row} {name}")


def test_training_rows_and_test_rows_see_what_is_known_of_them():
    train = sales()
    target = values_of(train)
    found = made(train, target)
    assert_known(found, train, train, target)
    assert set(found["age"]) == set(range(1, HORIZON + 1)), "as many as the test has"
    test = sales(HORIZON, start="2024-03-21")  # the days after the training rows
    found = made(train, target, test)
    assert_known(found, test, train, target)
    days_after = (pd.to_datetime(test["day"]) - pd.Timestamp("2024-03-20")).dt.days
    assert found["age"].tolist() == days_after.tolist(), "all that training holds is known"


def test_no_value_reaches_a_row_that_is_not_older_than_its_age():
    """Every value from one day on is changed: rows whose known past ends before it stay as they are."""
    train = sales()
    target, days = values_of(train), pd.to_datetime(train["day"])
    cut = days.min() + pd.Timedelta(days=20)
    future = target.copy()
    future[(days >= cut).to_numpy()] += 1000.0
    before, after = made(train, target), made(train, future)
    unaware = (days - pd.to_timedelta(before["age"], unit="D") < cut).to_numpy()
    assert unaware[(days <= cut).to_numpy()].all(), "its own value and later ones never reach a row"
    for name in before:
        np.testing.assert_array_equal(before[name][unaware], after[name][unaware])
    assert (before["last"][~unaware] != after["last"][~unaware]).all()  # the test would see it


def test_rows_between_the_training_rows_are_shown_as_little_whatever_stands_beside_them():
    train = sales()
    target = values_of(train)
    new = sales(5, start="2024-03-01")
    found = made(train, target, new)
    assert (found["age"] <= HORIZON).all()
    assert_known(found, new, train, target)
    for name, column in made(train, target, new[3:]).items():
        np.testing.assert_array_equal(column, found[name][3:])


def test_unknown_series_gaps_and_moments_have_no_past():
    train = sales()
    target = values_of(train)
    new = pd.DataFrame(
        {"shop": ["c", None, "a", "a"], "day": ["2024-03-21", "2024-03-21", None, "1999-01-01"]}
    )
    found = made(train, target, new)
    assert found["count"].tolist() == [0, 0, 0, 0]
    assert all(np.isnan(column).all() for name, column in found.items() if name not in ("count", "age"))


def test_a_moment_with_several_rows_counts_by_its_mean():
    train = pd.DataFrame({"shop": ["a"] * 4, "day": ["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-03"]})
    found = made(train, np.array([1.0, 3.0, 5.0, 7.0]), horizon=1, season=None)
    np.testing.assert_allclose(found["last"], [np.nan, np.nan, 2.0, 5.0])


@pytest.mark.parametrize(
    "freq, dated, step", [("D", True, 1.0), ("7D", True, 7.0), ("MS", True, 365.25 / 12), ("6h", True, 0.25)]
)
def test_a_step_is_the_most_frequent_distance(freq, dated, step):
    moments = pd.date_range("2023-01-01", periods=24, freq=freq).to_numpy().astype("datetime64[s]")
    days = moments.astype(np.int64) / 86_400
    lacking = np.delete(np.arange(24), [5, 17])
    found, regular = step_of(np.zeros(22, int), days[lacking], dated)
    assert found == step
    assert regular == pytest.approx(19 / 21)


def test_months_of_unlike_length_are_steps_of_one():
    train = sales(24, start="2022-01-01", freq="MS")
    target = values_of(train)
    found = made(train, target, horizon=12, season=12)
    month = pd.to_datetime(train["day"])
    for row in np.flatnonzero(month >= "2023-01-01"):
        year_ago = (month == month[row] - pd.DateOffset(years=1)) & (train["shop"] == train["shop"][row])
        np.testing.assert_allclose(found["season1"][row], target[year_ago.to_numpy()][0], rtol=1e-6)


def test_what_it_cannot_do_is_said():
    train = sales()
    with pytest.raises(DataError, match="needs one number as the target"):
        TableEncoder("native").fit_transform(rows_of(train, lags()), np.zeros((len(train), 2)))
    wide = pd.DataFrame({"shop": ["a", "a", "a"], "day": [0, 1, MOST_CELLS]})
    with pytest.raises(DataError, match=r"1 series of 20,000,001 steps: at most 20,000,000"):
        made(wide, np.zeros(3))

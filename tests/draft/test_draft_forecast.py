"""Forecasts: the series that test rows go on, and what the draft makes of their past."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.config.schema import FoldsConfig
from pipeline.draft.forecast import find_forecast
from pipeline.draft.trial import Trials
from pipeline.testing import TASKS

REGRESSION = TASKS["regression"]
STEPS, AHEAD, SHOPS = 120, 12, 40


def sales(steps=STEPS, freq="D", seed=0):
    """Returns a table of shops: a row each a step, with a week of its own."""
    draw = np.random.default_rng(seed)
    days = pd.date_range("2023-01-01", periods=steps, freq=freq)
    table = pd.DataFrame({"shop": np.tile(np.arange(SHOPS), steps), "day": np.repeat(days, SHOPS)})
    week = draw.normal(0, 20.0, (7, SHOPS))[np.arange(steps) % 7]
    table["price"] = draw.random(len(table))
    table["sold"] = (100 + week.ravel() + draw.normal(0, 1, len(table))).round(3)
    return table.assign(day=table["day"].dt.strftime("%Y-%m-%d"))


def halves(table, ahead=AHEAD):
    last = sorted(table["day"].unique())[-ahead]
    return table[table["day"] < last], table[table["day"] >= last].drop(columns="sold")


def found(table, columns=("shop", "price"), ahead=AHEAD):
    return find_forecast(*halves(table, ahead), "day", list(columns))


def test_series_horizon_and_season_are_found():
    forecast = found(sales())
    assert (forecast.series, forecast.steps, forecast.horizon) == (("shop",), STEPS - AHEAD, AHEAD)
    assert forecast.seasons == (7,)
    assert forecast.n.value == 5


def test_series_named_by_two_columns():
    table = sales()
    two = table.assign(town=table["shop"] // 4, place=table["shop"] % 4)
    assert found(two, ("town", "place", "price")).series == ("town", "place")


@pytest.mark.parametrize("freq, seasons", [("h", (24,)), ("7D", (52,)), ("MS", (12,)), ("17D", ())])
def test_the_season_follows_from_the_step(freq, seasons):
    days = pd.date_range("2015-01-01", periods=STEPS, freq=freq).strftime("%Y-%m-%d %H:%M")
    table = sales().assign(day=np.repeat(days, SHOPS))
    assert found(table).seasons == seasons


def test_a_long_history_has_a_year_beside_the_week():
    assert found(sales(800)).seasons == (7, 364)
    assert len(found(sales(800)).features(taken=["past"])) == 2


def test_a_numbered_time_has_the_season_of_its_name():
    table = sales().rename(columns={"day": "month"})
    table["month"] = np.repeat(np.arange(STEPS), SHOPS)
    cut = STEPS - AHEAD
    train, test = table[table["month"] < cut], table[table["month"] >= cut]
    forecast = find_forecast(train, test, "month", ["shop", "price"])
    assert (forecast.horizon, forecast.seasons, forecast.dated) == (AHEAD, (12,), False)


def test_what_goes_on_nothing_is_no_forecast():
    table = sales()
    assert found(table, ["price"]) is None, "several rows a moment, and nothing tells them apart"
    train, test = halves(table)
    assert find_forecast(train, test.assign(shop=test["shop"] + 99), "day", ["shop"]) is None, "new shops"
    assert found(table, ["shop"], ahead=STEPS - 5) is None, "further ahead than back"
    events = table.sample(400, random_state=0).assign(day=np.sort(np.random.default_rng(0).random(400)))
    assert found(events, ["price"]) is None, "events at any time"


@pytest.mark.parametrize("steps, ahead, tells", [(60, 6, True), (60, 39, False), (100, 39, True)])
def test_far_ahead_less_than_a_year_of_past_tells_nothing(steps, ahead, tells):
    assert found(sales(steps + ahead, freq="7D"), ahead=ahead).past_tells == tells


def test_folds_look_as_far_ahead_as_the_test():
    assert found(sales(), ahead=40).n.value == 2
    assert "40 steps ahead, 80 are known" in found(sales(), ahead=40).n.reason


def test_folds_are_as_long_as_the_test_where_equal_blocks_look_further_ahead():
    assert (found(sales()).ahead, found(sales()).n.value) == (AHEAD, 5)
    assert found(sales(), ahead=40).ahead is None, "blocks of 27 steps"
    assert found(sales(801), ahead=2).ahead == 40, "folds of two days score too few rows"


def test_a_trial_judges_as_far_ahead_as_the_test_looks():
    def drawn(ahead, steps=120):
        time = np.repeat(np.arange(float(steps)), 2)
        read = SimpleNamespace(ids=time, splitter=time, target=np.zeros((len(time), 1)), task=REGRESSION)
        folds = FoldsConfig(time="day", ahead=ahead)
        trial = Trials(read, None, "mae", folds, 1, np.tile(["a", "b"], steps))
        return [len(np.unique(time[fold.valid])) for fold in trial._drawn]

    assert drawn(12) == [12] * 5
    assert drawn(30) == [20] * 5, "too few moments for folds so long: equal blocks"


def test_a_trial_looks_at_whole_series_and_of_long_ones_at_the_latest_rows(monkeypatch):
    """Rows of four series: two of them are as many as a trial looks at; of one that is longer the end is."""
    rows, time = np.arange(400), np.tile(np.arange(100), 4)
    read = SimpleNamespace(ids=rows, splitter=time)
    monkeypatch.setattr("pipeline.draft.trial.MOST_ROWS", 200)
    some = Trials(read, None, "mae", FoldsConfig(), 1, np.repeat(list("abcd"), 100))._rows
    assert len(some) == 200
    assert len(set(some // 100)) == 2
    one = Trials(read, None, "mae", FoldsConfig(), 1, np.full(400, "a"))._rows
    assert len(one) == 200
    assert time[one].min() == 50


@pytest.mark.slow
def test_a_draft_reads_a_forecast_as_one_and_says_why(folder):
    table = sales()
    table.insert(0, "id", np.arange(len(table)))
    train, test = halves(table)
    folder.save("train.csv", train).save("test.csv", test)
    folder.save("sample_submission.csv", test[["id"]].assign(sold=0))
    config = folder.config()
    assert config.data.columns == {"shop": "category", "day": "season"}
    past = config.features["past"]
    assert (past.series, past.horizon, past.season) == (["shop"], AHEAD, 7)
    assert (config.folds.time, config.folds.n, config.folds.ahead) == ("day", 5, AHEAD)
    text = folder.draft().text
    assert "shop name the series; of day only what comes round again" in text
    assert "values of shop that are known 12 steps ahead: better by" in text
    assert "the test looks 12 steps ahead, 108 are known; time: all test rows" in text

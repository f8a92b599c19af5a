"""A fit that is ended by time keeps what it has learned, and learns as fast as its time asks for."""

import numpy as np
import pytest

from pipeline.clock import Clock
from pipeline.models.pace import HIGHEST_RATE, Pace
from tests.models.test_table_models import build, fit, make

BOOSTED = ["lightgbm", "xgboost"]


@pytest.fixture
def rates(monkeypatch):
    """The rate after each round (None: as it was), while a round takes one second and all else none."""
    now, found, after = [0.0], [], Pace.after_round

    def ticking(self, done):
        now[0] += 1.0
        found.append(after(self, done))
        return found[-1]

    monkeypatch.setattr(Clock, "now", staticmethod(lambda: now[0]))
    monkeypatch.setattr(Pace, "after_round", ticking)
    return found


@pytest.mark.parametrize("kind", BOOSTED)
def test_boosting_stops_in_time_and_keeps_its_trees(kind, rates):
    model = fit(
        build(kind, "binary", max_seconds=20.0, learning_rate=None, n_estimators=3000), make("binary")
    )
    notes = model.notes()
    assert len(rates) == 20
    assert 1 <= notes["rounds"][0] <= 20
    assert notes["rows"] == 160, "there is no time for a second fit"
    assert max(rate for rate in rates if rate) == HIGHEST_RATE
    assert model.predict(make("binary").rows()).shape == (240, 2)


@pytest.mark.parametrize("kind", BOOSTED)
def test_a_rate_of_the_user_stays(kind, rates):
    fit(build(kind, "binary", max_seconds=20.0, learning_rate=0.05, n_estimators=3000), make("binary"))
    assert rates == [None] * 20


@pytest.mark.parametrize("kind", BOOSTED)
def test_where_time_is_left_the_second_fit_is_made(kind, rates):
    options = {"early_stopping_rounds": 5, "learning_rate": 0.5, "n_estimators": 300}
    limited = fit(build(kind, "binary", max_seconds=10_000.0, **options), make("binary")).notes()
    whole = fit(build(kind, "binary", **options), make("binary")).notes()
    assert (limited["rows"], limited["rounds"]) == (200, whole["rounds"])


@pytest.mark.parametrize("kind", BOOSTED)
def test_given_rounds_are_cut_by_time(kind, rates):
    model = build(kind, "regression", n_estimators=100, early_stopping_rounds=None, max_seconds=15.0)
    assert fit(model, make("regression")).notes()["rounds"] == [7, 8], "two targets share the time"


def test_the_rate_follows_the_rounds_that_are_left(monkeypatch):
    """100 s at 1 s a round; from the thirtieth on a round takes 2 s, so that the steps grow."""
    now = [0.0]
    monkeypatch.setattr(Clock, "now", staticmethod(lambda: now[0]))
    pace, found = Pace(until=200.0, lowest=0.05), []
    while not pace.over:
        now[0] += 1.0 if len(found) < 30 else 2.0
        found.append(pace.rate)
        pace.after_round(len(found))
    assert found[0] == 0.05
    assert found[15] == pytest.approx(30 / 190, rel=0.1)
    assert found[15] < found[-1] <= HIGHEST_RATE


@pytest.fixture
def ticks(monkeypatch):
    """A clock that goes on by a second whenever someone looks at it."""
    now = [0.0]

    def tick():
        now[0] += 1.0
        return now[0]

    monkeypatch.setattr(Clock, "now", staticmethod(tick))


@pytest.mark.parametrize("kind", ["extra_trees", "random_forest"])
def test_a_forest_stops_in_time_and_its_trees_are_those_of_a_whole_one(kind, ticks):
    """Looks: the end, then before each further five trees."""
    limited = fit(build(kind, "multiclass", n_estimators=300, max_seconds=4.0), make("multiclass"))
    assert limited.notes()["trees"] == 20
    small = fit(build(kind, "multiclass", n_estimators=20), make("multiclass"))
    rows = make("multiclass", seed=1).rows()
    np.testing.assert_array_equal(limited.predict(rows), small.predict(rows))


def test_logistic_regression_tries_fewer_penalties_where_time_is_short(ticks):
    whole, limited = (
        fit(build(kind, "binary", **options), make("binary"))
        for kind, options in (("linear", {}), ("linear", {"max_seconds": 4.0}))
    )
    assert limited.notes()["C"][0] == 0.003 < whole.notes()["C"][0]
    assert limited.predict(make("binary").rows()).shape == (240, 2)


def test_logistic_regression_with_time_enough_is_the_same(monkeypatch):
    monkeypatch.setattr(Clock, "now", staticmethod(lambda: 0.0))
    data, rows = make("multiclass"), make("multiclass", seed=1).rows()
    whole = fit(build("linear", "multiclass"), data)
    limited = fit(build("linear", "multiclass", max_seconds=1000.0), data)
    assert limited.notes()["C"] == whole.notes()["C"]
    np.testing.assert_allclose(limited.predict(rows), whole.predict(rows), atol=0.02)

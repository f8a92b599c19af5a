from dataclasses import replace

import numpy as np
import pytest

from pipeline.ensemble.analysis import error_correlation, gain, intervals
from pipeline.ensemble.split import Split
from pipeline.ensemble.stack import Stack
from pipeline.metrics import find_metric

RMSE = find_metric("rmse")
ACCURACY = find_metric("accuracy")


def test_a_clear_gain_is_certain_and_a_coin_toss_is_not(level_2):
    data = level_2("regression", rows=400)
    better, worse = data.members[0].oof, data.members[2].oof
    assert gain(RMSE, data.target, better, worse).low > 0
    assert gain(RMSE, data.target, worse, better).high < 0
    equal = gain(RMSE, data.target, data.member("a", 1.0).oof, data.member("b", 1.0).oof)
    assert equal.low < 0 < equal.high


@pytest.mark.parametrize("metric", [RMSE, replace(RMSE, name="called")])
def test_a_gain_is_paired_by_rows(metric):
    random = np.random.default_rng(0)
    target, shared = np.zeros((500, 1)), random.normal(size=(500, 1)) * 5.0
    found = gain(metric, target, shared * 0.99, shared)
    assert found.low > 0.5 * found.value  # drawn apart, the interval would be thirty times as wide
    assert found.high < 1.5 * found.value
    assert found.probability == 1.0


@pytest.mark.parametrize("metric", [ACCURACY, replace(ACCURACY, name="called")])
def test_an_interval_has_the_width_that_theory_gives_it(metric):
    random = np.random.default_rng(0)
    target, labels = np.zeros(1000, np.int64), (random.random(1000) < 0.2).astype(np.int64)
    width = 2 * 1.96 * np.sqrt(0.2 * 0.8 / 1000)
    low, high = intervals(metric, target, {"it": labels}, Split(np.zeros(1000, np.int64)))["it"]
    assert high - low == pytest.approx(width, rel=0.2)
    of_gain = gain(metric, target, target, labels)
    assert of_gain.high - of_gain.low == pytest.approx(width, rel=0.2)


def test_equal_answers_are_no_gain_and_no_win():
    target = np.arange(100) % 2
    found = gain(ACCURACY, target, target, target.copy())
    assert (found.value, found.low, found.high, found.probability) == (0.0, 0.0, 0.0, 0.0)


def test_groups_widen_a_gain():
    number = np.repeat(np.arange(20), 50)
    target, shift = np.zeros((1000, 1)), np.where(number < 11, 1.0, 1.2)[:, None]
    rows, groups = Split(np.zeros(1000, np.int64)), Split(np.zeros(1000, np.int64), number)
    one = gain(RMSE, target, shift, np.full((1000, 1), 1.1), rows)
    other = gain(RMSE, target, shift, np.full((1000, 1), 1.1), groups)
    assert one.value == other.value
    assert other.high - other.low > 4 * (one.high - one.low)


def test_error_correlation_is_that_of_the_errors(level_2):
    data = level_2("classification")
    stack = Stack.of([member.oof for member in data.members])
    errors = [(np.eye(3)[data.target] - member.oof).ravel() for member in data.members]
    np.testing.assert_allclose(error_correlation(stack, data.target), np.corrcoef(errors), atol=1e-6)


def test_members_without_errors_have_no_correlation():
    target = np.arange(4.0)[:, None]
    correlation = error_correlation(Stack.of([target, target + target**2]), target)
    np.testing.assert_array_equal(correlation, np.eye(2))

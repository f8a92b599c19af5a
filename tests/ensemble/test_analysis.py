import numpy as np
import pytest

from pipeline.ensemble.analysis import analyse, error_correlation, gain
from pipeline.ensemble.blend import blend
from pipeline.ensemble.stack import Stack
from pipeline.metrics import find_metric

LOG_LOSS, RMSE = find_metric("log_loss"), find_metric("rmse")


@pytest.mark.parametrize(
    "kind, metric", [("classification", LOG_LOSS), ("multilabel", find_metric("auc")), ("regression", RMSE)]
)
def test_analysis_says_what_the_blend_gains(kind, metric, level_2):
    data = level_2(kind, rows=200)
    result = blend(data.members, data.target, metric, data.folds, "convex")
    analysis = analyse(result, data.members, data.target, metric, data.folds)
    scores = result.member_scores
    assert analysis.best_member == (max if metric.greater_is_better else min)(scores, key=scores.get)
    against = analysis.against_best
    sign = 1 if metric.greater_is_better else -1
    assert against.value == pytest.approx(sign * (result.cross_fitted_score - scores[analysis.best_member]))
    assert against.low < against.value < against.high
    assert set(analysis.leave_one_out) == set(scores)
    assert analysis.error_correlation.shape == (3, 3)
    for name, (low, high) in analysis.member_intervals.items():
        assert low < scores[name] < high


def test_leaving_out_a_member_of_noise_costs_nothing(level_2):
    data = level_2("classification")
    noise = data.random.dirichlet(np.ones(3), size=len(data.truth)).astype(np.float32)
    members = [*data.members, data.predictions("noise", noise)]
    result = blend(members, data.target, LOG_LOSS, data.folds, "convex")
    gains = analyse(result, members, data.target, LOG_LOSS, data.folds).leave_one_out
    assert gains["noise"] == pytest.approx(0.0, abs=1e-3)
    assert gains["m0"] > 0.02


def test_one_member_has_no_gain_to_give(level_2):
    data = level_2("classification", members=1)
    result = blend(data.members, data.target, LOG_LOSS, data.folds, "convex")
    analysis = analyse(result, data.members, data.target, LOG_LOSS, data.folds)
    assert analysis.leave_one_out == {}
    assert analysis.against_best.value == pytest.approx(0.0)
    assert analysis.against_best.probability == pytest.approx(0.5)


def test_a_clear_gain_is_certain_and_a_coin_toss_is_not(level_2):
    data = level_2("regression", rows=400)
    better, worse = data.members[0].oof, data.members[2].oof
    assert gain(RMSE, data.target, better, worse).low > 0
    assert gain(RMSE, data.target, worse, better).high < 0
    equal = gain(RMSE, data.target, data.member("a", 1.0).oof, data.member("b", 1.0).oof)
    assert equal.low < 0 < equal.high


def test_error_correlation_is_that_of_the_errors(level_2):
    data = level_2("classification")
    stack = Stack.of([member.oof for member in data.members])
    errors = [(np.eye(3)[data.target] - member.oof).ravel() for member in data.members]
    np.testing.assert_allclose(error_correlation(stack, data.target), np.corrcoef(errors), atol=1e-6)


def test_members_without_errors_have_no_correlation():
    target = np.arange(4.0)[:, None]
    correlation = error_correlation(Stack.of([target, target + target**2]), target)
    np.testing.assert_array_equal(correlation, np.eye(2))

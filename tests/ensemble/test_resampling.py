from dataclasses import replace

import numpy as np
import pytest

from pipeline.ensemble.resampling import BLOCKS, SCORED_ROWS, additive, bootstrap_scores
from pipeline.metrics import METRICS, find_metric

ACCURACY = find_metric("accuracy")


def right_and_wrong(rows, share):
    """Two classes, and a prediction that is right for that share of the rows."""
    random = np.random.default_rng(0)
    target = random.integers(2, size=rows)
    chosen = np.where(random.random(rows) < share, target, 1 - target)
    return target, np.eye(2)[chosen]


@pytest.mark.parametrize("kind", ["classification", "multilabel", "regression"])
@pytest.mark.parametrize("name", METRICS.names())
def test_terms_are_the_metric(name, kind, level_2):
    metric, data = find_metric(name), level_2(kind)
    form = additive(metric)
    if form is None or kind not in metric.tasks:
        assert name not in ("log_loss", "accuracy", "mae", "rmse", "rmsle") or kind not in metric.tasks
        return
    terms = form.terms(data.target, data.members[0].oof)
    assert form.finish(terms.mean(axis=0)) == pytest.approx(
        metric(data.target, data.members[0].oof), rel=1e-6
    )


@pytest.mark.parametrize("rows", [400, 3 * BLOCKS])
def test_spread_of_an_accuracy_is_that_of_a_proportion(rows):
    target, prediction = right_and_wrong(rows, 0.8)
    draws = bootstrap_scores(ACCURACY, target, [prediction])
    assert draws.std() == pytest.approx(np.sqrt(0.8 * 0.2 / rows), rel=0.1)
    assert draws.mean() == pytest.approx(ACCURACY(target, prediction), abs=0.003)


@pytest.mark.parametrize("rows", [300, 3 * SCORED_ROWS])
def test_a_metric_that_is_called_spreads_like_one_that_is_summed(rows):
    target, prediction = right_and_wrong(rows, 0.7)
    called = replace(ACCURACY, name="called")
    assert additive(called) is None
    draws = bootstrap_scores(called, target, [prediction])
    assert draws.std() == pytest.approx(np.sqrt(0.7 * 0.3 / rows), rel=0.2)


def test_draws_are_paired():
    target, prediction = right_and_wrong(500, 0.8)
    draws = bootstrap_scores(ACCURACY, target, [prediction, prediction])
    np.testing.assert_array_equal(draws[:, 0], draws[:, 1])


@pytest.mark.parametrize("metric", [ACCURACY, replace(ACCURACY, name="called")])
def test_folds_that_differ_widen_the_spread(metric):
    target, prediction = right_and_wrong(1000, 0.9)
    folds = np.arange(1000) // 200
    prediction[folds == 0] = prediction[folds == 0][:, ::-1]
    by_rows = bootstrap_scores(metric, target, [prediction], replicates=200)
    by_folds = bootstrap_scores(metric, target, [prediction], folds, replicates=200)
    assert by_folds.std() > 5 * by_rows.std()

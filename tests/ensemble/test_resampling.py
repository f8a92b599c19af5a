from dataclasses import replace

import numpy as np
import pytest

from pipeline.ensemble.resampling import BLOCKS, SCORED_ROWS, bootstrap_scores, interval
from pipeline.ensemble.split import Split
from pipeline.metrics import METRICS, RowFacts, find_metric, with_facts

ACCURACY = find_metric("accuracy")


def right_and_wrong(rows, share):
    """Two classes, and a prediction that is right for that share of the rows."""
    random = np.random.default_rng(0)
    target = random.integers(2, size=rows)
    chosen = np.where(random.random(rows) < share, target, 1 - target)
    return target, np.eye(2)[chosen]


def called(metric):
    """The same metric, of which nobody knows that it follows from means over rows."""
    return replace(metric, function=metric.function.__call__)


@pytest.mark.parametrize("kind", ["classification", "multilabel", "regression"])
@pytest.mark.parametrize("name", METRICS.names())
def test_what_is_summed_is_what_the_metric_says_of_the_drawn_rows(name, kind, level_2):
    metric = find_metric(name)
    if kind not in metric.tasks or metric.row_means is None:
        assert metric.row_means or name not in ("log_loss", "accuracy", "mae", "rmse", "rmsle")
        return
    data = level_2(kind, outputs=metric.targets or 3)
    both = [
        bootstrap_scores(form, data.target, [data.members[0].oof], replicates=20)
        for form in (metric, called(metric))
    ]
    np.testing.assert_allclose(*both, rtol=1e-5)


@pytest.mark.parametrize("rows", [400, 3 * BLOCKS])
def test_spread_of_an_accuracy_is_that_of_a_proportion(rows):
    target, prediction = right_and_wrong(rows, 0.8)
    draws = bootstrap_scores(ACCURACY, target, [prediction])
    assert draws.std() == pytest.approx(np.sqrt(0.8 * 0.2 / rows), rel=0.1)
    assert draws.mean() == pytest.approx(ACCURACY(target, prediction), abs=0.003)


@pytest.mark.parametrize("rows", [300, 3 * SCORED_ROWS])
def test_a_metric_that_is_called_spreads_like_one_that_is_summed(rows):
    target, prediction = right_and_wrong(rows, 0.7)
    draws = bootstrap_scores(called(ACCURACY), target, [prediction])
    assert draws.std() == pytest.approx(np.sqrt(0.7 * 0.3 / rows), rel=0.2)


def test_draws_are_paired():
    target, prediction = right_and_wrong(500, 0.8)
    draws = bootstrap_scores(ACCURACY, target, [prediction, prediction])
    np.testing.assert_array_equal(draws[:, 0], draws[:, 1])


@pytest.mark.parametrize("metric", [ACCURACY, called(ACCURACY)])
def test_folds_that_differ_widen_the_spread(metric):
    target, prediction = right_and_wrong(1000, 0.9)
    folds = np.arange(1000) // 200
    prediction[folds == 0] = prediction[folds == 0][:, ::-1]
    by_rows = bootstrap_scores(metric, target, [prediction], replicates=200)
    by_folds = bootstrap_scores(metric, target, [prediction], Split(folds), by_fold=True, replicates=200)
    assert by_folds.std() > 5 * by_rows.std()


def in_groups(groups, each, seed):
    """Accuracy 0.8 on average, but a group's rows are right or wrong together more often than not."""
    random = np.random.default_rng(seed)
    number = np.repeat(np.arange(groups), each)
    share = random.beta(1.6, 0.4, size=groups)[number]
    target = np.zeros(groups * each, np.int64)
    wrong = random.random(groups * each) > share
    return target, np.eye(2)[wrong.astype(int)], number


def test_an_interval_of_rows_in_groups_covers_what_it_says():
    covered, draws = {"groups": 0, "rows": 0}, 60
    for seed in range(draws):
        target, prediction, number = in_groups(30, 20, seed)
        for name, split in (("groups", Split(number % 5, number)), ("rows", Split(number % 5))):
            scores = bootstrap_scores(ACCURACY, target, [prediction], split, replicates=300, seed=seed)
            low, high = interval(scores[:, 0])
            covered[name] += low <= 0.8 <= high
    assert covered["groups"] / draws > 0.88
    assert covered["rows"] / draws < 0.6


@pytest.mark.parametrize("metric", [ACCURACY, called(ACCURACY)])
@pytest.mark.parametrize("by_fold", [False, True])
def test_whole_groups_are_drawn_for_any_metric(metric, by_fold):
    target, prediction, number = in_groups(30, 20, 0)
    drawn = bootstrap_scores(
        metric, target, [prediction], Split(number % 2, number), by_fold=by_fold, replicates=300
    )
    by_group = prediction[:, 0].reshape(30, 20).mean(axis=1)
    assert drawn.std() > 0.9 * by_group.std() / np.sqrt(30)
    assert drawn.mean() == pytest.approx(by_group.mean(), abs=0.02)


def test_more_groups_than_blocks_are_drawn_in_heaps_of_whole_groups():
    groups = 2 * BLOCKS
    target, prediction, number = in_groups(groups, 4, 0)
    whole = bootstrap_scores(ACCURACY, target, [prediction], Split(number % 5, number), replicates=300)
    rows = bootstrap_scores(ACCURACY, target, [prediction], Split(number % 5), replicates=300)
    by_group = (prediction[:, 0].reshape(groups, 4)).mean(axis=1)
    assert whole.std() == pytest.approx(by_group.std() / np.sqrt(groups), rel=0.15)
    assert rows.std() < 0.75 * whole.std()


def test_a_95_percent_interval_leaves_out_a_fortieth_on_either_side():
    low, high = interval(np.append(np.arange(1001.0), np.nan))
    assert (low, high) == (25.0, 975.0)
    assert np.isnan(interval(np.full(3, np.nan))).all()


@pytest.mark.parametrize("words", [("weights",), ("rows",), ("weights", "rows")])
def test_weights_and_left_out_rows_are_drawn_as_the_metric_counts_them(words, level_2):
    data = level_2("regression")
    facts = RowFacts(data.random.uniform(0, 3, data.rows), counted=data.random.uniform(size=data.rows) < 0.5)
    truth, plain = with_facts(data.target, facts), find_metric("mae")
    metric = plain.seeing(*words)
    other = replace(metric, function=lambda target, value: plain(target, value))
    draws = bootstrap_scores(metric, truth, [data.members[0].oof], replicates=300)
    assert draws.mean() == pytest.approx(metric(truth, data.members[0].oof), rel=0.02)
    if words == ("rows",):
        called = bootstrap_scores(other, truth, [data.members[0].oof], replicates=300)
        np.testing.assert_allclose(draws, called, rtol=1e-5)


def test_groups_of_a_metric_are_scored_in_every_draw(level_2):
    data = level_2("regression")
    truth = with_facts(data.target, RowFacts(groups=np.arange(data.rows) % 3))
    metric = find_metric("log_mae").seeing("groups")
    assert metric.row_means is None
    draws = bootstrap_scores(metric, truth, [data.members[0].oof])
    assert draws.mean() == pytest.approx(metric(truth, data.members[0].oof), abs=0.05)

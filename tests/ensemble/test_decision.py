from dataclasses import replace

import numpy as np
import pytest

from pipeline.config.schema import EnsembleConfig
from pipeline.ensemble.decision import PRIOR_ROWS, apply_rule, fit_decision, fit_rule, rule_kind, shrunk
from pipeline.ensemble.postprocessing import postprocess
from pipeline.ensemble.postprocessing_choice import postprocessing_for
from pipeline.ensemble.split import Split
from pipeline.metrics import find_metric


def decide(prediction, target, metric):
    choice = postprocessing_for(metric, target, EnsembleConfig(), 0)
    return postprocess(choice, prediction, target, metric, Split(np.arange(len(target)) % 5))


def rare_class(rows=1500, seed=0):
    """A calibrated probability of a class that one row in ten has."""
    random = np.random.default_rng(seed)
    chance = 1.0 / (1.0 + np.exp(-(random.normal(size=rows) * 1.5 - 2.5)))
    return np.column_stack([1.0 - chance, chance]), (random.random(rows) < chance).astype(np.int64)


@pytest.mark.parametrize("name", ["f1_macro", "mcc"])
def test_weights_help_a_metric_that_a_rare_class_decides(name):
    prediction, target = rare_class(4000)
    metric = find_metric(name)
    result = decide(prediction, target, metric)
    assert result.used
    assert result.score > result.plain_score + 0.02
    assert result.postprocessor.rule[1] > 1.2
    unseen, truth = rare_class(seed=1)
    assert metric(truth, result.postprocessor.labels(unseen)) > metric(truth, unseen)


def test_weights_are_not_used_where_the_most_probable_class_is_right():
    prediction, target = rare_class(600)
    result = decide(prediction, target, find_metric("accuracy"))
    assert not result.used
    assert result.postprocessor.labels(prediction) is None
    np.testing.assert_array_equal(result.postprocessor.answer(prediction), prediction.argmax(axis=1))


def test_the_score_is_cross_fitted():
    random = np.random.default_rng(0)
    target, noise = random.integers(5, size=100), random.dirichlet(np.ones(5), size=100)
    metric = find_metric("accuracy")
    result = decide(noise, target, metric)
    rule = fit_rule("class_weights", noise, target, metric, 0)
    in_sample = metric(target, apply_rule("class_weights", rule, noise))
    assert in_sample > result.score + 0.03
    assert not result.used


def test_weights_are_drawn_toward_one_by_as_many_rows_as_speak_for_them():
    target = np.repeat([0, 1, 2], [0, 50, 950])
    found = shrunk(np.array([4.0, 4.0, 1.0]), target)
    assert found[0] == 1.0
    assert found[1] == pytest.approx(4.0 ** (50 / (50 + PRIOR_ROWS)))
    assert found[2] == 1.0
    prediction, target = rare_class(200)
    fitted = fit_decision(prediction, target, find_metric("mcc"))
    free = fit_rule("class_weights", prediction, target, find_metric("mcc"), 0)
    assert 1.0 < fitted.rule[1] < free[1]


def test_cut_points_help_kappa_on_ordered_classes():
    random = np.random.default_rng(0)
    target = random.choice(5, size=800, p=[0.5, 0.2, 0.15, 0.1, 0.05])
    seen = target + random.normal(size=800) * 1.2
    power = np.exp(-((seen[:, None] - np.arange(5)) ** 2) / 3.0) * [0.5, 0.2, 0.15, 0.1, 0.05]
    result = decide(power / power.sum(axis=1, keepdims=True), target, find_metric("qwk"))
    assert result.postprocessor.kind == "cut_points"
    assert result.used
    assert result.score > result.plain_score + 0.02
    assert np.all(np.diff(result.postprocessor.rule) >= 0)


@pytest.mark.parametrize("name", ["f1_macro", "f1_micro", "accuracy"])
def test_every_label_has_its_threshold(name):
    parts = [rare_class(800, seed) for seed in range(3)]
    prediction = np.column_stack([p[:, 1] for p, _ in parts])
    target = np.column_stack([t for _, t in parts])
    result = decide(prediction, target, find_metric(name))
    assert rule_kind(find_metric(name), target) == "thresholds"
    if name == "accuracy":
        assert not result.used
        rule = fit_decision(prediction, target, find_metric(name)).rule
        np.testing.assert_allclose(rule, 0.5, atol=0.05)
    else:
        assert result.used
        assert result.postprocessor.rule.shape == (3,)
        assert np.all(result.postprocessor.rule < 0.45)
    assert set(np.unique(result.answer)) <= {0, 1}


@pytest.mark.parametrize("classes", [2, 4])
def test_the_search_finds_the_best_of_all_single_moves(classes):
    random = np.random.default_rng(1)
    prediction, target = random.dirichlet(np.ones(classes), size=60), random.integers(classes, size=60)
    metric = find_metric("accuracy")
    values = fit_rule("class_weights", prediction, target, metric, 0)
    found = metric(target, apply_rule("class_weights", values, prediction))
    for k in range(1, classes):
        for weight in np.geomspace(0.02, 50, 200):
            tried = values.copy()
            tried[k] = weight
            assert metric(target, apply_rule("class_weights", tried, prediction)) <= found + 0.02


def test_the_search_finds_the_best_threshold_of_all():
    prediction, target = rare_class(120)
    metric = find_metric("f1_macro")
    values = fit_rule("class_weights", prediction, target, metric, 0)
    found = metric(target, apply_rule("class_weights", values, prediction))
    every = [metric(target, (prediction[:, 1] > cut).astype(int)) for cut in prediction[:, 1]]
    assert found >= max(every) - 0.02


@pytest.mark.parametrize("name", ["accuracy", "error"])
@pytest.mark.parametrize("classes", [2, 3, 6])
def test_rows_that_are_counted_once_say_what_each_weight_would(name, classes):
    random = np.random.default_rng(2)
    prediction, target = random.dirichlet(np.ones(classes), size=300), random.integers(classes, size=300)
    counted = find_metric(name)
    asked = replace(counted, function=lambda truth, label: counted.function(truth, label))
    assert counted.row_means
    assert not asked.row_means
    found = [fit_rule("class_weights", prediction, target, metric, 0) for metric in (counted, asked)]
    np.testing.assert_array_equal(*found)

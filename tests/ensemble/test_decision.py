import numpy as np
import pytest

from pipeline.ensemble.decision import apply_rule, decide, fit_rule
from pipeline.errors import ConfigError
from pipeline.metrics import find_metric


def rare_class(rows=1500, seed=0):
    """A calibrated probability of a class that one row in ten has."""
    random = np.random.default_rng(seed)
    chance = 1.0 / (1.0 + np.exp(-(random.normal(size=rows) * 1.5 - 2.5)))
    return np.column_stack([1.0 - chance, chance]), (random.random(rows) < chance).astype(np.int64)


@pytest.mark.parametrize("name", ["f1_macro", "mcc"])
def test_weights_help_a_metric_that_a_rare_class_decides(name):
    prediction, target = rare_class()
    decision = decide(prediction, target, find_metric(name), np.arange(len(target)) % 5)
    assert decision.used
    assert decision.cross_fitted_score > decision.plain_score + 0.03
    assert decision.values[1] > 1.2
    unseen, truth = rare_class(seed=1)
    metric = find_metric(name)
    assert metric(truth, decision.labels(unseen)) > metric(truth, unseen)


def test_weights_are_not_used_where_the_most_probable_class_is_right():
    prediction, target = rare_class(600)
    decision = decide(prediction, target, find_metric("accuracy"), np.arange(600) % 5)
    assert not decision.used
    np.testing.assert_array_equal(decision.labels(prediction), prediction.argmax(axis=1))


def test_the_score_is_cross_fitted():
    random = np.random.default_rng(0)
    target, noise = random.integers(5, size=100), random.dirichlet(np.ones(5), size=100)
    metric = find_metric("accuracy")
    decision = decide(noise, target, metric, np.arange(100) % 5)
    in_sample = metric(target, apply_rule(decision.kind, decision.values, noise))
    assert in_sample > decision.cross_fitted_score + 0.03
    assert not decision.used


def test_cut_points_help_kappa_on_ordered_classes():
    random = np.random.default_rng(0)
    target = random.choice(5, size=800, p=[0.5, 0.2, 0.15, 0.1, 0.05])
    seen = target + random.normal(size=800) * 1.2
    power = np.exp(-((seen[:, None] - np.arange(5)) ** 2) / 3.0) * [0.5, 0.2, 0.15, 0.1, 0.05]
    decision = decide(
        power / power.sum(axis=1, keepdims=True), target, find_metric("qwk"), np.arange(800) % 5
    )
    assert decision.kind == "cut_points"
    assert decision.used
    assert decision.cross_fitted_score > decision.plain_score + 0.02
    assert np.all(np.diff(decision.values) >= 0)


@pytest.mark.parametrize("name", ["f1_macro", "f1_micro", "accuracy"])
def test_every_label_has_its_threshold(name):
    parts = [rare_class(800, seed) for seed in range(3)]
    prediction = np.column_stack([p[:, 1] for p, _ in parts])
    target = np.column_stack([t for _, t in parts])
    decision = decide(prediction, target, find_metric(name), np.arange(800) % 5)
    assert decision.kind == "thresholds"
    assert decision.values.shape == (3,)
    if name == "accuracy":
        np.testing.assert_allclose(decision.values, 0.5, atol=0.05)
    else:
        assert decision.used
        assert np.all(decision.values < 0.45)
    assert set(np.unique(decision.labels(prediction))) <= {0, 1}


def test_the_search_finds_the_best_threshold_of_all():
    prediction, target = rare_class(120)
    metric = find_metric("f1_macro")
    values = fit_rule("class_weights", prediction, target, metric, 0)
    found = metric(target, apply_rule("class_weights", values, prediction))
    every = [metric(target, (prediction[:, 1] > cut).astype(int)) for cut in prediction[:, 1]]
    assert found >= max(every) - 0.02


def test_rows_without_a_prediction_are_ignored():
    prediction, target = rare_class(300)
    folds = np.arange(300) % 5
    prediction[:3], folds[3:6] = np.nan, -1
    decision = decide(prediction, target, find_metric("mcc"), folds)
    clean = decide(prediction[6:], target[6:], find_metric("mcc"), folds[6:])
    assert decision.cross_fitted_score == clean.cross_fitted_score


def test_a_metric_of_probabilities_has_no_decision():
    with pytest.raises(ConfigError, match="'log_loss' wants no labels"):
        decide(*rare_class(20), find_metric("log_loss"), np.arange(20) % 5)

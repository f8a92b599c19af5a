import numpy as np
import pytest

from pipeline.ensemble.finish import finish, fit_touch
from pipeline.metrics import find_metric

LOG_LOSS = find_metric("log_loss")
FOLDS = np.arange(1000) % 5


def calibrated(seed=0, classes=4):
    """Probabilities that are right, and classes drawn from them."""
    random = np.random.default_rng(seed)
    logits = 2.0 * random.normal(size=(1000, classes))
    power = np.exp(logits)
    chance = power / power.sum(axis=1, keepdims=True)
    target = np.array([random.choice(classes, p=row) for row in chance])
    return chance, target


def powered(chance, power):
    sharp = chance**power
    return sharp / sharp.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("power", [0.5, 2.0])
def test_a_wrong_temperature_is_found_and_put_right(power):
    chance, target = calibrated()
    result = finish(powered(chance, power), target, FOLDS)
    assert result.used
    assert result.touch.power == pytest.approx(1.0 / power, rel=0.15)
    assert result.cross_fitted_score == pytest.approx(LOG_LOSS(target, chance), abs=0.02)
    unseen, truth = calibrated(seed=1)
    assert LOG_LOSS(truth, result.apply(powered(unseen, power))) < LOG_LOSS(truth, powered(unseen, power))


def test_probabilities_that_are_right_are_left_alone():
    chance, target = calibrated()
    result = finish(chance, target, FOLDS)
    assert not result.used
    assert result.apply(chance) is chance
    np.testing.assert_array_equal(result.oof, chance.astype(np.float32))


def test_a_wrong_class_prior_is_put_right():
    chance, target = calibrated()
    skewed = chance * [4.0, 1.0, 1.0, 0.3]
    skewed /= skewed.sum(axis=1, keepdims=True)
    result = finish(skewed, target, FOLDS)
    assert result.used
    assert result.touch.strength > 0.5
    assert result.touch.log_ratio[0] < 0 < result.touch.log_ratio[3]


def test_a_floor_keeps_confident_errors_from_costing_everything():
    chance, target = calibrated()
    sure = np.eye(4)[chance.argmax(axis=1)]
    result = finish(sure, target, FOLDS)
    assert result.cross_fitted_score < 1.3 < LOG_LOSS(target, sure)


def test_labels_are_finished_one_by_one():
    random = np.random.default_rng(0)
    chance = random.uniform(0.05, 0.95, size=(1000, 2))
    target = (random.random((1000, 2)) < chance).astype(np.int64)
    sharp = chance**3 / (chance**3 + (1 - chance) ** 3)
    result = finish(sharp, target, FOLDS)
    assert result.touch.power == pytest.approx(1 / 3, rel=0.2)
    assert result.apply(sharp).shape == (1000, 2)


def test_the_gain_is_cross_fitted():
    random = np.random.default_rng(0)
    noise, target = random.dirichlet(np.ones(8), size=60), random.integers(8, size=60)
    result = finish(noise, target, np.arange(60) % 5)
    assert result.cross_fitted_score > LOG_LOSS(target, fit_touch(noise, target)(noise))
    assert result.gain == pytest.approx(result.plain_score - result.cross_fitted_score)


def test_classes_without_a_row_keep_their_probability_and_nan_rows_stay():
    chance, target = calibrated()
    target[target == 3] = 2
    chance[0] = np.nan
    result = finish(powered(chance, 2.0), target, FOLDS)
    assert result.touch.log_ratio[3] == 0.0
    assert np.isnan(result.oof[0]).all()
    assert np.isfinite(result.oof[1:]).all()
    assert np.allclose(result.oof[1:].sum(axis=1), 1.0, atol=1e-5)

import numpy as np
import pytest

from pipeline.config.schema import EnsembleConfig
from pipeline.ensemble.calibration import FLOORS, fit_calibration
from pipeline.ensemble.postprocessing import postprocess
from pipeline.ensemble.postprocessing_choice import postprocessing_for
from pipeline.ensemble.split import Split
from pipeline.metrics import find_metric

LOG_LOSS = find_metric("log_loss")


def fitted(prediction, target):
    choice = postprocessing_for(LOG_LOSS, target, EnsembleConfig(), 0)
    return postprocess(choice, prediction, target, LOG_LOSS, Split(np.arange(len(target)) % 5))


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
    result = fitted(powered(chance, power), target)
    assert result.used
    assert result.postprocessor.power == pytest.approx(1.0 / power, rel=0.15)
    assert result.score == pytest.approx(LOG_LOSS(target, chance), abs=0.02)
    unseen, truth = calibrated(seed=1)
    assert LOG_LOSS(truth, result.postprocessor.values(powered(unseen, power))) < LOG_LOSS(
        truth, powered(unseen, power)
    )


def test_probabilities_that_are_right_are_left_alone():
    chance, target = calibrated()
    result = fitted(chance, target)
    assert not result.used
    np.testing.assert_array_equal(result.postprocessor.values(chance), chance.astype(np.float32))
    np.testing.assert_array_equal(result.answer, chance.astype(np.float32))


def test_a_wrong_class_prior_is_put_right():
    chance, target = calibrated()
    skewed = chance * [4.0, 1.0, 1.0, 0.3]
    skewed /= skewed.sum(axis=1, keepdims=True)
    result = fitted(skewed, target)
    assert result.used
    assert result.postprocessor.strength > 0.5
    assert result.postprocessor.log_ratio[0] < 0 < result.postprocessor.log_ratio[3]


def test_a_floor_keeps_confident_errors_from_costing_everything():
    chance, target = calibrated()
    sure = np.eye(4)[chance.argmax(axis=1)]
    result = fitted(sure, target)
    assert result.score < 1.3 < LOG_LOSS(target, sure)


def test_labels_are_finished_one_by_one():
    random = np.random.default_rng(0)
    chance = random.uniform(0.05, 0.95, size=(1000, 2))
    target = (random.random((1000, 2)) < chance).astype(np.int64)
    sharp = chance**3 / (chance**3 + (1 - chance) ** 3)
    result = fitted(sharp, target)
    assert result.postprocessor.power == pytest.approx(1 / 3, rel=0.2)
    assert result.postprocessor.values(sharp).shape == (1000, 2)


def test_the_gain_is_cross_fitted():
    random = np.random.default_rng(0)
    noise, target = random.dirichlet(np.ones(8), size=60), random.integers(8, size=60)
    result = fitted(noise, target)
    assert result.score > LOG_LOSS(target, fit_calibration(noise, target).values(noise))


def test_the_floor_that_is_found_is_the_best_of_all():
    chance, target = calibrated()
    sure = np.clip(chance**4 / (chance**4).sum(axis=1, keepdims=True), 0, 1)
    sure[:20] = np.eye(4)[(target[:20] + 1) % 4]
    found = fit_calibration(sure, target)
    assert found.floor > FLOORS[0]
    for floor in FLOORS:
        for power in (0.5 * found.power, found.power, 1.5 * found.power):
            other = type(found)(power, floor, found.strength, found.log_ratio, True)
            assert LOG_LOSS(target, found.values(sure)) <= LOG_LOSS(target, other.values(sure)) + 1e-4


def test_classes_without_a_row_keep_their_probability():
    chance, target = calibrated()
    target[target == 3] = 2
    result = fitted(powered(chance, 2.0), target)
    assert result.postprocessor.log_ratio[3] == 0.0
    assert np.allclose(result.answer.sum(axis=1), 1.0, atol=1e-5)

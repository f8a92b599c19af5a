"""Losses of masks against what they are by definition."""

import numpy as np
import pytest

from pipeline.networks.dense.losses import deeply, make_mask_loss
from pipeline.networks.keras_import import load_keras

rng = np.random.default_rng(0)
TRUTH = (rng.random((2, 4, 5, 2)) < 0.4).astype(np.uint8)
LOGITS = rng.normal(0, 2, TRUTH.shape).astype(np.float32)
CHANCE = 1 / (1 + np.exp(-LOGITS.astype(np.float64)))


def loss(name, truth=TRUTH, logits=LOGITS):
    return np.asarray(make_mask_loss(load_keras(1), name)(truth, logits))


def cross_entropy():
    return -np.where(TRUTH == 1, np.log(CHANCE), np.log(1 - CHANCE))


def test_cross_entropy_is_the_mean_over_pixels():
    assert loss("bce") == pytest.approx(cross_entropy().mean(axis=(1, 2, 3)), rel=1e-5)


def test_dice_is_one_less_the_overlap_with_a_pixel_on_either_side():
    both, sides = (TRUTH * CHANCE).sum(axis=(1, 2)), (TRUTH + CHANCE).sum(axis=(1, 2))
    assert loss("dice") == pytest.approx((1 - (2 * both + 1) / (sides + 1)).mean(axis=-1), rel=1e-5)
    assert loss("bce_dice") == pytest.approx(loss("bce") + loss("dice"), rel=1e-6)


def test_focal_fades_the_pixels_that_are_sure():
    right = np.where(TRUTH == 1, CHANCE, 1 - CHANCE)
    assert loss("focal") == pytest.approx(
        (0.5 * (1 - right) ** 2 * cross_entropy()).mean(axis=(1, 2, 3)), rel=1e-4
    )


def test_the_lovasz_hinge_meets_one_less_iou_where_every_margin_is_zero_or_one():
    truth = np.array([1, 1, 0, 0], np.uint8).reshape(1, 2, 2, 1)
    signs = 2.0 * truth - 1.0
    sure = make_mask_loss(load_keras(1), "lovasz")
    bce = make_mask_loss(load_keras(1), "bce")
    right, none = signs.astype(np.float32), np.zeros_like(signs, np.float32)
    assert np.asarray(sure(truth, right) - bce(truth, right)) == pytest.approx(0.0, abs=1e-6)
    assert np.asarray(sure(truth, none) - bce(truth, none)) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("name", ["bce", "dice", "bce_dice", "focal", "lovasz"])
def test_the_truth_costs_less_than_its_opposite(name):
    sure = 8.0 * (2.0 * TRUTH - 1.0)
    assert (loss(name, logits=sure.astype(np.float32)) < loss(name, logits=-sure.astype(np.float32))).all()


def test_a_sum_of_parts_takes_their_weights():
    hinge = loss("lovasz") - loss("bce")
    expected = 2.0 * loss("bce") + 0.5 * loss("focal") + 0.25 * hinge
    assert loss((("bce", 2.0), ("focal", 0.5), ("hinge", 0.25))) == pytest.approx(expected, rel=1e-5)


def test_coarser_logits_count_for_less_and_less():
    keras = load_keras(1)
    levels = np.concatenate([LOGITS, -LOGITS, 0.5 * LOGITS], axis=-1)
    deep = np.asarray(deeply(keras, make_mask_loss(keras, "bce_dice"), 2, 0.5)(TRUTH, levels))
    each = [loss("bce_dice", logits=one) for one in (LOGITS, -LOGITS, 0.5 * LOGITS)]
    assert deep == pytest.approx((each[0] + 0.5 * each[1] + 0.25 * each[2]) / 1.75, rel=1e-5)

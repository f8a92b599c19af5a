"""Scores of masks, by hand."""

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.metrics import find_metric
from pipeline.registry import TASKS
from pipeline.tasks.mask_rule import MaskRule, guesses

NOTHING = np.zeros((2, 10), np.int32)


def strip(begin, end, number=1, size=(2, 10)):
    labels = np.zeros(size, np.int32)
    labels[0, begin:end] = number
    return labels


def score(name, truth, found):
    return find_metric(name).function(truth, found)


@pytest.mark.parametrize("name", ["dice", "iou", "mask_precision", "object_precision"])
def test_empty_against_empty_is_right_and_against_something_wrong(name):
    assert score(name, NOTHING, NOTHING) == 1.0
    assert score(name, NOTHING, strip(0, 3)) == 0.0
    assert score(name, strip(0, 3), NOTHING) == 0.0
    assert score(name, strip(0, 3), strip(0, 3)) == 1.0


def test_dice_and_iou_of_a_half():
    truth, found = strip(0, 4), strip(2, 6)
    assert score("dice", truth, found) == pytest.approx(2 * 2 / 8)
    assert score("iou", truth, found) == pytest.approx(2 / 6)


def test_the_precision_counts_thresholds_below_the_iou():
    assert score("mask_precision", strip(0, 10), strip(0, 8)) == pytest.approx(6 / 10)  # IoU 0.8: .50 to .75
    assert score("mask_precision", strip(0, 10), strip(0, 5)) == 0.0  # 0.5 is not above 0.5


def test_objects_are_matched_one_by_one():
    truth = strip(0, 3) + strip(5, 10, 2)
    found = strip(0, 3, 7) + strip(5, 9, 2)  # one is right, the other has an IoU of 0.8
    low, high = 2 / 2, 1 / 3  # the second counts at .50 ... .75, and is missed and wrong above
    assert score("object_precision", truth, found) == pytest.approx((6 * low + 4 * high) / 10)


def test_an_object_too_many_and_one_too_few():
    truth, found = strip(0, 3) + strip(5, 10, 2), strip(0, 3)
    assert score("object_precision", truth, found) == pytest.approx(1 / 2)
    assert score("object_precision", found, truth) == pytest.approx(1 / 2)
    assert score("object_precision", truth, (truth > 0).astype(np.int32)) == pytest.approx(
        0.1
        * (1 / 2 + 1 / 2 + 1 / 2)  # one object of 8 pixels, whose IoU with the larger is 0.625: .50 .55 .60
    )


def test_a_contest_scores_the_mean_over_its_pictures():
    task, target = TASKS.get("mask").example(np.arange(3), np.arange(3.0))
    metric = find_metric("iou").of(task)
    values = task.columns(target).astype(np.float16)
    assert metric(target, values) == 1.0
    values[1] = 0
    assert metric(target, values) == pytest.approx(2 / 3)
    assert metric(target[[1]], values[[1]]) == 0.0
    strict = guesses(values, np.tile(np.array(MaskRule(smallest=50.0)), (3, 1)))
    assert metric(target, strict) == 0.0
    assert metric.row_means.terms(target, values).tolist() == [[1.0], [0.0], [1.0]]


def test_tables_are_not_scored_by_pictures():
    task, target = TASKS.get("multilabel").example(np.arange(3), np.arange(3.0))
    with pytest.raises(TypeError, match="no rows that are scored one by one"):
        find_metric("dice").of(task)(target, target)


def test_masks_of_another_size_are_refused():
    with pytest.raises(DataError, match="leave their picture"):
        TASKS.get("mask").example(np.arange(2), np.arange(2.0))[0].writing.read("60 9", (8, 8))

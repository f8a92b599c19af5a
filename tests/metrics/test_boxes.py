"""Scores of boxes against cases worked out by hand."""

import numpy as np
import pytest

from pipeline.metrics import find_metric
from pipeline.tasks.box_array import in_row, make_boxes
from pipeline.tasks.box_truth import BoxTruth
from pipeline.tasks.boxes import Boxes

MOST = 6


def box(left, top=0.0, side=0.2):
    return [left, top, left + side, top + side]


def task_of(*rows):
    """Returns the task whose training rows have these boxes: corners, or corners and labels."""
    made = [make_boxes(*row) if isinstance(row, tuple) else make_boxes(row) for row in rows]
    return Boxes(("a", "b"), MOST, truth=BoxTruth.of(np.full((len(rows), 2), 100), made))


def score(name, task, *said):
    """Returns a metric of answers: corners, labels and confidences of each row."""
    rows = np.stack([in_row(make_boxes(*one), MOST) for one in said])
    return find_metric(name).of(task)(np.arange(len(said), dtype=float)[:, None], rows)


NONE = (np.zeros((0, 4)),)
ALL = ["box_map", "box_map@0.5", "box_precision@0.5", "box_f2", "point_f1"]


@pytest.mark.parametrize("name", ALL)
def test_the_truth_is_right_and_nothing_is_wrong(name):
    task = task_of([box(0.1), box(0.5)], np.zeros((0, 4)))
    truth = [([box(0.1), box(0.5)], 0, [0.9, 0.8]), NONE]
    assert score(name, task, *truth) == pytest.approx(1.0)
    assert score(name, task, truth[0], ([box(0.1)], 0, 0.5)) < 1.0 or "map" in name
    assert score(name, task, ([box(0.1, 0.7)], 0, 0.5), NONE) < 0.6


@pytest.mark.parametrize("name", ALL)
def test_pictures_without_a_box_have_a_score(name):
    task = task_of(np.zeros((0, 4)), np.zeros((0, 4)))
    assert score(name, task, NONE, NONE) == 1.0
    assert score(name, task, NONE, ([box(0.1)], 0, 0.5)) in (0.0, 0.5)


def test_average_precision_at_one_overlap():
    """Found: right (0.9), wrong (0.8), right (0.7); two are true: 1/2 * 1 + 1/2 * 2/3."""
    task = task_of([box(0.0), box(0.5)])
    said = ([box(0.0), box(0.0, 0.7), box(0.5)], 0, [0.9, 0.8, 0.7])
    assert score("box_map@0.5", task, said) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_average_precision_is_the_mean_over_classes_and_pictures_are_pooled():
    """Class a: over both pictures the sure wrong box comes first: 1/2. Class b: right: 1."""
    task = task_of(([box(0.0), box(0.5)], [0, 1]), np.zeros((0, 4)))
    said = ([box(0.0), box(0.5)], [0, 1], [0.4, 0.3]), ([box(0.1)], 0, [0.9])
    assert score("box_map@0.5", task, *said) == pytest.approx((0.5 + 1.0) / 2)


def test_each_box_is_found_once():
    """The second of two equal answers is wrong: it stands behind all recall and costs no area."""
    task = task_of([box(0.0)])
    twice = ([box(0.0), box(0.0)], 0, [0.9, 0.8])
    assert score("box_map@0.5", task, twice) == pytest.approx(1.0)
    assert score("box_precision@0.5", task, twice) == pytest.approx(0.5)


def test_coco_looks_at_ten_overlaps():
    """An IoU of 0.6 is enough at 0.50, 0.55 and 0.60: three of ten."""
    task = task_of([[0.0, 0.0, 0.5, 0.4]])
    said = ([[0.0, 0.0, 0.5, 0.24]], 0, 0.9)
    assert score("box_map", task, said) in (pytest.approx(0.2), pytest.approx(0.3))  # float32 is near 0.6
    said = ([[0.0, 0.0, 0.5, 0.248]], 0, 0.9)
    assert score("box_map", task, said) == pytest.approx(0.3)


def test_precision_counts_overlaps_from_its_begin():
    """IoU 0.62: right at 0.50, 0.55 and 0.60 of the six from 0.5, and at two more of the eight from 0.4."""
    task = task_of([[0.0, 0.0, 0.5, 0.4]])
    said = ([[0.0, 0.0, 0.5, 0.248]], 0, 0.9)
    assert score("box_precision@0.5", task, said) == pytest.approx(3 / 6)
    assert score("box_precision@0.4", task, said) == pytest.approx(5 / 8)


def test_f2_weighs_recall():
    """One of two found, nothing wrong: 5 TP / (4 true + found) = 5 / 9."""
    task = task_of([box(0.0), box(0.5)])
    assert score("box_f2", task, ([box(0.0)], 0, 0.9)) == pytest.approx(5 / 9)


def test_points_lie_in_boxes_of_their_class():
    task = task_of(([box(0.0), box(0.5)], [0, 1]))
    points = np.array([[0.1, 0.1, 0.1, 0.1], [0.1, 0.15, 0.1, 0.15], [0.6, 0.1, 0.6, 0.1]])
    assert score("point_f1", task, (points, [0, 0, 0], [0.9, 0.8, 0.7])) == pytest.approx(2 / 5)
    assert score("point_f1", task, (points, [0, 0, 1], [0.9, 0.8, 0.7])) == pytest.approx(4 / 5)


def test_an_answer_of_another_class_is_wrong():
    task = task_of([box(0.0)])
    for name in ALL:
        assert score(name, task, ([box(0.0)], 1, 0.9)) == 0.0

"""Boxes that leave their picture, or have no area, are said."""

import numpy as np

from pipeline.audit.boxes import odd_boxes
from pipeline.registry import TASKS
from pipeline.tasks.box_array import make_boxes
from pipeline.tasks.box_truth import BoxTruth

IDS = np.array(["a", "b", "c"])


def found(*rows):
    task = TASKS.get("boxes")(("box",), truth=BoxTruth.of(np.full((3, 2), 10), list(map(make_boxes, rows))))
    return {one.name: one for one in odd_boxes(task, np.arange(3.0)[:, None], IDS)}


def test_odd_boxes_are_named():
    named = found(
        [[0.5, 0.5, 1.2, 0.8]], [[0.1, 0.1, 0.1, 0.4]], [[0.1, 0.1, 0.4, 0.4], [0.2, -0.1, 0.3, 0.3]]
    )
    assert named["boxes-outside"].severity == "warn"
    assert (
        "2 pictures have boxes that leave them; what lies outside is cut off: a, c"
        in named["boxes-outside"].text
    )
    assert (
        "1 pictures have boxes of no width or height, which are left out: b"
        in named["boxes-without-area"].text
    )


def test_ordinary_boxes_are_no_finding():
    assert found([[0.0, 0.0, 1.01, 1.0]], np.zeros((0, 4)), [[0.1, 0.1, 0.4, 0.4]]) == {}
    task, target = TASKS.get("mask").example(np.arange(3), np.arange(3.0))
    assert odd_boxes(task, target, IDS) == []

"""Boxes are drawn on their pictures: the truth green, the answer red."""

from types import SimpleNamespace

import numpy as np

from pipeline.metrics import find_metric
from pipeline.reports.boxes_shown import framed
from pipeline.reports.masks_shown import SAID, SIDE, TRUTH
from pipeline.reports.material import Answer
from pipeline.reports.row_losses import row_losses
from pipeline.tasks.box_array import in_row, make_boxes
from pipeline.tasks.box_truth import BoxTruth
from pipeline.tasks.boxes import Boxes

TRUE = make_boxes([[0.25, 0.25, 0.5, 0.5]])
TASK = Boxes(("box",), 4, truth=BoxTruth.of(np.full((2, 2), 40), [TRUE, TRUE]))
METRIC = find_metric("box_map@0.5").of(TASK)
OTHER = make_boxes([[0.5, 0.75, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0]], 0, [0.9, 0.1])


def test_frames_stand_where_boxes_are():
    said = np.stack([in_row(OTHER, 4), in_row(TRUE, 4)])
    material = SimpleNamespace(task=TASK, decided=said, metric=METRIC)
    shown = framed(material, Answer("a", said, np.arange(2)), 0, np.zeros((40, 40, 1), np.uint8))
    assert shown.shape == (SIDE, SIDE, 3)
    for colour, corners in ((TRUTH, (40, 40, 79, 79)), (SAID, (80, 120, 159, 159))):
        y, x = np.nonzero((shown == colour).all(axis=2))  # the unsure one is left out
        assert (x.min(), y.min(), x.max(), y.max()) == corners


def test_pictures_are_ordered_by_what_the_metric_says_of_each():
    said = np.stack([in_row(OTHER, 4), in_row(TRUE, 4)])
    assert row_losses(TASK, METRIC, np.array([[0.0], [1.0]]), said).tolist() == [1.0, 0.0]

"""Boxes on their pictures: the truth and the answer as frames."""

from __future__ import annotations

import numpy as np

from pipeline.reports.masks_shown import SAID, TRUTH, enlarged_rgb
from pipeline.reports.material import Answer, Material
from pipeline.tasks.box_array import UNSURE, corners_of, there
from pipeline.tasks.boxes import Boxes

REACH = 1  # pixels around a middle that a point is drawn on


def framed(material: Material, answer: Answer, row: int, picture: np.ndarray) -> np.ndarray:
    """Returns a picture uint8 (height, width, 3) with frames of the true boxes in green, of the found in red.

    Of found boxes those are drawn that are sure enough to be counted.

    Args:
        material: of a run whose answers are boxes.
        answer: of all rows.
        row: position of the picture's row.
        picture: uint8 (height, width, 1 or 3), at its own size.
    """
    import cv2

    task = material.task
    if not isinstance(task, Boxes):
        raise TypeError(f"Answers of {task.kind} are no boxes.")
    place = int(np.searchsorted(answer.rows, row))
    said = there(np.asarray(material.decided)[place])
    said = said[said["confidence"] >= (UNSURE if material.metric.ranked else 0.0)]
    shown = enlarged_rgb(picture)
    high, wide = shown.shape[:2]
    for boxes, colour in ((task.boxes_of(row), TRUTH), (said, SAID)):
        corners = np.rint(corners_of(boxes) * [wide, high, wide, high]).astype(int)
        if task.form.points:
            corners = np.rint((corners[:, :2] + corners[:, 2:]) / 2).astype(int)
            corners = np.concatenate([corners - REACH, corners + REACH + 1], axis=1)
        for left, top, right, bottom in corners.tolist():
            cv2.rectangle(shown, (left, top), (max(left, right - 1), max(top, bottom - 1)), colour, 1)
    return shown

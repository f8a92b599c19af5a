"""Boxes that may be mistakes: those that leave their picture, and those of no area."""

from __future__ import annotations

import numpy as np

from pipeline.audit.finding import Finding
from pipeline.config.audit_names import AuditName
from pipeline.errors import listing
from pipeline.tasks.base import Task
from pipeline.tasks.box_array import corners_of
from pipeline.tasks.boxes import Boxes

OUTSIDE = 0.02  # share of a picture's side, by which a box may leave it unnoticed


def odd_boxes(task: Task, target: np.ndarray, ids: np.ndarray) -> list[Finding]:
    """Returns what is odd about boxes; nothing where the answers are none.

    Args:
        task: kind of the target.
        target: of the training rows.
        ids: of the same rows.
    """
    if not isinstance(task, Boxes):
        return []
    found: dict[AuditName, list[str]] = {"boxes-outside": [], "boxes-without-area": []}
    for key, row in zip(ids.tolist(), target[:, 0].astype(np.int64).tolist(), strict=True):
        boxes = task.known.row(row)
        corners = corners_of(boxes)
        if len(boxes) and (corners.min() < -OUTSIDE or corners.max() > 1.0 + OUTSIDE):
            found["boxes-outside"].append(key)
        if not task.form.points and ((boxes["width"] <= 0) | (boxes["height"] <= 0)).any():
            found["boxes-without-area"].append(key)
    texts: dict[AuditName, str] = {
        "boxes-outside": "pictures have boxes that leave them; what lies outside is cut off",
        "boxes-without-area": "pictures have boxes of no width or height, which are left out",
    }
    return [
        Finding(name, "warn", f"{len(keys):,} {texts[name]}: {listing(keys)}. Look at them.")
        for name, keys in found.items()
        if keys
    ]

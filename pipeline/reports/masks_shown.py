"""Masks on their pictures: the truth and the answer as outlines."""

from __future__ import annotations

import numpy as np

from pipeline.reports.material import Answer, Material
from pipeline.tasks.mask import Mask
from pipeline.tasks.mask_bands import held, scaled
from pipeline.tasks.mask_rule import rules_of

TRUTH, SAID = (64, 220, 110), (255, 90, 60)  # RGB
SIDE = 160  # pixels of the longer side, on which outlines are drawn: those of a small picture


def outlined(material: Material, answer: Answer, row: int, picture: np.ndarray) -> np.ndarray:
    """Returns a picture uint8 (height, width, 3) with the masks of the truth in green, of the answer in red.

    Args:
        material: of a run whose answers are masks.
        answer: of all rows.
        row: position of the picture's row.
        picture: uint8 (height, width, 1 or 3), at its own size.
    """
    import cv2

    task = material.task
    if not isinstance(task, Mask):
        raise TypeError(f"Answers of {task.kind} are no masks.")
    place = int(np.searchsorted(answer.rows, row))
    rules = rules_of(np.asarray(material.decided)[place])
    size = task.singles[0].known.size(row)
    at = held(size)
    drawn = [(single.known.labels_at(row, at), TRUTH) for single in task.singles]
    for number, (single, rule) in enumerate(zip(task.singles, rules, strict=True)):
        values = task.of_single(answer.oof[row][None], number)[0]
        drawn.append((single.labels_of(values, scaled(rule, size, at), at), SAID))
    shown = enlarged_rgb(picture)
    for labels, colour in drawn:
        small = cv2.resize(labels.astype(np.uint16), shown.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        for number in np.unique(small)[np.unique(small) > 0]:
            one = (small == number).astype(np.uint8)
            edges, _ = cv2.findContours(one, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(shown, edges, -1, colour, 1)
    return shown


def enlarged_rgb(picture: np.ndarray) -> np.ndarray:
    """Returns a picture uint8 (height, width, 1 or 3) as one of three channels whose longer side is SIDE."""
    import cv2

    scale = SIDE / max(picture.shape[:2])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    shown = cv2.resize(np.ascontiguousarray(picture), size, interpolation=cv2.INTER_AREA)
    return np.array(np.broadcast_to(shown.reshape(*shown.shape[:2], -1), (*shown.shape[:2], 3)))

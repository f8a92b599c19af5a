"""Boxes of pictures as arrays: what a box is, how far two overlap, how fewer are made of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FIELDS = ("label", "confidence", "x", "y", "width", "height")
BOX = np.dtype([(name, np.float32) for name in FIELDS])
"""A box: number of its class, confidence from 0 (there is none) to 1, and upper left corner, width and
height as shares of the picture's. Predictions of this type are boxes."""

UNSURE = 0.3  # confidence below which a box is none, where a metric counts all and nobody has decided
EDGE = 1e-9  # an area that is none


@dataclass(frozen=True, eq=False)
class Handed:
    """Boxes of one picture that are handed in: somebody has decided on them.

    Attributes:
        boxes: `BOX` (n,).
    """

    boxes: np.ndarray

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Handed):
            return NotImplemented
        return np.array_equal(self.boxes, other.boxes)

    def __hash__(self) -> int:
        return hash(self.boxes.tobytes())


def handed(values: np.ndarray) -> np.ndarray:
    """Returns object (rows,) of `Handed`, of `BOX` (rows, most)."""
    found = np.empty(len(values), object)
    for place, row in enumerate(values):
        found[place] = Handed(there(row))
    return found


def is_boxes(values: np.ndarray) -> bool:
    """Says whether predictions are boxes, (rows, most) of `BOX`."""
    return values.dtype == BOX


def make_boxes(
    corners: np.ndarray, labels: np.ndarray | float = 0.0, confidence: np.ndarray | float = 1.0
) -> np.ndarray:
    """Returns `BOX` (n,) of corners (n, 4): left, top, right, bottom as shares of the picture."""
    corners = np.asarray(corners, np.float64).reshape(-1, 4)
    found = np.zeros(len(corners), BOX)
    found["label"], found["confidence"] = labels, confidence
    found["x"], found["y"] = corners[:, 0], corners[:, 1]
    found["width"], found["height"] = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
    return found


def corners_of(boxes: np.ndarray) -> np.ndarray:
    """Returns float64 (n, 4): left, top, right, bottom of boxes (n,)."""
    left, top = boxes["x"].astype(np.float64), boxes["y"].astype(np.float64)
    return np.stack([left, top, left + boxes["width"], top + boxes["height"]], axis=1)


def centres_of(boxes: np.ndarray) -> np.ndarray:
    """Returns float64 (n, 2): x and y of the middles of boxes (n,)."""
    corners = corners_of(boxes)
    return (corners[:, :2] + corners[:, 2:]) / 2.0


def ious(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns float64 (n, m): intersection over union of boxes (n,) and others (m,), whatever their class.

    Shares of width and height do as well as pixels: both areas are scaled alike.
    """
    one, other = corners_of(boxes), corners_of(others)
    return corner_ious(one, other)


def corner_ious(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Returns float64 (n, m): intersection over union of corners (n, 4) and (m, 4)."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    both = np.clip(high - low, 0.0, None).prod(axis=2)
    areas = [np.clip(side[:, 2:] - side[:, :2], 0.0, None).prod(axis=1) for side in (one, other)]
    either = areas[0][:, None] + areas[1][None, :] - both
    return both / np.maximum(either, EDGE)


def clipped(boxes: np.ndarray) -> np.ndarray:
    """Returns boxes (n,) with what lies outside of the picture cut off; those of no area stay so."""
    corners = np.clip(corners_of(boxes), 0.0, 1.0)
    return make_boxes(corners, boxes["label"], boxes["confidence"])


def there(row: np.ndarray) -> np.ndarray:
    """Returns the boxes of a row (most,) that are some, the most confident first."""
    some = row[row["confidence"] > 0]
    return some[np.argsort(-some["confidence"], kind="stable")]


def in_row(boxes: np.ndarray, most: int) -> np.ndarray:
    """Returns `BOX` (most,): the most confident of boxes (n,), the rest of the row without any."""
    found = np.zeros(most, BOX)
    best = there(boxes)[:most]
    found[: len(best)] = best
    return found


def faded(boxes: np.ndarray, sigma: float) -> np.ndarray:
    """Returns boxes (n,) of which those fade that overlap a more confident one of their class.

    Soft non-maximum suppression: the confidence is multiplied by exp(-IoU^2 / sigma) for each that is
    picked before (Bodla, Singh, Chellappa and Davis, "Soft-NMS", ICCV 2017, equation 3).

    Args:
        boxes: of one picture.
        sigma: the smaller, the more they fade; 0: not at all.
    """
    if not sigma or len(boxes) < 2:
        return boxes
    found = boxes.copy()
    weight = np.exp(-np.square(ious(found, found)) / sigma)
    weight[found["label"][:, None] != found["label"][None, :]] = 1.0
    confidence, waiting = found["confidence"].astype(np.float64), np.ones(len(found), bool)
    for _ in range(len(found)):
        best = int(np.argmax(np.where(waiting, confidence, -1.0)))
        waiting[best] = False
        confidence[waiting] *= weight[best, waiting]
    found["confidence"] = confidence
    return found


def fused(members: Sequence[np.ndarray], weights: Sequence[float], overlap: float, most: int) -> np.ndarray:
    """Returns `BOX` (most,): what several answers for one picture come to.

    Weighted boxes fusion (Solovyev, Wang and Gabruseva, Image and Vision Computing 107, 2021): boxes of a
    class that overlap are one, whose corners are their mean by confidence; the confidence is their mean,
    less where fewer boxes than members agree.

    Args:
        members: `BOX` (n,) each.
        weights: one for each, of which some are above 0.
        overlap: IoU above which boxes are one.
        most: boxes of a row.
    """
    kept = [
        (there(boxes), float(weight)) for boxes, weight in zip(members, weights, strict=True) if weight > 0
    ]
    if len(kept) == 1:
        return in_row(kept[0][0], most)
    total = sum(weight for _, weight in kept)
    together = np.concatenate([boxes for boxes, _ in kept])
    if not len(together):
        return np.zeros(most, BOX)
    weight = np.repeat([weight for _, weight in kept], [len(boxes) for boxes, _ in kept])
    score = together["confidence"].astype(np.float64) * weight
    order = np.argsort(-score, kind="stable")
    together, score, corners = together[order], score[order], corners_of(together)[order]
    sums, scores = np.zeros((len(order), 4)), np.zeros(len(order))
    means, labels = np.zeros((len(order), 4)), np.zeros(len(order))
    counts, groups = np.zeros(len(order)), 0
    for box, own, label in zip(corners, score, together["label"], strict=True):
        at = groups
        if groups:
            like = corner_ious(box[None], means[:groups])[0] * (labels[:groups] == label)
            best = int(np.argmax(like))
            at = best if like[best] > overlap else groups
        sums[at] += own * box
        scores[at] += own
        counts[at] += 1
        means[at], labels[at] = sums[at] / scores[at], label
        groups = max(groups, at + 1)
    count = counts[:groups]
    confidence = scores[:groups] / count * np.minimum(len(kept), count) / total
    return in_row(make_boxes(means[:groups], labels[:groups], np.minimum(confidence, 1.0)), most)

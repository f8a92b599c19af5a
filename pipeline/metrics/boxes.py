"""Scores of boxes: by precision and recall over all confidences, or of those that are handed in.

Boxes are `BOX` arrays (see `pipeline.tasks.box_array`), the found ones the most confident first. A picture
that has no box, and of which none is said, is right.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from pipeline.metrics.pooled import Pooled
from pipeline.metrics.register import family, metric
from pipeline.tasks.box_match import matches, points_inside

COCO = np.round(np.arange(0.5, 1.0, 0.05), 2)  # thresholds of the IoU
RECALLS = np.linspace(0.0, 1.0, 101)  # at which COCO looks
LAST = 0.75  # of the thresholds that Kaggle's precision is the mean over
REEF = np.round(np.arange(0.3, 0.81, 0.05), 2)


class _Seen(NamedTuple):
    """Boxes of one picture.

    Attributes:
        true: labels of the true boxes (n,).
        labels: of the found boxes (m,).
        confidence: of these (m,).
        right: bool (thresholds, m).
    """

    true: np.ndarray
    labels: np.ndarray
    confidence: np.ndarray
    right: np.ndarray


def _seen(thresholds: tuple[float, ...], truth: np.ndarray, found: np.ndarray) -> _Seen:
    right = matches(truth, found, np.array(thresholds))
    return _Seen(truth["label"], found["label"], found["confidence"], right)


def _mean_precision(recalls: np.ndarray | None, seen: list[_Seen]) -> float:
    """Returns the mean over classes and thresholds of the area under precision by recall.

    Precision at a recall is the highest at that recall or beyond.

    Args:
        recalls: at which it is looked up; None: the area is exact.
        seen: of all pictures. Classes that no picture has count nothing; without any class the score is 1
            where nothing was found, else 0.
    """
    true = np.concatenate([one.true for one in seen])
    labels = np.concatenate([one.labels for one in seen])
    confidence = np.concatenate([one.confidence for one in seen])
    right = np.concatenate([one.right for one in seen], axis=1)
    if not len(true):
        return float(not len(labels))
    order = np.argsort(-confidence, kind="stable")
    labels, right = labels[order], right[:, order]
    found = []
    for label, count in zip(*np.unique(true, return_counts=True), strict=True):
        of_class = right[:, labels == label]
        hits = np.cumsum(of_class, axis=1)
        precision = hits / np.arange(1, of_class.shape[1] + 1)
        highest = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        for recall, line in zip(hits / count, highest, strict=True):
            if recalls is None:
                found.append(float(np.sum(np.diff(recall, prepend=0.0) * line)))
                continue
            at = np.searchsorted(recall, recalls - 1e-12)
            found.append(
                float(np.where(at < len(line), np.append(line, 0.0)[np.minimum(at, len(line))], 0.0).mean())
            )
    return float(np.mean(found))


def _counts(
    match: Callable[[np.ndarray, np.ndarray], np.ndarray], truth: np.ndarray, found: np.ndarray
) -> np.ndarray:
    """Returns float64 (thresholds, 3): boxes that are right, found, and true."""
    right = match(truth, found).sum(axis=1)
    return np.stack([right, np.full(len(right), len(found)), np.full(len(right), len(truth))], axis=1)


def _f_score(beta: float, counts: list[np.ndarray]) -> float:
    """Returns the F score of all boxes together, the mean over the thresholds."""
    right, said, true = np.sum(counts, axis=0).T
    either = beta**2 * true + said
    return float(np.mean(np.where(either > 0, (1 + beta**2) * right / np.maximum(either, 1e-9), 1.0)))


def _matching(thresholds: tuple[float, ...]) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return lambda truth, found: matches(truth, found, np.array(thresholds))


box_map = metric("box_map", True, "boxes", "b", ranked=True)(
    Pooled(partial(_seen, tuple(COCO.tolist())), partial(_mean_precision, RECALLS))
)
"""Mean average precision over classes and IoUs of 0.50, 0.55 ... 0.95 (Lin et al., COCO, 2014)."""


@family("box_map@T", True, "boxes", "b", below=1.0, ranked=True)
def box_map_at(threshold: float) -> Pooled:
    """Mean average precision over classes at one IoU, the whole area (Everingham et al., Pascal VOC 2010)."""
    return Pooled(partial(_seen, (threshold,)), partial(_mean_precision, None))


@family("box_precision@B", True, "boxes", "b", below=LAST + 1e-9)
def box_precision_from(begin: float) -> Callable[[np.ndarray, np.ndarray], float]:
    """TP / (TP + FP + FN) of a picture, the mean over the IoUs from the begin to 0.75 in steps of 0.05.

    The IoU must be above. So Kaggle's Global Wheat Detection (from 0.5, 2020) and RSNA Pneumonia Detection
    (from 0.4, 2018) score.
    """
    thresholds = np.nextafter(np.round(np.arange(begin, LAST + 1e-9, 0.05), 4), 2.0)
    match = _matching(tuple(thresholds.tolist()))

    def score(truth: np.ndarray, found: np.ndarray) -> float:
        if not len(truth) and not len(found):
            return 1.0
        right, said, true = _counts(match, truth, found).T
        return float(np.mean(right / (said + true - right)))

    return score


metric("box_f2", True, "boxes", "b")(
    Pooled(partial(_counts, _matching(tuple(REEF.tolist()))), partial(_f_score, 2.0))
)
metric("point_f1", True, "boxes", "b")(Pooled(partial(_counts, points_inside), partial(_f_score, 1.0)))

"""Scores of masks, a picture at a time; of a contest they are the mean over its pictures.

A mask is int32 (height, width): 0 for the ground, and a number from 1 for each object. Where neither truth
nor answer has a pixel a picture counts 1, where one of them has none it counts 0.
"""

from __future__ import annotations

import numpy as np

from pipeline.metrics.register import metric

THRESHOLDS = np.linspace(0.5, 0.95, 10)  # of the intersection over union, which must be above


def _overlap(truth: np.ndarray, found: np.ndarray) -> tuple[int, int, int]:
    """Returns the pixels that both have, that the truth has, and that the answer has."""
    true, said = truth > 0, found > 0
    return int((true & said).sum()), int(true.sum()), int(said.sum())


@metric("dice", True, "picture", "s")
def dice(truth: np.ndarray, found: np.ndarray) -> float:
    """Twice the common pixels over the sum of both masks' pixels (Dice, Ecology 26, 1945)."""
    both, true, said = _overlap(truth, found)
    return 2.0 * both / (true + said) if true + said else 1.0


@metric("iou", True, "picture", "s")
def iou(truth: np.ndarray, found: np.ndarray) -> float:
    """The common pixels over those that either mask has (Jaccard, 1901)."""
    both, true, said = _overlap(truth, found)
    return both / (true + said - both) if true + said else 1.0


@metric("mask_precision", True, "picture", "s")
def mask_precision(truth: np.ndarray, found: np.ndarray) -> float:
    """The share of the thresholds 0.50, 0.55 ... 0.95 that the IoU is above: one mask per picture.

    So Kaggle's TGS Salt Identification Challenge (2018) scores.
    """
    return float(np.mean(iou.function(truth, found) > THRESHOLDS))


@metric("object_precision", True, "picture", "s")
def object_precision(truth: np.ndarray, found: np.ndarray) -> float:
    """TP / (TP + FP + FN) over the objects of a picture, the mean over the thresholds 0.50 ... 0.95.

    An object is right where its IoU with an object that was found is above the threshold. So Kaggle's
    2018 Data Science Bowl scores.
    """
    table = _common(truth, found)
    true, said = table.shape[0] - 1, table.shape[1] - 1
    if not true and not said:
        return 1.0
    common = table[1:, 1:].astype(np.float64)
    either = table[1:].sum(axis=1)[:, None] + table[:, 1:].sum(axis=0)[None, :] - common
    best = common / np.maximum(either, 1.0)
    # Above one half an object has one partner at most.
    right = (best[None] > THRESHOLDS[:, None, None]).sum(axis=(1, 2))
    return float(np.mean(right / (true + said - right)))


def _common(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Returns int64 (true objects + 1, found objects + 1): how many pixels each pair shares.

    Numbers that no pixel has are no objects.
    """
    columns = int(found.max()) + 1
    rows = int(truth.max()) + 1
    pairs = truth.ravel().astype(np.int64) * columns + found.ravel()
    table = np.bincount(pairs, minlength=rows * columns).reshape(rows, columns)
    kept = [table.sum(axis=axis) > 0 for axis in (1, 0)]
    for there in kept:
        there[0] = True
    return table[kept[0]][:, kept[1]]

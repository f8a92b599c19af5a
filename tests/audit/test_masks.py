"""Masks without a pixel and masks of whole pictures are said; other answers have none."""

import numpy as np

from pipeline.audit.masks import odd_masks
from pipeline.registry import TASKS
from pipeline.tasks.mask_truth import MaskTruth


def found(shares):
    runs = [[np.array([[0, round(100 * share)]])] if share else [] for share in shares]
    task = TASKS.get("mask")(("mask",), 10, 10, truth=MaskTruth.of(np.full((len(shares), 2), 10), runs))
    ids = np.array([f"p{row}" for row in range(len(shares))])
    return {one.name: one for one in odd_masks(task, np.arange(len(shares), dtype=float)[:, None], ids)}


def test_empty_and_full_masks_are_counted():
    named = found([0, 0, 0.5, 1, 0.98])
    assert named["empty-masks"].severity == "info"
    assert "2 of 5 masks (40%) have no pixel" in named["empty-masks"].text
    assert named["full-masks"].severity == "warn"
    assert "1 masks cover their whole picture: p3." in named["full-masks"].text


def test_ordinary_masks_are_no_finding():
    assert found([0] + [0.3] * 19) == {}
    task, target = TASKS.get("image").example(np.arange(3), np.arange(3.0))
    assert odd_masks(task, target, np.array(["a", "b", "c"])) == []

"""Probabilities of pixels, a batch at a time, each picture seen in the ways of a test-time set."""

from __future__ import annotations

import numpy as np

from pipeline.data import dense
from pipeline.networks.dense.network import UNet
from pipeline.networks.picture_batches import take
from pipeline.tasks.mask import Mask
from pipeline.tasks.mask_rule import enlarged
from pipeline.transforms.test_time import affines, apply_test_time
from pipeline.transforms.views import invert_affines

AT_ONCE = 8  # pictures


def probabilities(
    network: UNet, task: Mask, shown: np.ndarray, positions: np.ndarray, tta: str
) -> np.ndarray:
    """Returns float16 (n, outputs): probabilities on the task's grid, averaged over the ways.

    Args:
        network: its weights are set.
        task: has the grid.
        shown: uint8 (all rows, h, w, c), usually a memory map.
        positions: (n,) the rows wanted.
        tta: name of a set whose ways only move pixels.
    """
    ways = affines(tta, (shown.shape[1], shown.shape[2]))
    found = dense.room((len(positions), task.n_outputs))
    for start in range(0, len(positions), AT_ONCE):
        part = positions[start : start + AT_ONCE]
        batch = take(shown, part)
        if len(part) < AT_ONCE:  # nothing is traced twice
            batch = np.concatenate([batch, np.repeat(batch[-1:], AT_ONCE - len(part), axis=0)])
        maps = _mean_over(network, batch, ways)
        for place in range(len(part)):
            found[start + place] = enlarged(maps[place], (task.height, task.width)).ravel()
    return found


def _mean_over(network: UNet, batch: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """Returns float32 (n, h, w, layers): each way's maps, moved back before they are averaged."""
    total: np.ndarray | float = 0.0
    for way in ways:
        turned = np.ascontiguousarray(apply_test_time(batch, way))
        logits = np.asarray(network.full.predict_on_batch(turned), np.float32)
        total = total + apply_test_time(0.5 * (1.0 + np.tanh(0.5 * logits)), invert_affines(way))
    return np.asarray(total, np.float32) / len(ways)

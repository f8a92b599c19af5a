"""Masked patches: a network restores what is hidden of a picture.

A small decoder on the backbone's last map, and the squared error of what was masked: He et al., "Masked
autoencoders are scalable vision learners", CVPR 2022, with a convolutional network, which sees masked patches
as the mean colour (Pathak et al., "Context encoders", CVPR 2016).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.networks.config import PretrainConfig
from pipeline.networks.picture_batches import take
from pipeline.networks.training.batches import Batch

PATCHES = 8  # of the longer side, where the configuration names no size
MOST_FILTERS = 128  # of the decoder


@dataclass(frozen=True)
class MaskedBatches:
    """Batches of pictures with masked patches, and what they hide.

    Attributes:
        shown: (all, h, w, c) of both sides.
        share: of the patches that are masked.
        patch: (height, width) of one.
        mean: of each channel, which masked patches show.
        deviation: of each channel, by which errors are measured.
    """

    shown: np.ndarray
    share: float
    patch: tuple[int, int]
    mean: np.ndarray
    deviation: np.ndarray

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        """Returns masked pictures, and targets float32 (n, h, w, c + 1): the pictures, and 1 where masked."""
        images = take(self.shown, rows)
        size = images.shape[1:3]
        hidden = np.stack([masks(self.share, self.patch, size, int(seed)) for seed in seeds])
        truth = (images.astype(np.float32) - self.mean) / self.deviation
        target = np.concatenate([truth, hidden[..., None]], axis=-1, dtype=np.float32)
        fill = np.rint(self.mean) if images.dtype == np.uint8 else self.mean
        images[hidden] = fill.astype(images.dtype)
        return images, target, None


def masks(share: float, patch: tuple[int, int], size: tuple[int, int], seed: int) -> np.ndarray:
    """Returns which pixels are masked, bool (height, width): so many patches of a grid, at random.

    Args:
        share: of the patches; one at least is masked, and one is not.
        patch: (height, width) of a patch.
        size: (height, width) of the picture.
        seed: decides which.
    """
    grid = tuple(max(1, math.ceil(side / part)) for side, part in zip(size, patch, strict=True))
    count = int(np.clip(round(share * grid[0] * grid[1]), 1, max(1, grid[0] * grid[1] - 1)))
    hidden = np.zeros(grid[0] * grid[1], bool)
    hidden[np.random.default_rng(seed).permutation(len(hidden))[:count]] = True
    spread = hidden.reshape(grid).repeat(patch[0], axis=0).repeat(patch[1], axis=1)
    return spread[: size[0], : size[1]]


def patch_size(config: PretrainConfig, shape: tuple[int, int, int]) -> tuple[int, int]:
    """Returns (height, width) of a patch; of a series, which is one high, a stretch of it."""
    side = config.patch or max(1, round(max(shape[:2]) / PATCHES))
    return min(side, shape[0]), min(side, shape[1])


def decoded(keras: Any, x: Any, shape: tuple[int, int, int]) -> Any:
    """Returns pictures (n, h, w, c) of a map: each of its places draws the pixels that it stands for."""
    layers, ops = keras.layers, keras.ops
    height, width, channels = shape
    rows, columns = x.shape[1], x.shape[2]
    down, across = math.ceil(height / rows), math.ceil(width / columns)
    kernel = (1 if height == 1 else 3, 3)
    x = layers.Conv2D(min(MOST_FILTERS, x.shape[-1]), kernel, padding="same", activation="relu")(x)
    x = layers.Conv2D(down * across * channels, 1, dtype="float32")(x)
    x = ops.reshape(x, (-1, rows, columns, down, across, channels))
    x = ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, rows * down, columns * across, channels))
    top, left = (rows * down - height) // 2, (columns * across - width) // 2
    return x[:, top : top + height, left : left + width]


def masked_error(keras: Any) -> Callable:
    """Returns the mean squared error over what is masked.

    It takes targets (n, h, w, c + 1), the last channel 1 where masked, and outputs (n, h, w, c); it returns
    (n,).
    """
    ops = keras.ops

    def loss(target: Any, output: Any) -> Any:
        hidden = target[..., -1:]
        off = ops.sum(ops.square(target[..., :-1] - output) * hidden, axis=(1, 2, 3))
        return off / (ops.sum(hidden, axis=(1, 2, 3)) * output.shape[-1])

    return loss

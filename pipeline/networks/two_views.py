"""Two views: a network is to tell two changed views of a picture from all other pictures' views.

SimCLR: Chen, Kornblith, Norouzi and Hinton, "A Simple Framework for Contrastive Learning of Visual
Representations", ICML 2020.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.networks.picture_batches import take
from pipeline.networks.training.batches import Batch
from pipeline.transforms.augment import Augmenter
from pipeline.transforms.spectrogram import SpectrogramAugmenter

HIDDEN, WIDTH = 256, 128  # of the layers on the map, the second of which is compared
TEMPERATURE = 0.2
OTHER = 2**31  # above the seed of every first view
ITSELF = 1e9  # taken from how alike a view is to itself


@dataclass(frozen=True)
class ViewBatches:
    """Batches of pictures, each twice and each time changed at random.

    Attributes:
        shown: uint8 (all, h, w, c) of both sides.
        augmenter: changes a picture.
    """

    shown: np.ndarray
    augmenter: Augmenter | SpectrogramAugmenter

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        """Returns pictures (2n, h, w, c), the second views after the first, and targets that say nothing."""
        images = take(self.shown, rows)
        views = [
            self.augmenter(image, int(seed) + more)[0]
            for more in (0, OTHER)
            for image, seed in zip(images, seeds, strict=True)
        ]
        return np.stack(views), np.zeros((len(views), 1), np.float32), None


def compared(keras: Any, x: Any) -> Any:
    """Returns (2n, WIDTH) of a map: what views are compared by."""
    x = keras.layers.GlobalAveragePooling2D(dtype="float32")(x)
    x = keras.layers.Dense(HIDDEN, activation="relu")(x)
    return keras.layers.Dense(WIDTH, dtype="float32")(x)


def confusion(keras: Any) -> Callable:
    """Returns the loss: how surely a view is not told to be its picture's (NT-Xent, equation 1).

    It takes targets, which it does not look at, and outputs (2n, WIDTH), in the second half the other views
    of the first; it returns (2n,).
    """
    ops = keras.ops

    def loss(target: Any, output: Any) -> Any:
        x = ops.normalize(output, axis=-1)
        views = ops.shape(x)[0]
        alike = ops.matmul(x, ops.transpose(x)) / TEMPERATURE - ITSELF * ops.eye(views)
        other = ops.roll(ops.arange(views), views // 2)
        return keras.losses.sparse_categorical_crossentropy(other, alike, from_logits=True)

    return loss

"""The plain way to make augmented batches: a loop over a memory map with an albumentations Compose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


def make_transform() -> Any:
    """Returns small moves, flips and changes of light for photographs."""
    import albumentations
    import cv2

    return albumentations.Compose(
        [
            albumentations.HorizontalFlip(p=0.5),
            albumentations.Affine(
                scale=(0.9, 1.1),
                translate_percent=(-0.06, 0.06),
                rotate=(-10, 10),
                border_mode=cv2.BORDER_REFLECT_101,
                p=0.7,
            ),
            albumentations.RandomBrightnessContrast(brightness_limit=0.15, contrast_limit=0.15, p=0.5),
        ]
    )


def batches(
    pixels: np.ndarray, label: np.ndarray, classes: int, size: int, transform: Any, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields the full batches of one epoch in random order: uint8 pictures and one-hot classes."""
    one_hot = np.eye(classes, dtype=np.float32)
    order = np.random.default_rng(seed).permutation(len(pixels))
    for start in range(0, len(order) - size + 1, size):
        rows = order[start : start + size]
        images = np.stack([transform(image=pixels[row])["image"] for row in rows])
        yield images, one_hot[label[rows]]

"""The plain way to cross-validate a small network from scratch: built, compiled and fitted per fold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np


def build(pixels: np.ndarray, classes: int) -> Any:
    """Returns "16C3 MP2 32C3 MP2 FC64", compiled; pictures are standardised by these ones' channels."""
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(pixels.shape[1:]),
            layers.Normalization(mean=pixels.mean((0, 1, 2)), variance=pixels.var((0, 1, 2))),
            layers.Conv2D(16, 3, activation="relu", kernel_initializer="he_normal"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu", kernel_initializer="he_normal"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, activation="relu", kernel_initializer="he_normal"),
            layers.Dropout(0.2),
            layers.Dense(classes, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy")
    return model


def cross_validate(
    pixels: np.ndarray,
    label: np.ndarray,
    classes: int,
    folds: Iterable[tuple[np.ndarray, np.ndarray]],
    epochs: int,
    after_fold: Callable[[], object],
) -> np.ndarray:
    """Returns out-of-fold probabilities, float32 (rows, classes)."""
    import keras

    found = np.zeros((len(label), classes), np.float32)
    for number, (train, valid) in enumerate(folds):
        keras.utils.clear_session()
        keras.utils.set_random_seed(number)
        model = build(pixels[train], classes)
        model.fit(pixels[train], label[train], batch_size=64, epochs=epochs, verbose=0)
        found[valid] = model.predict(pixels[valid], batch_size=256, verbose=0)
        after_fold()
    return found

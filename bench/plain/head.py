"""The plain way to cross-validate a head on a frozen backbone: a Keras model and `fit` per fold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np


def build(weights: str, side: int, classes: int) -> Any:
    """Returns a frozen MobileNetV2 with a new softmax on top, compiled."""
    import keras

    layers = keras.layers
    backbone = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(side, side, 3))
    backbone.load_weights(weights)
    backbone.trainable = False
    inputs = keras.Input((side, side, 3))
    x = keras.applications.mobilenet_v2.preprocess_input(inputs)
    x = layers.GlobalAveragePooling2D()(backbone(x, training=False))
    x = layers.Dropout(0.2)(x)
    model = keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
    model.compile(keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy")
    return model


def cross_validate(
    pixels: np.ndarray,
    label: np.ndarray,
    classes: int,
    folds: Iterable[tuple[np.ndarray, np.ndarray]],
    weights: str,
    epochs: int,
) -> np.ndarray:
    """Returns out-of-fold probabilities, float32 (rows, classes)."""
    import keras

    found = np.zeros((len(label), classes), np.float32)
    for number, (train, valid) in enumerate(folds):
        keras.utils.set_random_seed(number)
        model = build(weights, pixels.shape[1], classes)
        model.fit(pixels[train], label[train], batch_size=32, epochs=epochs, verbose=0)
        found[valid] = model.predict(pixels[valid], batch_size=256, verbose=0)
    return found

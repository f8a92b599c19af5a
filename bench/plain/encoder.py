"""The plain way to fine-tune an encoder: KerasHub's backbone, the mean of its tokens, a last layer, AdamW."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np


def make_network(keras: Any, backbone: Any, classes: int, rate: float) -> Any:
    """Returns a compiled Keras model from tokens to logits."""
    tokens = backbone.output["sequence_output"]
    mask = keras.ops.cast(backbone.input["padding_mask"], tokens.dtype)[:, :, None]
    mean = keras.ops.sum(tokens * mask, axis=1) / keras.ops.sum(mask, axis=1)
    model = keras.Model(backbone.input, keras.layers.Dense(classes)(keras.layers.Dropout(0.1)(mean)))
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=0.01, global_clipnorm=1.0),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
    )
    return model


def train(model: Any, batches: Iterable[tuple[Any, np.ndarray]]) -> None:
    """Takes a step per batch."""
    for inputs, target in batches:
        model.train_on_batch(inputs, target)

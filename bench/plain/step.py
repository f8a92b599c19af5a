"""The plain way to fine-tune: Keras' own network with a dense layer on it, trained by the batch."""

from __future__ import annotations

from typing import Any


def make_network(constructor: str, shape: tuple[int, int, int], classes: int) -> Any:
    """Returns a compiled model that takes pictures 0..255 and learns one-hot classes.

    Args:
        constructor: of `keras.applications`, with pictures of -1 to 1.
        shape: (height, width, channels).
        classes: how many.
    """
    import keras

    inputs = keras.Input(shape, dtype="uint8")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(keras.ops.cast(inputs, "float32"))
    x = getattr(keras.applications, constructor)(include_top=False, weights=None, input_shape=shape)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(classes)(keras.layers.Dropout(0.2)(x)))
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(1e-4, weight_decay=0.01), loss)
    return model

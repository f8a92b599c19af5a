"""The plain way to a U-Net: Keras' own MobileNet, its maps by their names, layers by hand."""

from __future__ import annotations

from typing import Any

MAPS = (1, 3, 5, 11, 13)  # blocks of MobileNet that leave strides 2, 4, 8, 16 and 32
WIDTHS = (8, 16, 32, 64)  # of the decoder, from stride 2 to 16


def make_unet(shape: tuple[int, int, int], layers: int) -> Any:
    """Returns a compiled model: uint8 pictures (height, width, 3) to logits (height, width, layers)."""
    import keras

    def block(x: Any, channels: int, times: int) -> Any:
        for _ in range(times):
            x = keras.layers.Conv2D(channels, 3, padding="same", use_bias=False)(x)
            x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
        return x

    def loss(truth: Any, logits: Any) -> Any:
        truth = keras.ops.cast(truth, "float32")
        cross = keras.ops.mean(keras.losses.binary_crossentropy(truth, logits, from_logits=True))
        chance = keras.ops.sigmoid(logits)
        both = keras.ops.sum(truth * chance, axis=(1, 2))
        sides = keras.ops.sum(truth + chance, axis=(1, 2))
        return cross + keras.ops.mean(1.0 - (2.0 * both + 1.0) / (sides + 1.0))

    inputs = keras.Input(shape, dtype="uint8")
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(keras.ops.cast(inputs, "float32"))
    encoder = keras.applications.MobileNet(include_top=False, weights=None, input_shape=shape, alpha=0.25)
    names = [encoder.get_layer(f"conv_pw_{number}_relu").output for number in MAPS]
    maps = keras.Model(encoder.input, names)(scaled)
    x = maps[-1]
    for skip, width in zip(reversed(maps[:-1]), reversed(WIDTHS), strict=True):
        x = block(keras.layers.Concatenate()([keras.layers.UpSampling2D()(x), skip]), width, 2)
    x = block(keras.layers.Concatenate()([keras.layers.UpSampling2D()(x), scaled]), 8, 1)
    model = keras.Model(inputs, keras.layers.Conv2D(layers, 1)(x))
    model.compile(keras.optimizers.AdamW(1e-3, weight_decay=1e-4, global_clipnorm=1.0), loss)
    return model

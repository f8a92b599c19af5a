"""Pieces of a network that Keras does not have ready: preprocessing, pooling, the cosine layer."""

from __future__ import annotations

import functools
from typing import Any

from pipeline.networks.backbones import Convention

IMAGENET_MEAN = (0.485, 0.456, 0.406)  # RGB, of 0..1
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
CAFFE_MEAN = (103.939, 116.779, 123.68)  # BGR, of 0..255
GEM_POWER = 3.0
STANDARDISE = "standardise"


def preprocess(keras: Any, x: Any, convention: Convention) -> Any:
    """Returns pictures 0..255 RGB float as the backbone's convention wants them."""
    layers, ops = keras.layers, keras.ops
    if convention == "tf":
        return layers.Rescaling(1 / 127.5, offset=-1.0)(x)
    if convention == "torch":
        mean = [255 * value for value in IMAGENET_MEAN]
        variance = [(255 * value) ** 2 for value in IMAGENET_DEVIATION]
        return layers.Normalization(mean=mean, variance=variance)(x)
    if convention == "caffe":
        return layers.Normalization(mean=CAFFE_MEAN, variance=[1.0] * 3)(ops.flip(x, axis=-1))
    return x


def standardise(keras: Any, x: Any) -> Any:
    """Returns pictures less channel means over deviations, which are weights of this layer.

    A frozen batch normalisation without scale and offset is exactly that.
    """
    layer = keras.layers.BatchNormalization(
        center=False, scale=False, epsilon=1e-3, name=STANDARDISE, trainable=False
    )
    return layer(x)


def pool(keras: Any, x: Any, pooling: str) -> Any:
    """Returns features float32 (n, width) of a map (n, h, w, c); features (n, c) stay as they are."""
    layers, ops = keras.layers, keras.ops
    if len(x.shape) > 2:
        if pooling == "flatten":
            x = layers.Flatten()(x)
        elif pooling == "gem":
            x = gem(ops, x)
        else:
            average, most = layers.GlobalAveragePooling2D(), layers.GlobalMaxPooling2D()
            parts = {"avg": [average], "max": [most], "avg_max": [average, most]}[pooling]
            x = parts[0](x) if len(parts) == 1 else ops.concatenate([part(x) for part in parts], axis=-1)
    return ops.cast(x, "float32")


def gem(ops: Any, x: Any) -> Any:
    """Returns the generalised mean over the map (Radenovic et al., TPAMI 2019), with power 3."""
    x = ops.maximum(ops.cast(x, "float32"), 1e-6)
    return ops.power(ops.mean(ops.power(x, GEM_POWER), axis=(1, 2)), 1.0 / GEM_POWER)


@functools.cache
def cosine_layer(keras: Any) -> Any:
    """Returns the layer class that gives `scale` times the cosine of the angle to each class."""

    class Cosine(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, units: int, scale: float, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units, self.scale = units, scale
            self.kernel_initializer = keras.initializers.GlorotUniform()

        def build(self, shape: tuple) -> None:
            self.kernel = self.add_weight(
                name="kernel", shape=(shape[-1], self.units), initializer=self.kernel_initializer
            )

        def call(self, x: Any) -> Any:
            ops = keras.ops
            return self.scale * ops.matmul(ops.normalize(x, axis=-1), ops.normalize(self.kernel, axis=0))

        def compute_output_shape(self, shape: tuple) -> tuple:
            return (*shape[:-1], self.units)

    return Cosine

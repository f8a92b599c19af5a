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
    if convention == "efficientnet":
        # Keras' layer for it takes up no weights that are set by position, and is left as it was built.
        mean = [255 * value for value in IMAGENET_MEAN]
        return layers.Normalization(mean=mean, variance=[value**3 for value in IMAGENET_DEVIATION])(x)
    if convention == "caffe":
        return layers.Normalization(mean=CAFFE_MEAN, variance=[1.0] * 3)(ops.flip(x, axis=-1))
    return x


def standardise(keras: Any, x: Any, values: str = "uint8") -> Any:
    """Returns pictures less channel means over deviations, which are weights of this layer.

    A frozen batch normalisation without scale and offset is exactly that. Numbers of arrays may vary by
    thousandths, which its usual epsilon would drown; none that is constant gets that far.
    """
    epsilon = 1e-3 if values == "uint8" else 1e-30
    layer = keras.layers.BatchNormalization(
        center=False, scale=False, epsilon=epsilon, name=STANDARDISE, trainable=False
    )
    return layer(x)


def with_own_norms(keras: Any, model: Any) -> Any:
    """Returns a Keras model whose batch normalisations are those of `norm_layer`.

    Where that changes nothing it is the model itself, else a copy whose weights are anew and come
    in the same order.
    """
    plain, own = keras.layers.BatchNormalization, norm_layer(keras)
    if own is plain or all(type(layer) is not plain for layer in model.layers):
        return model

    def copy(layer: Any) -> Any:
        kind = own if type(layer) is plain else type(layer)
        return kind.from_config(layer.get_config())

    return keras.models.clone_model(model, clone_function=copy)


@functools.cache
def norm_layer(keras: Any) -> Any:
    """Returns the class of batch normalisation; with TensorFlow one that trains by a single operation.

    In float32, that is. Keras 3 writes the layer as sums, products and two passes for the moments,
    which is a third of MobileNetV2's training step on a processor (`bench/speed.py`, case `step`).
    """
    if keras.backend.backend() != "tensorflow":
        return keras.layers.BatchNormalization

    class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc, name-defined]
        def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
            usual = len(inputs.shape) == 4 and self.axis in (-1, 3) and mask is None and not self.renorm
            if not (training and self.trainable and usual and inputs.dtype == "float32"):
                return super().call(inputs, training=training, mask=mask)
            import tensorflow as tf

            channels = inputs.shape[-1]
            outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
                inputs,
                self.gamma if self.scale else tf.ones(channels),
                self.beta if self.center else tf.zeros(channels),
                epsilon=self.epsilon,
            )
            count = tf.cast(tf.size(inputs) // channels, "float32")
            biased = variance * (count - 1.0) / count  # as Keras keeps it
            for average, new in ((self.moving_mean, mean), (self.moving_variance, biased)):
                average.assign(average * self.momentum + new * (1.0 - self.momentum))
            return outputs

    return FusedBatchNormalization


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

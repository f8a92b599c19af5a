"""Classes of boxes that are told at their middles: for thousands, where a map of each is too much.

As FairMOT learns whom a box shows (Zhang, Wang, Wang, Zeng and Liu, IJCV 2021): every cell of the grid has
features, those at true middles go through one matrix and a softmax, and its cross-entropy is learned.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from pipeline.networks.dense.centre_loss import make_centre_loss
from pipeline.networks.dense.structure import BESIDE

NAME = "centre_classes"
MOST_TOLD = 128  # middles of a picture whose class a step looks at


@functools.cache
def class_layer(keras: Any) -> Any:
    """Returns the layer class that passes maps on and holds the matrix from features to classes.

    Not every cell is asked for its class: it is the loss that multiplies, and whoever reads maps back.
    """

    class CentreClasses(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, classes: int, features: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.shape = (features, classes)
            self.kernel_initializer = keras.initializers.GlorotUniform()

        def build(self, shape: tuple) -> None:
            self.kernel = self.add_weight(
                name="kernel", shape=self.shape, initializer=self.kernel_initializer
            )
            self.bias = self.add_weight(name="bias", shape=self.shape[1:], initializer="zeros")

        def call(self, maps: Any) -> Any:
            return maps

        def compute_output_shape(self, shape: tuple) -> tuple:
            return shape

    return CentreClasses


def make_class_loss(keras: Any, layer: Any) -> Callable:
    """Returns the loss of middles of any class with their sizes, and of the classes at true middles.

    Args:
        keras: the library.
        layer: of `class_layer`.

    Returns:
        A loss (n,) of truth (n, h, w, 7) - the six of `make_centre_loss` for one class; number of the class,
        from 1, at the middles that are asked, else 0 - and maps (n, h, w, 5 + features).
    """
    ops, alone = keras.ops, make_centre_loss(keras, 1)

    def total(truth: Any, said: Any) -> Any:
        cells, width = said.shape[1] * said.shape[2], said.shape[3] - 1 - BESIDE
        numbers = ops.reshape(truth[..., -1], (-1, cells))
        features = ops.reshape(said[..., 1 + BESIDE :], (-1, cells, width))
        asked, at = ops.top_k(ops.cast(numbers > 0, "float32"), min(MOST_TOLD, cells))
        number = ops.cast(ops.take_along_axis(numbers, at, axis=1), "int32")
        seen = ops.take_along_axis(features, ops.expand_dims(at, -1), axis=1)
        logits = ops.matmul(seen, layer.kernel) + layer.bias
        true = ops.expand_dims(ops.maximum(number - 1, 0), -1)
        surprise = ops.logsumexp(logits, axis=-1) - ops.take_along_axis(logits, true, axis=-1)[..., 0]
        told = ops.sum(asked * surprise, axis=1) / ops.maximum(ops.sum(asked, axis=1), 1.0)
        return alone(truth[..., :-1], said[..., : 1 + BESIDE]) + told

    return total

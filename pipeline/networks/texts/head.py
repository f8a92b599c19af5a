"""Heads on an encoder: tokens to one vector, and the vector several times, with other draws of dropout."""

from __future__ import annotations

import functools
from typing import Any

LAYERS = 4  # blocks from the top that `pooling: layers` mixes


def token_mean(keras: Any, tokens: Any, mask: Any) -> Any:
    """Returns (windows, width): the mean of the tokens that are none of padding.

    Args:
        keras: the module.
        tokens: (windows, tokens, width).
        mask: (windows, tokens), 0 where there is padding.
    """
    ops = keras.ops
    mask = ops.cast(mask, tokens.dtype)[:, :, None]
    return ops.sum(tokens * mask, axis=1) / ops.maximum(ops.sum(mask, axis=1), 1.0)


def pool_tokens(keras: Any, states: list[Any], mask: Any, pooling: str) -> Any:
    """Returns (windows, width) of what an encoder says of tokens.

    Args:
        keras: the module.
        states: (windows, tokens, width) each, of the blocks that `pooling` asks for, the top one last.
        mask: (windows, tokens), 0 where there is padding.
        pooling: mean, cls, attention or layers.
    """
    if pooling == "cls":
        return states[-1][:, 0, :]
    if pooling == "attention":
        return _layers(keras)[0](name="attention")([states[-1], mask])
    tokens = _layers(keras)[1](name="parts")(states) if pooling == "layers" else states[-1]
    return token_mean(keras, tokens, mask)


def draws(keras: Any, vector: Any, rate: float, samples: int) -> Any:
    """Returns (windows, draws, width): in training the vector with several draws of dropout, else as it is.

    One last layer on all of them and the mean of their losses is multi-sample dropout (Inoue,
    arXiv:1905.09788, 2019).
    """
    return _layers(keras)[2](rate, samples, name="draws")(vector)


@functools.lru_cache(maxsize=1)
def _layers(keras: Any) -> tuple[Any, Any, Any]:
    """Returns the layers of our own; Keras is not known before it is asked for."""
    ops = keras.ops

    class Attention(keras.layers.Layer):
        """Mean of tokens by learned weights (Yang et al., NAACL 2016, equations 5 to 7)."""

        def build(self, shapes: Any) -> None:
            width = shapes[0][-1]
            normal = keras.initializers.TruncatedNormal(stddev=0.02, seed=0)
            self.seen = keras.layers.Dense(
                width, activation="tanh", kernel_initializer=normal, dtype=self.dtype_policy
            )
            self.seen.build(shapes[0])
            self.worth = keras.layers.Dense(1, kernel_initializer="zeros", dtype=self.dtype_policy)
            self.worth.build(shapes[0])

        def call(self, inputs: Any) -> Any:
            tokens, mask = inputs
            worth = ops.cast(self.worth(self.seen(tokens)), "float32")[:, :, 0]
            worth = ops.softmax(ops.where(ops.cast(mask, "bool"), worth, -1e9), axis=1)
            return ops.sum(tokens * ops.cast(worth, tokens.dtype)[:, :, None], axis=1)

        def compute_output_shape(self, shapes: Any) -> Any:
            return shapes[0][0], shapes[0][-1]

    class Parts(keras.layers.Layer):
        """Sum of blocks' outputs in learned parts (Peters et al., NAACL 2018, equation 1)."""

        def build(self, shapes: Any) -> None:
            self.parts = self.add_weight(shape=(len(shapes),), initializer="zeros", name="parts")

        def call(self, inputs: Any) -> Any:
            parts = ops.unstack(ops.softmax(self.parts), len(inputs))
            return sum(ops.cast(part, one.dtype) * one for part, one in zip(parts, inputs, strict=True))

        def compute_output_shape(self, shapes: Any) -> Any:
            return shapes[0]

    class Draws(keras.layers.Layer):
        """Several draws of dropout of the same vector."""

        def __init__(self, rate: float, samples: int, **options: Any) -> None:
            super().__init__(**options)
            self.rate, self.samples = rate, samples
            self.seed = keras.random.SeedGenerator(0)

        def call(self, inputs: Any, training: bool = False) -> Any:
            several = inputs[:, None, :]
            if not training:
                return several
            several = ops.repeat(several, self.samples, axis=1)
            return keras.random.dropout(several, self.rate, seed=self.seed) if self.rate else several

        def compute_output_shape(self, shape: Any) -> Any:
            return shape[0], None, shape[1]

    return Attention, Parts, Draws

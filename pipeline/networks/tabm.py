"""TabM-mini: many small networks for tables in one, sharing all weights but a few.

Gorishniy, Kotelnikov and Babenko, "TabM: Advancing Tabular Deep Learning with Parameter-Efficient
Ensembling", ICLR 2025, section 3: members differ in one vector that scales their input and in
their last layer. Numeric features enter through piecewise-linear embeddings (Gorishniy, Rubachev
and Babenko, "On Embeddings for Numerical Features in Tabular Deep Learning", NeurIPS 2022).
"""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Shape:
    """The network's architecture, as JSON.

    Attributes:
        features: width of the input.
        embedded: positions of the features that get an embedding.
        bins: pieces of each piecewise-linear embedding.
        embedding: width of one feature's embedding; 0 means none.
        members: networks in the ensemble.
        units: width of a hidden layer.
        layers: number of hidden layers.
        dropout: share of units left out in training.
        outputs: width of the output, as logits or scaled values.
    """

    features: int
    embedded: tuple[int, ...]
    bins: int
    embedding: int
    members: int
    units: int
    layers: int
    dropout: float
    outputs: int

    @property
    def flops(self) -> float:
        """Floating-point operations of a row's step: forwards, and twice as many backwards."""
        rest = self.features + len(self.embedded) * self.embedding
        embedding = len(self.embedded) * self.bins * self.embedding
        hidden = self.units * (rest + self.units * (self.layers - 1) + self.outputs)
        return 6.0 * (embedding + self.members * hidden)

    def facts(self) -> dict[str, Any]:
        return asdict(self)


def bin_edges(values: np.ndarray, bins: int) -> np.ndarray:
    """Returns float32 (columns, bins + 1) edges of bins with about equally many rows, rising.

    Where a value is so frequent that quantiles coincide, the distinct ones are spread evenly over
    the places, so that no bin is empty of width.
    """
    quantiles = np.quantile(values.astype(np.float64), np.linspace(0.0, 1.0, bins + 1), axis=0).T
    edges = []
    for row in quantiles:
        distinct = np.unique(row)
        places = np.linspace(0, len(distinct) - 1, bins + 1)
        edges.append(np.interp(places, np.arange(len(distinct)), distinct))
    return np.array(edges, np.float32).reshape(values.shape[1], bins + 1)


def build_tabm(keras: Any, shape: Shape, edges: np.ndarray | None = None) -> Any:
    """Returns a keras model from float32 (rows, features) to (rows, members, outputs).

    Args:
        keras: the module.
        shape: the architecture.
        edges: of the embedding's bins, (embedded, bins + 1); None where weights are loaded next.
    """
    layers = keras.layers
    Members, Piecewise = _layers(keras)
    inputs = keras.Input((shape.features,), dtype="float32")
    hidden = inputs
    if shape.embedding and shape.embedded:
        count = len(shape.embedded)
        positions = np.array(shape.embedded)
        rest = np.setdiff1d(np.arange(shape.features), positions)
        pieces = Piecewise(positions, shape.bins, edges, name="pieces")(inputs)
        embedded = layers.EinsumDense(
            "bft,ftd->bfd", output_shape=(count, shape.embedding), bias_axes="fd", activation="relu"
        )(pieces)
        parts = [layers.Flatten()(embedded), Piecewise.pick(positions)(inputs)]
        hidden = layers.Concatenate()([*parts, Piecewise.pick(rest)(inputs)] if len(rest) else parts)
    hidden = Members(shape.members, name="members")(hidden)
    for _ in range(shape.layers):
        hidden = layers.Dense(shape.units, activation="relu")(hidden)
        hidden = layers.Dropout(shape.dropout)(hidden)
    outputs = layers.EinsumDense(
        "bkd,kdo->bko", output_shape=(shape.members, shape.outputs), bias_axes="ko", name="heads"
    )(hidden)
    return keras.Model(inputs, outputs)


@functools.lru_cache(maxsize=1)
def _layers(keras: Any) -> tuple[Any, Any]:
    """Returns the two layers of our own; Keras is not known before it is asked for."""

    class Members(keras.layers.Layer):
        """Repeats (rows, width) per member, each scaled by its own vector of signs at the start."""

        def __init__(self, members: int, **options: Any) -> None:
            super().__init__(**options)
            self.members = members

        def build(self, shape: tuple[int | None, int]) -> None:
            signs = keras.random.uniform((self.members, shape[-1])) < 0.5
            start = keras.ops.convert_to_numpy(keras.ops.where(signs, -1.0, 1.0))
            self.scale = self.add_weight(
                shape=(self.members, shape[-1]), initializer=lambda *_, **__: start, name="scale"
            )

        def call(self, inputs: Any) -> Any:
            return inputs[:, None, :] * self.scale[None]

    class Piecewise(keras.layers.Layer):
        """Encodes each picked feature by how far it fills each of its bins, (rows, picked, bins)."""

        def __init__(self, positions: np.ndarray, bins: int, edges: np.ndarray | None, **options: Any):
            super().__init__(**options)
            self.positions, self.bins, self.start = positions, bins, edges

        @staticmethod
        def pick(positions: np.ndarray) -> Any:
            """Returns a layer that keeps the features at the positions."""
            picked = [int(position) for position in positions]
            return keras.layers.Lambda(
                lambda inputs: keras.ops.take(inputs, picked, axis=1), output_shape=(len(picked),)
            )

        def build(self, shape: tuple[int | None, int]) -> None:
            size = (len(self.positions), self.bins + 1)
            start = np.zeros(size, np.float32) if self.start is None else self.start
            self.edges = self.add_weight(
                shape=size, initializer=lambda *_, **__: start, trainable=False, name="edges"
            )

        def call(self, inputs: Any) -> Any:
            ops = keras.ops
            values = ops.take(inputs, self.positions, axis=1)[:, :, None]
            low, high = self.edges[None, :, :-1], self.edges[None, :, 1:]
            return ops.clip((values - low) / ops.maximum(high - low, 1e-6), 0.0, 1.0)

    return Members, Piecewise

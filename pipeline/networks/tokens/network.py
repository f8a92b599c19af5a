"""Compiled networks of texts: built once per process and structure, reset for every fit."""

from __future__ import annotations

from typing import Any

from pipeline.networks.keras_import import load_keras, to_numpy
from pipeline.networks.losses import loss_of_each
from pipeline.networks.network import Network
from pipeline.networks.optimizers import make_optimizer, scalars_of
from pipeline.networks.texts.head import draws
from pipeline.networks.tokens.notation import build, parse
from pipeline.networks.tokens.structure import TokenStructure
from pipeline.networks.training.step import take_steps


class TokenNetwork(Network):
    """Branches of layers (tokens to a vector) and a head (the vectors, joined, to raw outputs).

    Attributes:
        extractor: Keras model, int32 (texts, tokens) by the reader's name to float32 (texts, width).
        head: Keras model, float32 (texts, width) to float32 (texts, 1, outputs).
        full: Keras model, tokens to raw outputs; compiled.
    """

    structure: TokenStructure  # type: ignore[assignment]

    def __init__(self, structure: TokenStructure) -> None:
        keras = load_keras()
        self.structure, self.learns, self.measuring = structure, True, None
        inputs = {name: keras.Input((None,), dtype="int32", name=name) for name, _, _ in structure.branches}
        said = [
            build(keras, parse(layers), inputs[name], rows, table_name(name))
            for name, layers, rows in structure.branches
        ]
        self.extractor = keras.Model(
            inputs, said[0] if len(said) == 1 else keras.ops.concatenate(said, axis=-1)
        )
        seen = keras.Input(self.extractor.output_shape[1:])
        last = keras.layers.Dense(structure.outputs, name="last")
        self.head = keras.Model(seen, last(draws(keras, seen, structure.dropout, 1)))
        self.full = keras.Model(inputs, self.head(self.extractor(inputs)))
        self._begin = [to_numpy(v) for v in self.weights]
        self.full.compile(
            optimizer=make_optimizer(keras, structure.optimizer, {}), loss=loss_of_each(keras, structure.loss)
        )
        self.full.optimizer.build(self.full.trainable_variables)
        take_steps(self.full, structure.optimizer.step, embeddings=[self.table(name) for name in inputs])
        self._scalars = [(self.full, scalars_of(self.full.optimizer))]

    def _drawn(self, model: Any) -> list[Any]:
        """Returns layers, and those within them: of both directions, of attention."""
        return [part for layer in super()._drawn(model) for part in layer._flatten_layers()]

    def table(self, reader: str) -> Any:
        """Returns the variable of a reader's embeddings, float32 (rows, width)."""
        return self.extractor.get_layer(table_name(reader)).embeddings


def table_name(reader: str) -> str:
    """Returns the name of the layer that embeds what a reader reads."""
    return f"{reader}_table"

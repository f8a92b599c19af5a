"""Compiled networks of texts: built once per process and structure, reset for every fit."""

from __future__ import annotations

from typing import Any

from pipeline.networks.keras_import import load_keras, to_numpy
from pipeline.networks.losses import loss_of_each
from pipeline.networks.network import Network
from pipeline.networks.optimizers import make_optimizer, scalars_of
from pipeline.networks.texts.head import draws, token_mean
from pipeline.networks.texts.pointing import with_absent
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
        self._build(keras, inputs)
        self._begin = [to_numpy(v) for v in self.weights]
        self.full.compile(
            optimizer=make_optimizer(keras, structure.optimizer, {}), loss=loss_of_each(keras, structure.loss)
        )
        self.full.optimizer.build(self.full.trainable_variables)
        take_steps(self.full, structure.optimizer.step, embeddings=[self.table(name) for name in inputs])
        self._scalars = [(self.full, scalars_of(self.full.optimizer))]

    def _build(self, keras: Any, inputs: dict[str, Any]) -> None:
        """Sets extractor, head and both together."""
        structure = self.structure
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

    def _drawn(self, model: Any) -> list[Any]:
        """Returns layers, and those within them: of both directions, of attention."""
        return [part for layer in super()._drawn(model) for part in layer._flatten_layers()]

    def table(self, reader: str) -> Any:
        """Returns the variable of a reader's embeddings, float32 (rows, width)."""
        return self.extractor.get_layer(table_name(reader)).embeddings


class PointerNetwork(TokenNetwork):
    """Layers that leave tokens as they are, and a head that points at the first and the last of a span.

    What cannot be pointed at says of the others in the mean of its embeddings, which is added to every token.

    Attributes:
        extractor: Keras model from `token_ids` and `pointed` (which tokens can be pointed at) to float32
            (windows, tokens, width).
        head: Keras model of these and of `pointed` to float32 (windows, 1 + tokens, 2); the first place says
            that the window does not hold the answer.
        full: Keras model of `token_ids` and `pointed` to the same; compiled.
    """

    def _build(self, keras: Any, inputs: dict[str, Any]) -> None:
        structure, ops, layers = self.structure, keras.ops, keras.layers
        [(name, notation, rows)] = structure.branches  # its windows are not called as the reader of words is
        seen = {key: keras.Input((None,), dtype="int32", name=key) for key in ("token_ids", "pointed")}
        ids, own = seen.values()
        others = ops.cast(ops.not_equal(ids, 0), "int32") - own

        def told(x: Any) -> Any:
            said = layers.Dense(x.shape[-1], name="beside")(token_mean(keras, x, others))
            return x + said[:, None, :]

        states = build(keras, parse(notation, pointing=True), ids, rows, table_name(name), told)
        self.extractor = keras.Model(seen, states)
        said, known = keras.Input(states.shape[1:]), keras.Input((None,), dtype="int32")
        kept = layers.Dropout(structure.dropout)(said)
        absent = layers.Dense(2, name="absent")(token_mean(keras, kept, known))
        logits = with_absent(keras, layers.Dense(2, name="last")(kept), absent, known)
        self.head = keras.Model([said, known], logits)
        self.full = keras.Model(seen, self.head([states, own]))


def table_name(reader: str) -> str:
    """Returns the name of the layer that embeds what a reader reads."""
    return f"{reader}_table"

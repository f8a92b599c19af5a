"""Compiled encoders with a head: built once per process and structure, reset for every fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.networks.building import precision
from pipeline.networks.keras_import import load_keras, to_numpy
from pipeline.networks.losses import loss_of_each
from pipeline.networks.network import Network, Values
from pipeline.networks.optimizers import make_optimizer, scalars_of
from pipeline.networks.texts import encoder as encoders
from pipeline.networks.texts.blocks import begin_anew, blocks_of, rate_factors, settle, word_table
from pipeline.networks.texts.head import LAYERS, draws, pool_tokens
from pipeline.networks.texts.structure import TextStructure
from pipeline.networks.training.step import take_steps


class TextNetwork(Network):
    """A pretrained encoder (tokens to states) and a head (states to raw outputs).

    Attributes:
        extractor: Keras model from `token_ids`, `segment_ids` and `padding_mask`, as far as the backbone has
            them, to (windows, tokens, width), of several blocks where they are mixed.
        head: Keras model, states and mask to float32 (windows, draws, outputs).
        full: Keras model, tokens to raw outputs; compiled. In training there are `samples` draws, else one.
        vectors: Keras model, tokens to the pooled features (windows, width).
    """

    structure: TextStructure  # type: ignore[assignment]

    def __init__(self, structure: TextStructure) -> None:
        keras = load_keras()
        self.structure = structure
        self.learns = True
        with precision(structure.mixed):
            backbone = encoders.read_backbone(structure.folder)
            self.blocks = blocks_of(backbone)
            states = [encoders.states_of(backbone)]
            if structure.pooling == "layers":
                states = [block.output for block in self.blocks[-LAYERS:]]
            self.extractor = keras.Model(backbone.input, states)
            self._build(keras, structure)
        settle(backbone, structure.top)
        self.measuring: Any = None
        self._begin = [to_numpy(v) for v in self.weights]
        optimizer = make_optimizer(
            keras, structure.optimizer, rate_factors(backbone, structure.optimizer.layer_decay)
        )
        self.full.compile(optimizer=optimizer, loss=loss_of_each(keras, structure.loss))
        self.full.optimizer.build(self.full.trainable_variables)
        step = structure.optimizer.step
        take_steps(self.full, step, embeddings=[word_table(backbone)] if step.adversarial else ())
        self._scalars = [(self.full, scalars_of(self.full.optimizer))]

    def _build(self, keras: Any, structure: TextStructure) -> None:
        inputs = self.extractor.input
        seen = [keras.Input(state.shape[1:], dtype=state.dtype) for state in self.extractor.outputs]
        mask = keras.Input((None,), dtype="int32")
        vector = pool_tokens(keras, seen, mask, structure.pooling)
        several = draws(keras, vector, structure.dropout, structure.samples)
        normal = keras.initializers.TruncatedNormal(stddev=0.02, seed=0)
        last = keras.layers.Dense(structure.outputs, kernel_initializer=normal, dtype="float32", name="last")
        pooled = keras.Model([*seen, mask], vector)
        self.head = keras.Model([*seen, mask], last(several))
        states = self.extractor(inputs)
        states = states if isinstance(states, list | tuple) else [states]
        self.full = keras.Model(inputs, self.head([*states, inputs["padding_mask"]]))
        self.vectors = keras.Model(inputs, pooled([*states, inputs["padding_mask"]]))

    def begin(self, seed: int) -> None:
        """Sets weights, random states and optimiser as they are before a fit."""
        self.reset(seed, self._begin[: len(self.extractor.weights)])
        begin_anew(self.blocks[len(self.blocks) - self.structure.reinit :], seed)

    def learned(self) -> np.ndarray:
        """Says of each weight whether it learns, bool (weights,)."""
        trained = {variable.path for variable in self.full.trainable_variables}
        return np.array([variable.path in trained for variable in self.weights])

    def completed(self, values: Values) -> Values:
        """Returns all weights: those that learn as given, the others as they are pretrained."""
        given = iter(values)
        return [
            next(given) if learns else begun
            for learns, begun in zip(self.learned().tolist(), self._begin, strict=True)
        ]

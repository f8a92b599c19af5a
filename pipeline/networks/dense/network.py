"""Compiled U-Nets: built once per process and structure, reset for every fit."""

from __future__ import annotations

from typing import Any

from pipeline.networks.building import ADAPTED_MOMENTUM, leaves
from pipeline.networks.dense.building import build_decoder, build_encoder
from pipeline.networks.dense.losses import make_mask_loss
from pipeline.networks.dense.structure import UNetStructure
from pipeline.networks.keras_import import load_keras, to_numpy
from pipeline.networks.layers import STANDARDISE
from pipeline.networks.network import Network, is_norm
from pipeline.networks.optimizers import make_optimizer, scalars_of


class UNet(Network):
    """An encoder (pictures to maps) and a decoder (maps to logits).

    Attributes:
        extractor: Keras model, uint8 (n, h, w, c) to a list of maps.
        head: Keras model, maps to float32 (n, h, w, layers).
        full: Keras model, pictures to logits; compiled.
        frozen: the same layers, of which the encoder's do not learn; compiled.
    """

    def __init__(self, structure: UNetStructure) -> None:
        keras = load_keras()
        self.structure = structure  # type: ignore[assignment]
        self.learns = True
        self.extractor = build_encoder(structure.extractor, structure.head.width)
        self.head = build_decoder(structure.head, self.extractor.output_shape)
        inputs = keras.Input(structure.extractor.shape, dtype="uint8")
        self.full = keras.Model(inputs, self.head(self.extractor(inputs)))
        self.frozen = keras.Model(inputs, self.full.output)
        self.measuring: Any = None
        self._begin = [to_numpy(v) for v in self.weights]
        self._scalars = []
        loss = make_mask_loss(keras, structure.head.loss)
        for model, freeze, factors in ((self.frozen, True, {}), (self.full, False, self._factors())):
            self.settle(freeze)
            model.compile(optimizer=make_optimizer(keras, structure.optimizer, factors), loss=loss)
            model.optimizer.build(model.trainable_variables)
            self._scalars.append((model, scalars_of(model.optimizer)))

    def settle(self, freeze: bool) -> None:
        """Says which layers learn: Keras reads it when a step is traced, the first time that it is taken."""
        for layer in leaves(self.extractor):
            pinned = layer.name == STANDARDISE or (is_norm(layer) and not self.structure.adapt)
            layer.trainable = not freeze and not pinned
        for layer in self.normalisations():
            layer.momentum = ADAPTED_MOMENTUM

    def _factors(self) -> dict[str, float]:
        """Returns the factor of the rate of the encoder's variables."""
        factor = self.structure.head.encoder_rate  # type: ignore[attr-defined]
        return {} if factor == 1.0 else {variable.path: factor for variable in self.extractor.variables}

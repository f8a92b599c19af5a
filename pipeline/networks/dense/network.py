"""Compiled U-Nets: built once per process and structure, reset for every fit."""

from __future__ import annotations

from typing import Any

from pipeline.networks.dense.building import at_one_size, build_decoder, build_encoder, greys
from pipeline.networks.dense.centre_classes import NAME as CLASSES
from pipeline.networks.dense.centre_classes import make_class_loss
from pipeline.networks.dense.centre_loss import make_centre_loss
from pipeline.networks.dense.losses import deeply, make_mask_loss
from pipeline.networks.dense.structure import CENTRES, DecoderStructure, UNetStructure
from pipeline.networks.keras_import import leaves, load_keras, to_numpy
from pipeline.networks.layers import STANDARDISE
from pipeline.networks.network import GREYS, Network, is_norm
from pipeline.networks.optimizers import make_optimizer, scalars_of
from pipeline.networks.training.step import take_steps

MOMENTUM = 0.98  # of the normalisations: some fifty steps, for a step may see two pictures


class UNet(Network):
    """An encoder (pictures to maps) and a decoder (maps to logits).

    Attributes:
        extractor: Keras model, uint8 (n, h, w, c) to a list of maps.
        head: Keras model, maps to logits, the finest of float32 (n, h, w, layers) first.
        full: Keras model, pictures to all that its loss looks at: logits, or greys; compiled.
        answering: Keras model, pictures to the finest logits, or to greys: (n, h, w, layers).
        rate: factor of the encoder's rate, a variable: both phases of a fit are one traced step.
    """

    def __init__(self, structure: UNetStructure) -> None:
        keras = load_keras()
        self.structure = structure  # type: ignore[assignment]
        self.learns = True
        self.extractor = build_encoder(structure.extractor, structure.head)
        self.head = build_decoder(structure.head, self.extractor.output_shape)
        inputs = keras.Input(structure.extractor.shape, dtype="uint8")
        answers = self.head(self.extractor(inputs))
        if (begin := structure.head.begin) is not None:
            answers[0] = answers[0] + greys(keras, inputs, last=begin == "background")
        self.full = keras.Model(inputs, at_one_size(keras, answers))
        self.answering = keras.Model(inputs, answers[0]) if len(answers) > 1 else self.full
        self.measuring: Any = None
        self._begin = [to_numpy(v) for v in self.weights]
        for layer in leaves(self.extractor):
            layer.trainable = layer.name != STANDARDISE and (structure.adapt or not is_norm(layer))
        for layer in self.normalisations():
            layer.momentum = MOMENTUM
        self.rate = keras.Variable(structure.head.encoder_rate, trainable=False, name="encoder_rate")
        factors = {variable.path: self.rate for variable in self.extractor.variables}
        optimizer = make_optimizer(keras, structure.optimizer, factors)
        self.full.compile(optimizer=optimizer, loss=_loss_of(keras, self))
        self.full.optimizer.build(self.full.trainable_variables)
        step = structure.optimizer.step
        take_steps(self.full, step, self.of_floats() if step.adversarial else None, GREYS)
        self._scalars = [(self.full, scalars_of(self.full.optimizer))]

    def hold(self, encoder: bool) -> None:
        """Says whether the encoder stays as it is, but for the decay of weights."""
        self.rate.assign(0.0 if encoder else self.structure.head.encoder_rate)  # type: ignore[attr-defined]

    def class_layer(self) -> Any:
        """Returns the layer that tells the classes of boxes at their middles."""
        return self.head.get_layer(CLASSES)


def _loss_of(keras: Any, network: UNet) -> Any:
    head: DecoderStructure = network.structure.head  # type: ignore[assignment]
    if head.classes:
        return make_class_loss(keras, network.class_layer())
    if head.loss == CENTRES:
        return make_centre_loss(keras, head.heatmaps)
    loss = make_mask_loss(keras, head.loss)
    factor = head.deep_supervision
    return deeply(keras, loss, head.layers, factor) if factor else loss

"""Compiled networks: built once per process and structure, reset for every fit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.networks.building import (
    ADAPTED_MOMENTUM,
    build_extractor,
    build_head,
    of_floats,
    precision,
    shared_extractor,
)
from pipeline.networks.keras_import import leaves, load_keras, to_numpy
from pipeline.networks.layers import STANDARDISE
from pipeline.networks.losses import arcface, make_loss
from pipeline.networks.optimizers import make_optimizer, reset_optimizer, scalars_of
from pipeline.networks.structure import ALL, Structure
from pipeline.networks.training.step import take_steps

GREYS = (0.0, 255.0)
MOST_NETWORKS = 4  # kept in a process; building anew costs seconds and memory that never comes back

Values = list[np.ndarray]

_networks: OrderedDict[Any, Network] = OrderedDict()


def get_network(structure: Any, threads: int = 2, build: Callable[[Any], Network] | None = None) -> Network:
    """Returns the process's network of that structure, built and compiled at its first use.

    Whoever takes it sets its weights first (`reset` or `assign`): others have used it too.

    Args:
        structure: equal ones are one network.
        threads: that the backend may start.
        build: makes a network of it; default: `Network`.
    """
    load_keras(threads)
    if structure not in _networks:
        _networks[structure] = (build or Network)(structure)
        while len(_networks) > MOST_NETWORKS:
            _networks.popitem(last=False)
    _networks.move_to_end(structure)
    return _networks[structure]


class Network:
    """An extractor (pictures to features) and a head (features to raw outputs).

    Attributes:
        extractor: Keras model, pictures (n, h, w, c) to float32 (n, width).
        head: Keras model, float32 (n, width) to float32 (n, raw outputs); compiled.
        full: Keras model, pictures to raw outputs; compiled; None where no backbone layer learns.
    """

    def __init__(self, structure: Structure) -> None:
        keras = load_keras()
        self.structure = structure
        self.learns = structure.top != 0
        make = build_extractor if self.learns else shared_extractor
        self.extractor = make(structure.extractor)
        with precision(structure.extractor.mixed):
            self.head = build_head(structure.head, self.extractor.output_shape[-1])
            self.full: Any = None
            if self.learns:
                inputs = keras.Input(structure.extractor.shape, dtype=structure.extractor.values)
                self.full = keras.Model(inputs, self.head(self.extractor(inputs)))
        self.measuring: Any = None  # see batch_norm
        self._begin = [to_numpy(v) for v in self.weights]
        self._settle_layers()
        self._compile()

    @property
    def weights(self) -> list[Any]:
        """The extractor's variables, then the head's."""
        return [*self.extractor.weights, *self.head.weights]

    def values(self) -> Values:
        """Returns copies of all weights."""
        return [to_numpy(v) for v in self.weights]

    def assign(self, values: Sequence[np.ndarray]) -> None:
        """Sets all weights."""
        for variable, value in zip(self.weights, values, strict=True):
            variable.assign(value)

    def reset(self, seed: int, pretrained: Values | None, statistics: tuple | None = None) -> None:
        """Sets weights, random states and optimisers as a network has them that was just built.

        Args:
            seed: of the weights that start at random and of dropout.
            pretrained: the extractor's weights, or None: they start at random too.
            statistics: mean and deviation of each channel, where the extractor
                standardises by them and `pretrained` is None.
        """
        self.assign(self._begin)
        draws = np.random.SeedSequence(seed).generate_state(4096).tolist()
        for model in [self.head] if pretrained else [self.extractor, self.head]:
            for layer in self._drawn(model):
                _draw_again(layer, draws)
        if pretrained:
            for variable, value in zip(self.extractor.weights, pretrained, strict=True):
                variable.assign(value)
        elif statistics:
            layer = self.extractor.get_layer(STANDARDISE)
            layer.moving_mean.assign(statistics[0])
            layer.moving_variance.assign(np.square(statistics[1]))
        for state in self._random_states():
            state.assign(np.array([draws.pop(0), 0], np.uint32).astype(state.dtype))  # torch: int32
        for model, scalars in self._scalars:
            reset_optimizer(model.optimizer, scalars)

    def normalisations(self) -> list[Any]:
        """Returns the batch normalisation layers that keep statistics of their own."""
        return [
            layer
            for layer in leaves(self.extractor) + leaves(self.head)
            if is_norm(layer) and layer.trainable
        ]

    def _drawn(self, model: Any) -> list[Any]:
        """Returns the layers whose random weights a seed draws."""
        return leaves(model)

    def _random_states(self) -> list[Any]:
        model = self.full or self.head
        known = {id(v) for v in model.weights}
        return [v for v in model.variables if id(v) not in known]

    def _settle_layers(self) -> None:
        """Says which layers learn, before compiling: Keras reads it then."""
        if not self.learns:
            self.extractor.trainable = False
            return
        layers = [layer for layer in leaves(self.extractor) if layer.weights and layer.name != STANDARDISE]
        first = 0 if self.structure.top == ALL else max(0, len(layers) - self.structure.top)
        for place, layer in enumerate(layers):
            layer.trainable = place >= first and (self.structure.adapt or not is_norm(layer))
        for layer in self.normalisations():
            layer.momentum = ADAPTED_MOMENTUM
        self._learning = [layer for layer in layers[first:] if layer.trainable_weights]

    def _compile(self) -> None:
        keras = load_keras()
        head = self.structure.head
        if head.kind == "arcface":
            loss = arcface(keras, head.scale, head.margin, head.smoothing)
        else:
            loss = make_loss(keras, head.loss, head.smoothing, head.bins)
        self._scalars = []
        for model, factors in ((self.head, {}), (self.full, self._factors())):
            if model is None:
                continue
            model.compile(optimizer=make_optimizer(keras, self.structure.optimizer, factors), loss=loss)
            model.optimizer.build(model.trainable_variables)
            self._scalars.append((model, scalars_of(model.optimizer)))
        step = self.structure.optimizer.step
        take_steps(self.head, replace(step, adversarial=None))
        if self.full:
            take_steps(self.full, step, self.of_floats() if step.adversarial else None, GREYS)

    def of_floats(self) -> Callable:
        """Returns extractor and head as one function of pictures as float32, by which these have slopes."""
        body = of_floats(self.extractor)
        return lambda pictures, training: self.head(body(pictures, training=training), training=training)

    def _factors(self) -> dict[str, float]:
        """Returns the factor of the rate of each backbone variable: the deeper, the smaller."""
        decay = self.structure.optimizer.layer_decay
        if decay == 1.0 or not self.learns:
            return {}
        return {
            variable.path: decay ** (depth + 1)
            for depth, layer in enumerate(reversed(self._learning))
            for variable in layer.trainable_weights
        }


def is_norm(layer: Any) -> bool:
    """Says whether a layer is a batch normalisation that may keep statistics of its own."""
    keras = load_keras()
    return isinstance(layer, keras.layers.BatchNormalization) and layer.name != STANDARDISE


def _draw_again(layer: Any, draws: list[int]) -> None:
    """Gives the layer's random weights new values, one seed of `draws` each."""
    for variable, initializer in _random_weights(layer):
        drawn = type(initializer).from_config({**initializer.get_config(), "seed": draws.pop(0)})
        variable.assign(drawn(variable.shape, dtype="float32"))


def _random_weights(layer: Any) -> Iterator[tuple[Any, Any]]:
    for name, initializer in sorted(vars(layer).items()):
        if not name.endswith("_initializer") or "seed" not in getattr(initializer, "get_config", dict)():
            continue
        stem = name.removesuffix("_initializer")
        for attribute in (stem, f"{stem}_kernel", "kernel"):  # DepthwiseConv2D: depthwise_initializer, kernel
            variable = getattr(layer, attribute, None)
            if variable is not None and hasattr(variable, "assign"):
                yield variable, initializer
                break

"""Keras models from structures: pictures to features, features to raw outputs."""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Iterator
from typing import Any

from pipeline.errors import ConfigError
from pipeline.networks.backbones import find_backbone
from pipeline.networks.keras_import import load_keras
from pipeline.networks.layers import cosine_layer, pool, preprocess, standardise, with_own_norms
from pipeline.networks.notation import Token, build, is_notation, of_maps, parse
from pipeline.networks.structure import ExtractorStructure, HeadStructure

ADAPTED_MOMENTUM = 0.9
MOST_SHARED = 4


def build_extractor(structure: ExtractorStructure, learns: bool = True) -> Any:
    """Returns a new, untrained Keras model: pictures to features.

    Args:
        structure: what it is.
        learns: False where none of its layers will be trained.

    Raises:
        ConfigError: a pretrained network is shown pictures of other than 1 or 3 channels.
    """
    keras = load_keras()
    with precision(structure.mixed):
        layers = parse(structure.backbone) if is_notation(structure.backbone) else []
        inputs, x = _body(keras, structure, layers, learns)
        return keras.Model(inputs, pool(keras, x, structure.pooling))


def build_map(structure: ExtractorStructure) -> Any:
    """Returns a new Keras model: pictures to an extractor's last map, before anything pools or flattens it.

    Its weights are the extractor's first ones, in their order.
    """
    keras = load_keras()
    with precision(structure.mixed):
        layers = parse(structure.backbone) if is_notation(structure.backbone) else []
        return keras.Model(*_body(keras, structure, of_maps(layers), True))


def _body(keras: Any, structure: ExtractorStructure, layers: list[Token], learns: bool) -> tuple[Any, Any]:
    """Returns input and output of layers in notation, or of a pretrained network."""
    inputs = keras.Input(structure.shape, dtype=structure.values)
    x = keras.ops.cast(inputs, "float32")
    if is_notation(structure.backbone):
        return inputs, build(keras, layers, standardise(keras, x, structure.values))
    record = find_backbone(structure.backbone)
    if structure.shape[2] not in (1, 3):
        raise ConfigError(
            f"backbone: {structure.backbone} sees pictures of 1 or 3 channels. "
            f"Received: {structure.shape[2]}."
        )
    if structure.shape[2] == 1:
        x = keras.ops.repeat(x, 3, axis=-1)
    x = preprocess(keras, x, record.convention)
    height, width, _ = structure.shape
    backbone = application(structure.backbone, structure.alpha, None, (height, width, 3))
    return inputs, (with_own_norms(keras, backbone) if learns else backbone)(x)


def application(name: str, alpha: float, weights: str | None, shape: tuple | None) -> Any:
    """Returns the Keras application of that name, without its classifier."""
    keras = load_keras()
    record = find_backbone(name)
    own = {"alpha": alpha} if record.alphas else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of weights for 224 pixels being used at other sizes
        return getattr(keras.applications, record.constructor)(
            include_top=False, weights=weights, input_shape=shape, **own
        )


@functools.lru_cache(maxsize=MOST_SHARED)
def shared_extractor(structure: ExtractorStructure) -> Any:
    """Returns an extractor that several networks use, since none of them trains it."""
    return build_extractor(structure, learns=False)


def build_head(structure: HeadStructure, features: int) -> Any:
    """Returns a Keras model: features to raw outputs."""
    keras = load_keras()
    layers = keras.layers
    x = inputs = keras.Input((features,))
    if structure.batch_norm:
        x = layers.BatchNormalization(momentum=ADAPTED_MOMENTUM)(x)
    for width in structure.dense:
        x = layers.Dropout(structure.dropout)(x) if structure.dropout else x
        x = layers.Dense(width, activation="relu", kernel_initializer="he_normal")(x)
    x = layers.Dropout(structure.dropout)(x) if structure.dropout else x
    if structure.kind == "linear":
        x = layers.Dense(structure.width, dtype="float32")(x)
    else:
        x = cosine_layer(keras)(structure.width, structure.scale, dtype="float32")(x)
    return keras.Model(inputs, x)


def of_floats(extractor: Any) -> Any:
    """Returns the Keras model that an extractor is from its first step on, which makes pixels float32.

    A whole number has no slope.
    """
    return load_keras().Model(extractor.operations[1].output, extractor.output)


@contextlib.contextmanager
def precision(mixed: bool) -> Iterator[None]:
    """Layers built within compute in float16 with float32 weights, where asked."""
    config = load_keras().config
    before = config.dtype_policy()
    config.set_dtype_policy("mixed_float16" if mixed else "float32")
    try:
        yield
    finally:
        config.set_dtype_policy(before)

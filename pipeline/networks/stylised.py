"""Stylised pictures: training rows in the texture of other training rows of the same fold.

Networks that learned from ImageNet look at texture first, and less so where it says nothing of the class:
Geirhos et al., "ImageNet-trained CNNs are biased towards texture", ICLR 2019. A texture is what maps of a
network have in common at all places: Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional
Neural Networks", CVPR 2016, equations 1 to 7, by L-BFGS as there. Random filters know textures, too
(Ustyuzhaninov et al., "What does it take to generate natural textures?", ICLR 2017), so the network may be
one that has learned nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pipeline.clock import Clock
from pipeline.context import Context
from pipeline.errors import ModelError
from pipeline.networks.building import build_map
from pipeline.networks.config import StylizeConfig
from pipeline.networks.keras_import import load_keras
from pipeline.networks.network import Values
from pipeline.networks.picture_batches import Drawn, take
from pipeline.networks.pretrained import digest
from pipeline.networks.slopes import slopes
from pipeline.networks.structure import ExtractorStructure
from pipeline.networks.training.checkpoint import name_fit

VERSION = 1  # raise it when the same rows would give other pictures
SALT = 2  # tells its seeds from those of other pictures in a batch
SEED = 0  # of who takes whose texture
AT_ONCE = 32  # pictures of one search
MOST_CHANNELS = 512  # of a map whose texture is looked at: it is their square
SMALLEST = 1e-12

Maps = Callable[[Any], list[Any]]


def stylised_pictures(
    config: StylizeConfig,
    structure: ExtractorStructure,
    values: Values,
    pixels: np.ndarray,
    positions: np.ndarray,
    pictures: str,
    limit: float | None,
    context: Context,
) -> Drawn:
    """Returns a fit's training rows, each in the texture of another one; they are kept by `Context.cache`.

    Args:
        config: what is asked for.
        structure: of the extractor that learns.
        values: its weights as it begins.
        pixels: uint8 (all rows, h, w, c).
        positions: (n,) of the training rows in it.
        pictures: names all pixels.
        limit: seconds after which rows stay as they are, or None.
        context: cache, report, threads.

    Raises:
        ModelError: the pictures have not 8 bits.
    """
    if pixels.dtype != np.uint8:
        raise ModelError(f"stylize: it changes pictures of 8 bits. Received: {pixels.dtype}.")
    key = {
        "stylize": config.model_dump(exclude={"share"}),
        "weights": digest(values),
        "pictures": pictures,
        "rows": name_fit(positions),
        "limit": limit,
        "version": VERSION,
    }

    def make() -> np.ndarray:
        return stylised(config, maps_of(structure, values), take(pixels, positions), limit, context)[None]

    found = context.cache("stylised", key, make)
    load_keras().utils.set_random_seed(context.seed % 2**32)  # as where they were made before
    return Drawn(found, config.share, SALT)


def stylised(
    config: StylizeConfig, maps: Maps, pictures: np.ndarray, limit: float | None, context: Context
) -> np.ndarray:
    """Returns uint8 (n, h, w, c): pictures, each in the texture of the next one in a random order."""
    n, found, until = len(pictures), pictures.copy(), Clock.now() + (limit or math.inf)
    order = np.random.default_rng(SEED).permutation(n)
    for start in range(0, n, AT_ONCE):
        if Clock.now() > until:
            break
        own, others = order[start : start + AT_ONCE], np.roll(order, -1)[start : start + AT_ONCE]
        found[own] = _searched(config, maps, pictures[own], pictures[others])
        context.report(0.0, f"stylising pictures: {min(n, start + AT_ONCE):,} of {n:,}")
    return found


def maps_of(structure: ExtractorStructure, values: Values) -> Maps:
    """Returns a function from pictures as float32 to maps of an extractor: the last one of each size."""
    keras = load_keras()
    body = build_map(structure)
    for variable, value in zip(body.weights, values, strict=False):
        variable.assign(value)
    within = next((layer for layer in body.layers if getattr(layer, "layers", None)), None)
    if within is None:
        model = keras.Model(body.operations[1].output, _last_of_each_size(body.layers[2:]))
        return lambda x: _listed(model(x, training=False))
    before = keras.Model(body.operations[1].output, body.layers[body.layers.index(within) - 1].output)
    model = keras.Model(within.inputs, _last_of_each_size(within.layers[1:]))
    return lambda x: _listed(model(before(x, training=False), training=False))


def textures(ops: Any, maps: Sequence[Any]) -> list[Any]:
    """Returns (n, c, c) of each map (n, h, w, c) that is not too wide: how channels go together (Gram)."""
    found = []
    for one in maps:
        if one.shape[-1] <= MOST_CHANNELS:
            flat = ops.reshape(one, (-1, one.shape[1] * one.shape[2], one.shape[3]))
            found.append(ops.matmul(ops.transpose(flat, (0, 2, 1)), flat) / flat.shape[1])
    return found


def _last_of_each_size(layers: Sequence[Any]) -> list[Any]:
    """Returns outputs of layers that are maps, of each height and width the last; padding makes none."""
    maps = [
        layer.output
        for layer in layers
        if len(layer.output.shape) == 4 and "Padding" not in type(layer).__name__
    ]
    return list({tuple(one.shape[1:3]): one for one in maps}.values())


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _searched(config: StylizeConfig, maps: Maps, pictures: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns uint8 (n, h, w, c): pictures in the textures of the others."""
    from scipy.optimize import minimize

    ops = load_keras().ops
    seen = maps(ops.convert_to_tensor(pictures.astype(np.float32)))
    middle = len(seen) // 2
    wanted = textures(ops, maps(ops.convert_to_tensor(others.astype(np.float32))))

    def total(x: Any) -> Any:
        found = maps(x)
        own = _off(ops, found[middle], seen[middle])
        style = [_off(ops, one, other) for one, other in zip(textures(ops, found), wanted, strict=True)]
        return own + config.strength * sum(style) / max(1, len(style))

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = slopes(total, (255.0 * x).astype(np.float32).reshape(pictures.shape))
        return value, 255.0 * slope.astype(np.float64).ravel()

    begin = pictures.ravel() / 255.0
    limits = [(0.0, 1.0)] * len(begin)
    options = {"maxiter": config.steps}
    best = minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=limits, options=options).x
    return np.rint(255.0 * best).astype(np.uint8).reshape(pictures.shape)


def _off(ops: Any, one: Any, other: Any) -> Any:
    """Returns the squared distance of maps or textures, in the other's length, summed over pictures."""
    axes = tuple(range(1, len(one.shape)))
    far, long = ops.sum(ops.square(one - other), axis=axes), ops.sum(ops.square(other), axis=axes)
    return ops.sum(far / (long + SMALLEST))

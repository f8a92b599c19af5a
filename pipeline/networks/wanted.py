"""Wanted pictures: what raises one output of a network most, found by gradient ascent from a plain colour.

Olah, Mordvintsev and Schubert, "Feature Visualization", Distill, 2017: slopes in the decorrelated space,
where a natural picture's frequencies are alike, and pictures that are moved a little before each look.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.networks.building import of_floats
from pipeline.networks.keras_import import leaves, load_keras
from pipeline.networks.network import Network
from pipeline.networks.slopes import slopes

STEPS = 64
PACE = 0.5  # deviation of the first step, in log-odds of grey; it falls to none
HOLD = 0.02  # of the way back to the plain colour, at each step
JITTER = 16  # a picture moves by up to a sixteenth of its side
START = 0.1  # deviation of the noise that it begins with, in log-odds of grey
ITSELF = 1e9  # taken from an output where the others are summed up
PASSES = 3  # a slope costs about three looks
DARKEST, LIGHTEST = 4.0, 251.0  # of the plain colour, which must leave room


def wanted(
    network: Network, outputs: Sequence[int], colour: np.ndarray, seed: int, exclusive: bool
) -> np.ndarray:
    """Returns uint8 (outputs, height, width, channels): for each output what the network wants to see.

    Dropout is off, and batch normalisation as at prediction.

    Args:
        network: its weights are set; it sees pictures of 8 bits.
        outputs: numbers of its raw outputs.
        colour: float (channels,), of 0 to 255: what the pictures begin with.
        seed: of the noise on it and of the jitter.
        exclusive: an output is raised above the others, not by itself.
    """
    keras = load_keras()
    ops, body, rng = keras.ops, of_floats(network.extractor), np.random.default_rng(seed)
    height, width, channels = network.structure.extractor.shape
    chosen = np.eye(network.head.output_shape[-1], dtype=np.float32)[list(outputs)]

    def total(x: Any) -> Any:
        raw = network.head(body(x, training=False), training=False)
        own = ops.sum(raw * chosen)
        return own - ops.sum(ops.logsumexp(raw - ITSELF * chosen, axis=-1)) if exclusive else own

    share = np.clip(colour, DARKEST, LIGHTEST) / 255.0
    plain = np.log(share / (1.0 - share))
    x = plain + START * rng.standard_normal((len(chosen), height, width, channels))
    for number in range(STEPS):
        pace = PACE * (1.0 - number / STEPS)
        way = tuple(int(rng.integers(-reach, reach + 1)) for reach in _reach(height, width))
        seen = 1.0 / (1.0 + np.exp(-np.roll(x, way, axis=(1, 2))))
        slope = slopes(total, (255.0 * seen).astype(np.float32))[1] * seen * (1.0 - seen)
        step = smoothed(np.roll(slope, (-way[0], -way[1]), axis=(1, 2)))
        spread = step.std(axis=(1, 2, 3), keepdims=True)
        x += pace * step / np.where(spread > 0, spread, 1.0) - HOLD * (x - plain)
    return np.rint(255.0 / (1.0 + np.exp(-x))).astype(np.uint8)


def smoothed(slope: np.ndarray) -> np.ndarray:
    """Returns a slope (n, h, w, c) by pixels as it is where all frequencies of a natural picture are alike.

    These fall off with the frequency (Field, 1987), so that each counts by its inverse square.
    """
    down, across = np.fft.fftfreq(slope.shape[1]), np.fft.rfftfreq(slope.shape[2])
    frequency = np.sqrt(down[:, None] ** 2 + across[None] ** 2)
    least = 1.0 / max(slope.shape[1:3])
    factor = (least / np.maximum(frequency, least)) ** 2
    parts = np.fft.rfft2(slope, axes=(1, 2)) * factor[..., None]
    return np.fft.irfft2(parts, s=slope.shape[1:3], axes=(1, 2))


def cost_of(network: Network) -> float:
    """Returns multiplications of one wanted picture: those of convolutions and dense layers, all steps."""
    total = 0.0
    for layer in leaves(network.extractor) + leaves(network.head):
        kernel = getattr(layer, "kernel", None)
        if kernel is not None:
            total += float(np.prod(kernel.shape)) * float(np.prod(layer.output.shape[1:-1]))
    return total * STEPS * PASSES


def _reach(*sides: int) -> list[int]:
    return [max(1, side // JITTER) if side > 1 else 0 for side in sides]

"""Batch normalisation statistics of a trained network, measured again on training pictures.

Keras keeps moving averages with the momentum that a network was made with; MobileNetV2's is 0.999.
After some hundred steps of fine-tuning they still describe the network as it was before, and one
with a small training loss scores at chance. They are measured anew with the final weights, as in
Izmailov et al., "Averaging Weights Leads to Wider Optima" (UAI 2018, section 3.2).
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from pipeline.networks.keras_import import leaves, load_keras, to_numpy
from pipeline.networks.network import Network
from pipeline.networks.picture_batches import take

MOST_PICTURES = 2048


def measure_again(network: Network, pixels: np.ndarray, positions: np.ndarray, size: int, seed: int) -> None:
    """Sets the statistics to their mean over batches of unchanged training pictures.

    Args:
        network: its weights are set.
        pixels: (all rows, h, w, c).
        positions: the training rows; some of them are drawn where there are many.
        size: pictures per batch, as in training.
        seed: of the draw.
    """
    layers = network.normalisations()
    if not layers:
        return
    chosen = np.random.default_rng(seed).permutation(positions)[:MOST_PICTURES]
    steps = max(1, len(chosen) // size)
    model = _in_training_mode(network)
    totals = [[0.0, 0.0] for _ in layers]
    for step in range(steps):
        before = [_statistics(layer) for layer in layers]
        model.predict_on_batch(take(pixels, chosen[step * size : (step + 1) * size]))
        for layer, old, total in zip(layers, before, totals, strict=True):
            for place, new in enumerate(_statistics(layer)):
                total[place] += (new - layer.momentum * old[place]) / (1.0 - layer.momentum)
    for layer, (mean, variance) in zip(layers, totals, strict=True):
        layer.moving_mean.assign(np.asarray(mean / steps, np.float32))
        layer.moving_variance.assign(np.asarray(np.maximum(variance / steps, 0.0), np.float32))


def _statistics(layer: Any) -> tuple[np.ndarray, np.ndarray]:
    mean, variance = to_numpy(layer.moving_mean), to_numpy(layer.moving_variance)
    return mean.astype(np.float64), variance.astype(np.float64)


def _in_training_mode(network: Network) -> Any:
    """Returns the network as a model that normalises by each batch, without its dropout.

    Dropout would widen the activations that are measured (Li et al., CVPR 2019).
    """
    if network.measuring is None:
        network.measuring = _measuring_model(load_keras())(network.full)
    return network.measuring


@functools.cache
def _measuring_model(keras: Any) -> Any:
    """Returns the class of models that run another in training mode, its dropout rates at zero."""

    class Measuring(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self, full: Any) -> None:
            super().__init__()
            self.full = full

        def call(self, images: Any) -> Any:
            layers = [layer for layer in leaves(self.full) if isinstance(layer, keras.layers.Dropout)]
            rates = [layer.rate for layer in layers]
            try:
                for layer in layers:
                    layer.rate = 0.0
                return self.full(images, training=True)
            finally:
                for layer, rate in zip(layers, rates, strict=True):
                    layer.rate = rate

    return Measuring

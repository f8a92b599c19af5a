"""A denoising autoencoder of tables: it restores rows some of whose cells were swapped for other rows'.

Vincent et al., "Extracting and composing robust features with denoising autoencoders", ICML 2008; swap noise
is from the winner of Porto Seguro's Safe Driver Prediction (Kaggle, 2017).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.networks.flat_weights import flat, unpacked
from pipeline.networks.keras_import import load_keras
from pipeline.networks.training.batches import Batch, Batches
from pipeline.networks.training.checkpoint import Checkpoint
from pipeline.networks.training.guard import NOT_A_NUMBER
from pipeline.networks.training.phase import Phase
from pipeline.networks.training.schedule import Schedule
from pipeline.networks.training.trainer import Trainer

BATCH = 256
DECAY = 1e-4
WARMUP = 0.05  # of the steps
PREDICT_BATCH = 4096


@dataclass(frozen=True)
class Shape:
    """Sizes of a network, from which it is built again.

    Attributes:
        features: of a row.
        units: of a hidden layer.
        layers: hidden ones before the code, and as many after it.
        width: of the code.
    """

    features: int
    units: int
    layers: int
    width: int


@dataclass(frozen=True)
class SwapNoise:
    """Batches of rows with swapped cells, and what the rows were.

    Attributes:
        features: float32 (n, features).
        share: of a row's cells that take another row's value of the same column.
    """

    features: np.ndarray
    share: float

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        rng = np.random.default_rng(seeds)
        truth = self.features[rows]
        swapped = rng.random(truth.shape) < self.share
        givers = rng.integers(len(self.features), size=truth.shape)
        given = self.features[givers, np.arange(truth.shape[1])]
        return np.where(swapped, given, truth), truth, None


def build(shape: Shape) -> tuple[Any, Any]:
    """Returns the Keras models from rows to rows, and from rows to their codes; they share the layers."""
    keras = load_keras()
    inputs = x = keras.Input((shape.features,))
    for _ in range(shape.layers):
        x = keras.layers.Dense(shape.units, activation="silu")(x)
    code = x = keras.layers.Dense(shape.width)(x)
    for _ in range(shape.layers):
        x = keras.layers.Dense(shape.units, activation="silu")(x)
    return keras.Model(inputs, keras.layers.Dense(shape.features)(x)), keras.Model(inputs, code)


@functools.lru_cache(maxsize=2)
def _answering(shape: Shape) -> tuple[Any, Any]:
    """Returns the process's models of a shape, which every call fills with its weights: folds ask in turn."""
    return build(shape)


def train(
    features: np.ndarray,
    shape: Shape,
    noise: float,
    epochs: int,
    learning_rate: float,
    seed: int,
    threads: int,
    report: Callable[[float, str], None],
) -> np.ndarray:
    """Trains a network on rows; returns its weights, float32, one after the other.

    Args:
        features: float32 (rows, features) of about the same scale.
        shape: of the network.
        noise: share of the cells that are swapped.
        epochs: over the rows.
        learning_rate: of AdamW, at its highest.
        seed: of the first weights, the order of the rows and the noise.
        threads: that TensorFlow may start.
        report: told of every epoch.
    """
    keras = load_keras(threads)
    keras.utils.set_random_seed(seed)
    model, _ = build(shape)
    optimizer = keras.optimizers.AdamW(learning_rate, weight_decay=DECAY)
    model.compile(optimizer, loss="mse")
    optimizer.build(model.trainable_variables)
    rows = len(features)
    batches = Batches(SwapNoise(features, noise), rows, min(BATCH, rows), seed)
    schedule = Schedule(learning_rate, epochs * len(batches), "cosine", WARMUP)
    phase = Phase("autoencoder", epochs, schedule, share=(0.0, 1.0))
    trainer = Trainer(model, phase, batches, report, Checkpoint(None, ""), advice=NOT_A_NUMBER)
    [weights] = trainer.train()
    return flat(weights)


def codes(features: np.ndarray, shape: Shape, weights: np.ndarray) -> np.ndarray:
    """Returns float32 (rows, width): the codes of rows, by the weights that `train` returned."""
    model, encoder = _answering(shape)
    model.set_weights(unpacked(weights, [variable.shape for variable in model.weights]))
    parts = np.split(features, range(PREDICT_BATCH, len(features), PREDICT_BATCH))
    return np.concatenate([np.asarray(encoder.predict_on_batch(part), np.float32) for part in parts])

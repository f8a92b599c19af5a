"""Generator: a class-conditional variational autoencoder draws more pictures like a fold's training rows.

Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014; Sohn, Lee and Yan, "Learning Structured
Output Representation using Deep Conditional Generative Models", NeurIPS 2015. The deviation of its pixels is
the best one for each batch (Rybkin, Daniilidis and Levine, "Simple and Effective VAE Training with
Calibrated Decoders", ICML 2021, section 3.2).

It sees the rows that a fit learns from and their classes, and no row that is scored or decides when to stop.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.clock import Clock
from pipeline.context import Context
from pipeline.errors import ModelError
from pipeline.networks.config import GenerateConfig
from pipeline.networks.keras_import import load_keras
from pipeline.networks.picture_batches import Drawn, take
from pipeline.networks.training.batches import Batch, Batches
from pipeline.networks.training.checkpoint import Checkpoint, name_fit
from pipeline.networks.training.guard import NOT_A_NUMBER
from pipeline.networks.training.phase import Phase
from pipeline.networks.training.schedule import Schedule
from pipeline.networks.training.trainer import Trainer

VERSION = 1  # raise it when the same rows would give other pictures
SALT = 1  # tells its seeds from those of other pictures in a batch
SEED = 0  # of the generator: the fits of a fold share it
MOST_SIDE = 64  # pixels; larger pictures come out blurred
DRAWN = 4  # pictures for each training row
HIDDEN = 256  # units of a hidden layer
BATCH, PREDICT_BATCH = 64, 1024
WARMUP = 0.05  # of the steps
LEAST = 1e-4  # squared error of a pixel (0 to 1) below which none is better


@dataclass(frozen=True)
class CodedBatches:
    """Batches of pictures as a generator learns from them: pixels, class and noise of a row side by side.

    Attributes:
        shown: uint8 (n, h, w, c).
        labels: int (n,), classes.
        classes: how many there are.
        code: numbers of a code.
    """

    shown: np.ndarray
    labels: np.ndarray
    classes: int
    code: int

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        pixels = self.shown[rows].reshape(len(rows), -1) / np.float32(255.0)
        label = np.eye(self.classes, dtype=np.float32)[self.labels[rows]]
        noise = np.random.default_rng(seeds).standard_normal((len(rows), self.code), np.float32)
        return np.concatenate([pixels, label, noise], axis=1), pixels, None


def drawn_pictures(
    config: GenerateConfig,
    pixels: np.ndarray,
    positions: np.ndarray,
    labels: np.ndarray,
    pictures: str,
    limit: float | None,
    context: Context,
) -> Drawn:
    """Returns pictures drawn like the training rows of a fit; they are kept by `Context.cache`.

    Args:
        config: what is asked for.
        pixels: uint8 (all rows, h, w, c).
        positions: (n,) of the training rows in it.
        labels: int (n,), their classes.
        pictures: names all pixels.
        limit: seconds after which training ends, or None.
        context: cache, report, threads.

    Raises:
        ModelError: the pictures are too large, or have not 8 bits.
    """
    if max(pixels.shape[1:3]) > MOST_SIDE or pixels.dtype != np.uint8:
        raise ModelError(
            f"generate: it draws pictures of 8 bits and at most {MOST_SIDE} pixels a side. Received: "
            f"{pixels.shape[1]} by {pixels.shape[2]} of {pixels.dtype}."
        )
    key = {
        "generate": config.model_dump(exclude={"share"}),
        "pictures": pictures,
        "rows": name_fit(positions, labels),
        "limit": limit,
        "version": VERSION,
    }

    def make() -> np.ndarray:
        return _draw(config, take(pixels, positions), labels, limit, context)

    found = context.cache("drawn", key, make)
    load_keras().utils.set_random_seed(context.seed % 2**32)  # as where they were drawn before
    return Drawn(found, config.share, SALT)


def _draw(
    config: GenerateConfig, pictures: np.ndarray, labels: np.ndarray, limit: float | None, context: Context
) -> np.ndarray:
    """Returns uint8 (DRAWN, n, h, w, c): pictures of the rows' classes."""
    keras, until = load_keras(context.threads), Clock.now() + (limit or math.inf)
    keras.utils.set_random_seed(SEED)
    n, classes = len(pictures), int(labels.max()) + 1
    model, decoder = _build(keras, int(np.prod(pictures.shape[1:])), classes, config.code)
    model.compile(optimizer=keras.optimizers.Adam(config.learning_rate), loss=_evidence(keras, config.code))
    model.optimizer.build(model.trainable_variables)
    batches = Batches(CodedBatches(pictures, labels, classes, config.code), n, min(BATCH, n), SEED)
    epochs = max(1, round(config.steps / len(batches)))
    schedule = Schedule(config.learning_rate, epochs * len(batches), "cosine", WARMUP)
    phase = Phase("generator", epochs, schedule, share=(0.0, 0.0))
    none = Checkpoint(None, "")
    Trainer(model, phase, batches, context.report, none, until=until, advice=NOT_A_NUMBER).train()
    code = np.random.default_rng(SEED).standard_normal((DRAWN * n, config.code), np.float32)
    asked = np.concatenate([code, np.tile(np.eye(classes, dtype=np.float32)[labels], (DRAWN, 1))], axis=1)
    parts = np.split(asked, range(PREDICT_BATCH, len(asked), PREDICT_BATCH))
    said = np.concatenate([np.asarray(decoder.predict_on_batch(part)) for part in parts])
    return np.rint(255.0 * said).astype(np.uint8).reshape(DRAWN, *pictures.shape)


def _build(keras: Any, pixels: int, classes: int, code: int) -> tuple[Any, Any]:
    """Returns two Keras models: a packed row to pixels, mean and log-variance; code and class to pixels."""
    layers, ops = keras.layers, keras.ops
    asked = keras.Input((code + classes,))
    drawn = layers.Dense(HIDDEN, activation="relu")(layers.Dense(HIDDEN, activation="relu")(asked))
    decoder = keras.Model(asked, layers.Dense(pixels, activation="sigmoid")(drawn))
    row = keras.Input((pixels + classes + code,))
    known, noise = row[:, : pixels + classes], row[:, pixels + classes :]
    x = layers.Dense(HIDDEN, activation="relu")(layers.Dense(HIDDEN, activation="relu")(known))
    mean, spread = layers.Dense(code)(x), layers.Dense(code)(x)
    place = layers.Concatenate()([mean + ops.exp(0.5 * spread) * noise, known[:, pixels:]])
    return keras.Model(row, layers.Concatenate()([decoder(place), mean, spread])), decoder


def _evidence(keras: Any, code: int) -> Callable:
    """Returns the loss: minus the lower bound of the evidence, by pixel.

    It takes targets (n, pixels) of 0 to 1 and outputs (n, pixels + 2 code); it returns (n,).
    """
    ops = keras.ops

    def loss(target: Any, output: Any) -> Any:
        pixels = target.shape[-1]
        mean, spread = output[:, pixels : pixels + code], output[:, pixels + code :]
        error = ops.mean(ops.square(target - output[:, :pixels]))
        far = 0.5 * ops.sum(ops.square(mean) + ops.exp(spread) - spread - 1.0, axis=-1)
        return 0.5 * ops.log(ops.maximum(error, LEAST)) + far / pixels

    return loss

"""Pretraining without labels: the backbone restores masked patches, or tells views of a picture from others.

All rows are looked at, of training and test, scored ones among them, and no row's target: one network for all
folds, a product of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import reduce
from typing import Any

import numpy as np

from pipeline.clock import Clock
from pipeline.context import Context
from pipeline.data.joined import joined
from pipeline.data.rows import Dataset
from pipeline.inputs.images.pixels import pixel_statistics
from pipeline.networks.building import build_map, precision
from pipeline.networks.config import CNNConfig, PretrainConfig
from pipeline.networks.flat_weights import flat, unpacked
from pipeline.networks.keras_import import load_keras, to_numpy
from pipeline.networks.layers import STANDARDISE
from pipeline.networks.masked_patches import MaskedBatches, decoded, masked_error, patch_size
from pipeline.networks.network import Values
from pipeline.networks.optimizers import make_optimizer
from pipeline.networks.pretrained import digest
from pipeline.networks.structure import ExtractorStructure, OptimizerStructure
from pipeline.networks.training.batches import Batches, BatchSource
from pipeline.networks.training.checkpoint import Checkpoint
from pipeline.networks.training.guard import NOT_A_NUMBER
from pipeline.networks.training.phase import Phase
from pipeline.networks.training.schedule import Schedule
from pipeline.networks.training.trainer import Trainer
from pipeline.networks.two_views import ViewBatches, compared, confusion
from pipeline.networks.windows import by_window
from pipeline.transforms.augment import make_augmenter

VERSION = 1  # raise it when the same pictures would give other weights
SEED = 0  # that of no fold: all share the weights
TIME = 0.4  # of a limit in time
WARMUP = 0.05  # of the steps
DECAY = 0.01


def without_labels(
    config: CNNConfig,
    structure: ExtractorStructure,
    train: Dataset,
    begin: Values | None,
    batch: int,
    context: Context,
) -> np.ndarray | None:
    """Returns what a backbone's weights are after the pretraining that a section asks for, None without one.

    They are computed once for all folds, by `Context.cache`.

    Args:
        config: the section.
        structure: of the extractor.
        train: all rows of the training side, of which the pictures are looked at.
        begin: the extractor's first weights, or None: they start at random.
        batch: pictures of a step.
        context: cache, report, threads, and the rows of the test.

    Returns:
        float32 (weights,): those up to the backbone's last map, one after the other.
    """
    asked = config.pretrain
    if asked is None:
        return None
    sides = [train] if context.unlabelled is None else [train, by_window(context.unlabelled.rows()).dataset]
    limit = config.max_seconds and TIME * config.max_seconds
    key = {
        "pretrain": asked.model_dump(),
        "structure": asdict(structure),
        "pictures": [side.pictures.key for side in sides],
        "begin": digest(begin) if begin else "",
        "batch": batch,
        "limit": limit,
        "version": VERSION,
    }

    def make() -> np.ndarray:
        pictures = [side.pixels for side in sides if side.pixels is not None]
        return flat(_train(asked, structure, pictures, begin, batch, limit, context))

    found = context.cache("pretraining", key, make)
    load_keras().utils.set_random_seed(context.seed % 2**32)  # as where it was made before
    return found


def begin_with(extractor: Any, found: np.ndarray) -> None:
    """Sets an extractor's first weights to those of `without_labels`."""
    values = unpacked(found, [variable.shape for variable in extractor.weights])
    for variable, value in zip(extractor.weights, values, strict=False):
        variable.assign(value)


def with_pretrained(found: np.ndarray, weights: Values) -> Values:
    """Returns an extractor's weights, the first of them those of `without_labels`."""
    first = unpacked(found, [value.shape for value in weights])
    return [*first, *weights[len(first) :]]


def _train(
    config: PretrainConfig,
    structure: ExtractorStructure,
    sides: Sequence[np.ndarray],
    begin: Values | None,
    batch: int,
    limit: float | None,
    context: Context,
) -> Values:
    keras, began = load_keras(context.threads), Clock.now()
    keras.utils.set_random_seed(SEED)
    body = build_map(structure)
    mean, deviation = pixel_statistics(sides[0], np.arange(len(sides[0])))
    pictures = reduce(joined, sides)
    with precision(structure.mixed):
        outputs, loss, source = _pretext(config, body.output, structure.shape, pictures, (mean, deviation))
    model = keras.Model(body.inputs, outputs)
    if begin:
        for variable, value in zip(body.weights, begin, strict=False):
            variable.assign(value)
    elif any(layer.name == STANDARDISE for layer in body.layers):
        body.get_layer(STANDARDISE).moving_mean.assign(mean)
        body.get_layer(STANDARDISE).moving_variance.assign(np.square(deviation))
    optimizer = make_optimizer(keras, OptimizerStructure("adamw", 0.0, DECAY, 1.0, False, 1.0), {})
    model.compile(optimizer=optimizer, loss=loss)
    optimizer.build(model.trainable_variables)
    n = len(pictures)
    batches = Batches(source, n, min(batch, n), SEED, context.threads)
    schedule = Schedule(config.learning_rate, config.epochs * len(batches), "cosine", WARMUP, 1, False)
    phase = Phase("pretraining", config.epochs, schedule, "none", 1, None, (0.0, 0.0))
    until = began + limit if limit else math.inf
    checkpoint = Checkpoint(None, "")
    Trainer(model, phase, batches, context.report, checkpoint, None, None, until, NOT_A_NUMBER).train()
    return [to_numpy(variable) for variable in body.weights]


def _pretext(
    config: PretrainConfig,
    x: Any,
    shape: tuple[int, int, int],
    pictures: np.ndarray,
    statistics: tuple[np.ndarray, np.ndarray],
) -> tuple[Any, Callable, BatchSource]:
    """Returns what is asked of a map: the layers on it, their loss, and what is learned from."""
    keras = load_keras()
    if config.method == "simclr":
        augmenter = make_augmenter(config.augment)
        return compared(keras, x), confusion(keras), ViewBatches(pictures, augmenter)  # type: ignore[arg-type]
    source = MaskedBatches(pictures, config.mask, patch_size(config, shape), *statistics)
    return decoded(keras, x, shape), masked_error(keras), source

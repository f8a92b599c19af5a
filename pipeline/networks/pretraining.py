"""Pretraining without labels: the backbone restores patches of pictures that are masked.

A small decoder on the backbone's last map, and the squared error of what was masked: He et al., "Masked
autoencoders are scalable vision learners", CVPR 2022, with a convolutional network, which sees masked patches
as the mean colour (Pathak et al., "Context encoders", CVPR 2016).

All rows are looked at, of training and test, scored ones among them, and no row's target: one network for all
folds, a product of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from pipeline.clock import Clock
from pipeline.context import Context
from pipeline.data.rows import Dataset
from pipeline.inputs.images.pixels import pixel_statistics
from pipeline.networks.building import build_map, precision
from pipeline.networks.config import CNNConfig, PretrainConfig
from pipeline.networks.flat_weights import flat, unpacked
from pipeline.networks.keras_import import load_keras, to_numpy
from pipeline.networks.layers import STANDARDISE
from pipeline.networks.network import Values
from pipeline.networks.optimizers import make_optimizer
from pipeline.networks.picture_batches import take
from pipeline.networks.pretrained import digest
from pipeline.networks.structure import ExtractorStructure, OptimizerStructure
from pipeline.networks.training.batches import Batch, Batches
from pipeline.networks.training.checkpoint import Checkpoint
from pipeline.networks.training.guard import NOT_A_NUMBER
from pipeline.networks.training.phase import Phase
from pipeline.networks.training.schedule import Schedule
from pipeline.networks.training.trainer import Trainer
from pipeline.networks.windows import by_window

VERSION = 1  # raise it when the same pictures would give other weights
SEED = 0  # that of no fold: all share the weights
PATCHES = 8  # of the longer side, where the configuration names no size
TIME = 0.4  # of a limit in time
WARMUP = 0.05  # of the steps
MOST_FILTERS = 128  # of the decoder
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


def masks(share: float, patch: tuple[int, int], size: tuple[int, int], seed: int) -> np.ndarray:
    """Returns which pixels are masked, bool (height, width): so many patches of a grid, at random.

    Args:
        share: of the patches; one at least is masked, and one is not.
        patch: (height, width) of a patch.
        size: (height, width) of the picture.
        seed: decides which.
    """
    grid = tuple(max(1, math.ceil(side / part)) for side, part in zip(size, patch, strict=True))
    count = int(np.clip(round(share * grid[0] * grid[1]), 1, max(1, grid[0] * grid[1] - 1)))
    hidden = np.zeros(grid[0] * grid[1], bool)
    hidden[np.random.default_rng(seed).permutation(len(hidden))[:count]] = True
    spread = hidden.reshape(grid).repeat(patch[0], axis=0).repeat(patch[1], axis=1)
    return spread[: size[0], : size[1]]


@dataclass(frozen=True)
class MaskedBatches:
    """Batches of pictures with masked patches, and what they hide.

    Attributes:
        sides: the pictures, those of one side after those of the other.
        share: of the patches that are masked.
        patch: (height, width) of one.
        mean: of each channel, which masked patches show.
        deviation: of each channel, by which errors are measured.
    """

    sides: Sequence[np.ndarray]
    share: float
    patch: tuple[int, int]
    mean: np.ndarray
    deviation: np.ndarray
    starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        starts = np.cumsum([0, *(len(side) for side in self.sides)])
        object.__setattr__(self, "starts", starts.tolist())

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        """Returns masked pictures, and targets float32 (n, h, w, c + 1): the pictures, and 1 where masked."""
        images = self._taken(rows)
        size = images.shape[1:3]
        hidden = np.stack([masks(self.share, self.patch, size, int(seed)) for seed in seeds])
        truth = (images.astype(np.float32) - self.mean) / self.deviation
        target = np.concatenate([truth, hidden[..., None]], axis=-1, dtype=np.float32)
        fill = np.rint(self.mean) if images.dtype == np.uint8 else self.mean
        images[hidden] = fill.astype(images.dtype)
        return images, target, None

    def _taken(self, rows: np.ndarray) -> np.ndarray:
        first = self.sides[0]
        found = np.empty((len(rows), *first.shape[1:]), first.dtype)
        for side, start, end in zip(self.sides, self.starts[:-1], self.starts[1:], strict=True):
            here = np.flatnonzero((rows >= start) & (rows < end))
            if len(here):
                found[here] = take(side, rows[here] - start)
        return found


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
    with precision(structure.mixed):
        model = keras.Model(body.inputs, _decoded(keras, body.output, structure.shape))
    mean, deviation = pixel_statistics(sides[0], np.arange(len(sides[0])))
    if begin:
        for variable, value in zip(body.weights, begin, strict=False):
            variable.assign(value)
    elif any(layer.name == STANDARDISE for layer in body.layers):
        body.get_layer(STANDARDISE).moving_mean.assign(mean)
        body.get_layer(STANDARDISE).moving_variance.assign(np.square(deviation))
    optimizer = make_optimizer(keras, OptimizerStructure("adamw", 0.0, DECAY, 1.0, False, 1.0), {})
    model.compile(optimizer=optimizer, loss=masked_error(keras))
    optimizer.build(model.trainable_variables)
    source = MaskedBatches(sides, config.mask, _patch(config, structure.shape), mean, deviation)
    n = source.starts[-1]
    batches = Batches(source, n, min(batch, n), SEED, context.threads)
    schedule = Schedule(config.learning_rate, config.epochs * len(batches), "cosine", WARMUP, 1, False)
    phase = Phase("pretraining", config.epochs, schedule, "none", 1, None, (0.0, 0.0))
    until = began + limit if limit else math.inf
    checkpoint = Checkpoint(None, "")
    Trainer(model, phase, batches, context.report, checkpoint, None, None, until, NOT_A_NUMBER).train()
    return [to_numpy(variable) for variable in body.weights]


def _patch(config: PretrainConfig, shape: tuple[int, int, int]) -> tuple[int, int]:
    """Returns (height, width) of a patch; of a series, which is one high, a stretch of it."""
    side = config.patch or max(1, round(max(shape[:2]) / PATCHES))
    return min(side, shape[0]), min(side, shape[1])


def _decoded(keras: Any, x: Any, shape: tuple[int, int, int]) -> Any:
    """Returns pictures (n, h, w, c) of a map: each of its places draws the pixels that it stands for."""
    layers, ops = keras.layers, keras.ops
    height, width, channels = shape
    rows, columns = x.shape[1], x.shape[2]
    down, across = math.ceil(height / rows), math.ceil(width / columns)
    kernel = (1 if height == 1 else 3, 3)
    x = layers.Conv2D(min(MOST_FILTERS, x.shape[-1]), kernel, padding="same", activation="relu")(x)
    x = layers.Conv2D(down * across * channels, 1, dtype="float32")(x)
    x = ops.reshape(x, (-1, rows, columns, down, across, channels))
    x = ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, rows * down, columns * across, channels))
    top, left = (rows * down - height) // 2, (columns * across - width) // 2
    return x[:, top : top + height, left : left + width]


def masked_error(keras: Any) -> Callable:
    """Returns the mean squared error over what is masked.

    It takes targets (n, h, w, c + 1), the last channel 1 where masked, and outputs (n, h, w, c); it returns
    (n,).
    """
    ops = keras.ops

    def loss(target: Any, output: Any) -> Any:
        hidden = target[..., -1:]
        off = ops.sum(ops.square(target[..., :-1] - output) * hidden, axis=(1, 2, 3))
        return off / (ops.sum(hidden, axis=(1, 2, 3)) * output.shape[-1])

    return loss

"""Cross-validation of a network on generated pictures, as the cases share it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.schema import FoldsConfig
from pipeline.context import Context
from pipeline.data.folds import Folds, make_folds
from pipeline.metrics import find_metric
from pipeline.models.cnn import CNN
from pipeline.networks.config import CNNConfig
from pipeline.tasks.base import Task, make_task
from pipeline.testing import dataset_of
from pipeline.validation.cross_validation import Experiment, assemble, fit_fold
from pipeline.validation.predictions import Predictions

THREADS = 2


def open_pictures(folder: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns uint8 (n, side, side, 3), mapped, and int64 (n,) classes."""
    pixels = np.load(Path(folder) / "pixels.npy", mmap_mode="r")
    return pixels, np.load(Path(folder) / "label.npy")


def split(label: np.ndarray, n: int) -> Folds:
    """Returns stratified folds."""
    return make_folds(FoldsConfig(n=n), _task(label), label)


def cross_validate(
    config: CNNConfig,
    pixels: np.ndarray,
    label: np.ndarray,
    n: int,
    after_fold: Callable[[], object] = lambda: None,
) -> Predictions:
    """Does what `pipeline.validation.cross_validation.cross_validate` does, with a word after each fold."""
    task, folds = _task(label), split(label, n)
    ids = np.arange(len(label)).astype(str)
    train = dataset_of(ids, pixels=pixels, pixels_key="generated", target=label)
    test = dataset_of(ids[:0], pixels=pixels[:0], pixels_key="none")
    experiment = Experiment(lambda: CNN(config, task), train, test, folds)
    context, outputs = Context(cache=Memory(), threads=THREADS), []
    for fold in folds:
        outputs.append((fold, fit_fold(experiment, fold, context)))
        after_fold()
    return assemble("cnn", task, train, test, folds, outputs, find_metric("log_loss"))


class Memory:
    """A cache in memory: what the store is to a run."""

    def __init__(self) -> None:
        self.known: dict[str, np.ndarray] = {}

    def __call__(self, name: str, key: Mapping[str, Any], make: Callable[[], np.ndarray]) -> np.ndarray:
        text = f"{name} {sorted(key.items())}"
        if text not in self.known:
            self.known[text] = make()
        return self.known[text]


def timed(function: Callable[[], np.ndarray], label: np.ndarray) -> dict[str, float]:
    """Returns seconds, accuracy and log loss of a function that returns out-of-fold probabilities."""
    started = time.perf_counter()
    found = function()
    seconds = time.perf_counter() - started
    scores = {name: find_metric(name)(label, found) for name in ("accuracy", "log_loss")}
    return {"seconds": seconds, **scores}


def start_keras() -> None:
    """Imports Keras and lets it compute once, on as many threads as both sides are given.

    The plain side keeps the library's other settings: no deterministic kernels are asked for.
    """
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    keras.ops.convert_to_numpy(keras.ops.zeros(1) + 1)


def _task(label: np.ndarray) -> Task:
    return make_task("classification", tuple(f"class {number}" for number in range(int(label.max()) + 1)))

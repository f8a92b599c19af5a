"""The one place that imports Keras: backend, threads and determinism are settled here, once."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import tempfile
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np


def load_keras(threads: int = 2) -> ModuleType:
    """Returns the `keras` module, its backend prepared.

    The first call of a process decides how many threads the backend starts: a backend cannot
    change that once it runs, so later calls with another number have no effect.

    `KERAS_BACKEND` (tensorflow, jax, torch) is the user's to set; TensorFlow is the default.
    """
    return _prepared_keras(max(1, threads)) if _prepared_keras.cache_info().currsize == 0 else _keras()


@functools.lru_cache(maxsize=1)
def _prepared_keras(threads: int) -> ModuleType:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    prepare = {"tensorflow": _prepare_tensorflow, "jax": _prepare_jax, "torch": _prepare_torch}
    if chosen := prepare.get(os.environ["KERAS_BACKEND"]):
        chosen(threads)
    return _keras()


def _keras() -> ModuleType:
    import keras

    return keras


def _prepare_tensorflow(threads: int) -> None:
    logging.getLogger("tensorflow").addFilter(_worth_reading)
    with _quiet_start():
        import tensorflow as tf

        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(max(1, min(2, threads)))
            for device in tf.config.list_physical_devices("GPU"):
                tf.config.experimental.set_memory_growth(device, True)
        except RuntimeError:
            pass  # TensorFlow runs already, started by someone else: its threads stay as they are
        tf.config.experimental.enable_op_determinism()
        tf.constant(0.0) + 1.0  # the first operation starts the runtime, which has its own greeting


def _worth_reading(record: logging.LogRecord) -> bool:
    """Says whether TensorFlow may write it: that each fold's network is traced anew is no news."""
    return "triggered tf.function retracing" not in record.getMessage()


@contextlib.contextmanager
def _quiet_start() -> Iterator[None]:
    """Holds back what TensorFlow writes to standard error as it starts, no log level silences it.

    Where the start fails, what was held back is shown.
    """
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _prepare_jax(threads: int) -> None:
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_gpu_deterministic_ops" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()


def _prepare_torch(threads: int) -> None:
    import torch

    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=True)


def to_numpy(variable: Any) -> np.ndarray:
    """Returns a copy of a Keras variable's value."""
    ops = _keras().ops
    return np.array(ops.convert_to_numpy(ops.convert_to_tensor(variable)))


def leaves(model: Any) -> list[Any]:
    """Returns the layers of a model and of the models in it, in order, each once."""
    found: list[Any] = []
    for layer in model.layers:
        for leaf in leaves(layer) if getattr(layer, "layers", None) else [layer]:
            if not any(leaf is other for other in found):
                found.append(leaf)
    return found

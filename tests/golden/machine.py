"""What the last digits of a result depend on, besides the program."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pipeline.package.machine import blas, cpu_features
from pipeline.package.machine import differing as differences

__all__ = ["differences", "made_with"]

PACKAGES = (  # whoever computes, or decodes, or draws
    *("albumentations", "keras", "lightgbm", "numpy", "pandas", "pillow", "scikit-learn", "scipy"),
    *("opencv-python-headless", "tensorflow", "xgboost"),
)
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")  # one each in make test
OTHER_NAMES = {"tensorflow": "tensorflow-cpu", "xgboost": "xgboost-cpu"}


def made_with() -> dict[str, Any]:
    """Returns versions, the processor's features, and the threads that are used, as JSON holds them.

    Imports and starts TensorFlow: how many threads it has, the first network of a process decides.
    """
    from pipeline.networks.keras_import import load_keras

    backend = load_keras().backend.backend()
    return {
        "versions": {name: _version(name) for name in PACKAGES},
        "backend": backend,
        "machine": platform.machine(),
        "cpu_features": cpu_features(),
        "blas": blas(),
        "threads": {name: os.environ.get(name, "") for name in THREADS},
        "devices": _devices() if backend == "tensorflow" else [],
    }


def _version(name: str) -> str | None:
    for known in (name, OTHER_NAMES.get(name, name)):
        try:
            return version(known)
        except PackageNotFoundError:
            continue
    return None


def _devices() -> list[str]:
    import tensorflow as tf

    threads = tf.config.threading.get_intra_op_parallelism_threads()
    return [
        *sorted({device.device_type for device in tf.config.list_physical_devices()}),
        f"{threads} threads",
    ]

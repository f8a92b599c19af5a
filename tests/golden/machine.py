"""What the last digits of a result depend on, besides the program."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

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
        "cpu_features": _cpu_features(),
        "blas": _blas(),
        "threads": {name: os.environ.get(name, "") for name in THREADS},
        "devices": _devices() if backend == "tensorflow" else [],
    }


def differences(recorded: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Returns what is not the same, each with both values."""
    lines = []
    for key in sorted({*recorded, *found}):
        one, other = recorded.get(key), found.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            lines += [f"{key}.{line}" for line in differences(one, other)]
        elif one != other:
            lines.append(f"{key}: recorded {one}, here {other}")
    return lines


def _version(name: str) -> str | None:
    for known in (name, OTHER_NAMES.get(name, name)):
        try:
            return version(known)
        except PackageNotFoundError:
            continue
    return None


def _cpu_features() -> str:
    """Returns what NumPy looks at to choose its loops; TensorFlow and OpenBLAS choose by the same."""
    from numpy._core._multiarray_umath import __cpu_features__

    return " ".join(sorted(name for name, there in __cpu_features__.items() if there))


def _blas() -> list[str]:
    """Returns the kernels that NumPy's and SciPy's BLAS have chosen; other libraries bring more."""
    import scipy.linalg  # noqa: F401 (brings its own BLAS)
    from threadpoolctl import threadpool_info

    found = [info for info in threadpool_info() if info["user_api"] == "blas"]
    own = [info for info in found if Path(info["filepath"]).parent.name in ("numpy.libs", "scipy.libs")]
    return sorted({f"{info['internal_api']} {info['version']} {info.get('architecture')}" for info in own})


def _devices() -> list[str]:
    import tensorflow as tf

    threads = tf.config.threading.get_intra_op_parallelism_threads()
    return [
        *sorted({device.device_type for device in tf.config.list_physical_devices()}),
        f"{threads} threads",
    ]

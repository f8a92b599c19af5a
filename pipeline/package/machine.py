"""Machine that a result was made on: what its last digits depend on, besides program and libraries."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def machine() -> dict[str, Any]:
    """Returns the processor's features, kernels of linear algebra and threads, as JSON holds them."""
    return {
        "machine": platform.machine(),
        "cores": cores(),
        "cpu_features": cpu_features(),
        "blas": blas(),
        "backend": os.environ.get("KERAS_BACKEND", "tensorflow"),
        "environment": {name: os.environ.get(name, "") for name in THREADS},
    }


def cores() -> int:
    """Returns how many cores this process may use: linear algebra takes as many threads."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_features() -> str:
    """Returns what NumPy looks at to choose its loops; TensorFlow and OpenBLAS choose by the same."""
    from numpy._core._multiarray_umath import __cpu_features__

    return " ".join(sorted(name for name, there in __cpu_features__.items() if there))


def blas() -> list[str]:
    """Returns the kernels that NumPy's and SciPy's BLAS have chosen; other libraries bring more."""
    import scipy.linalg  # noqa: F401 (brings its own BLAS)
    from threadpoolctl import threadpool_info

    found = [info for info in threadpool_info() if info["user_api"] == "blas"]
    own = [info for info in found if Path(info["filepath"]).parent.name in ("numpy.libs", "scipy.libs")]
    return sorted({f"{info['internal_api']} {info['version']} {info.get('architecture')}" for info in own})


def differing(recorded: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Returns what is not the same, each with both values.

    Example:
        >>> differing({"blas": {"kernels": 1}, "cores": 2}, {"blas": {"kernels": 1}, "cores": 4})
        ['cores: recorded 2, here 4']
    """
    lines = []
    for key in sorted({*recorded, *found}):
        one, other = recorded.get(key), found.get(key)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            lines += [f"{key}.{line}" for line in differing(one, other)]
        elif one != other:
            lines.append(f"{key}: recorded {one}, here {other}")
    return lines

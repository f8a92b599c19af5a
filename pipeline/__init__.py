"""A pipeline from a competition's files to an ensemble submission with a score to believe."""

import importlib
import os
from typing import Any

__version__ = "0.1.0"

# OpenMP's threads spin while they wait for one another. On a machine that has anything else to do
# that makes LightGBM up to 70 times slower (measured); sleeping costs next to nothing when idle.
# It is read when a library loads OpenMP, so it must stand before every other import.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # its import would call the network
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

API = "pipeline.api"  # read at the first use, for the command line must not wait for it


def __getattr__(name: str) -> Any:
    api = None if name.startswith("_") else importlib.import_module(API)
    if api is None or name not in api.__all__:
        raise AttributeError(f"module 'pipeline' has no attribute {name!r}")
    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *importlib.import_module(API).__all__})

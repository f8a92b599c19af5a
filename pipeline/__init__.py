"""A pipeline from a competition's files to an ensemble submission with a score to believe."""

import importlib
import os
from typing import Any

__version__ = "0.1.0"

# OpenMP's threads spin while they wait for one another. On a machine that has anything else to do that
# makes LightGBM up to 70 times slower (measured). Those that sleep at once gain nothing from a second core;
# a short spin keeps most of the gain of an idle machine (1.3 to 1.8 times as fast) and loses a factor of
# two or three on a busy one. Both are read when a library loads OpenMP, so they stand before other imports.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # of libraries that do not know the next
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
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

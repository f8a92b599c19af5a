"""What a measurement was made on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

LIBRARIES = (
    "numpy",
    "pandas",
    "keras",
    "tensorflow-cpu",
    "tensorflow",
    "albumentations",
    "opencv-python-headless",
    "scikit-learn",
    "lightgbm",
    "xgboost-cpu",
    "xgboost",
)


def describe() -> str:
    """Returns processor, cores, memory, other load, system, Python and the libraries' versions."""
    parts = [
        f"{processor()}, {cores()} cores",
        f"{memory():.0f} GB",
        f"load {os.getloadavg()[0]:.1f} beside it",
        f"{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}",
        *versions(),
    ]
    return ", ".join(parts)


def processor() -> str:
    """Returns the processor's name, as far as the system tells."""
    path = Path("/proc/cpuinfo")
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """Returns how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory() -> float:
    """Returns the machine's memory, GB."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def versions() -> list[str]:
    """Returns name and version of every library that is installed."""
    found = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue  # one of a pair: the other one is there
    return found

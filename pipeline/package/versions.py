"""Versions of the libraries that the models were made with, and of those that are here."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from importlib import metadata

# Module -> the distributions that bring it; who computes, or reads what was learned.
COMPUTING = {
    "albumentations": ("albumentations",),
    "catboost": ("catboost",),
    "cv2": ("opencv-python-headless", "opencv-python", "opencv-contrib-python"),
    "keras": ("keras",),
    "keras_hub": ("keras-hub",),
    "lightgbm": ("lightgbm",),
    "numpy": ("numpy",),
    "pandas": ("pandas",),
    "PIL": ("pillow",),
    "pyarrow": ("pyarrow",),
    "pydantic": ("pydantic",),
    "ruamel.yaml": ("ruamel.yaml",),
    "scipy": ("scipy",),
    "skops": ("skops",),
    "sklearn": ("scikit-learn",),
    "soundfile": ("soundfile",),
    "tokenizers": ("tokenizers",),
    "tensorflow": ("tensorflow-cpu", "tensorflow"),
    "xgboost": ("xgboost-cpu", "xgboost"),
}
PYTHON, MISSING = "python", "none"


def versions_in_use() -> dict[str, str]:
    """Returns module -> version of the libraries that this process has imported, and Python's."""
    found = {module: version_of(module) for module in COMPUTING if module in sys.modules}
    return {PYTHON: platform.python_version(), **found}


def version_of(module: str) -> str:
    """Returns the version of the distribution that brings a module; "none" where there is none."""
    if module == PYTHON:
        return platform.python_version()
    for name in COMPUTING[module]:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return MISSING


def differences(made_with: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Returns module -> (version that the models were made with, version here), where they differ."""
    here = {module: version_of(module) for module in made_with}
    return {module: (said, here[module]) for module, said in made_with.items() if here[module] != said}

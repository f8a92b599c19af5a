"""Files of pretrained weights: which network each is for, told without TensorFlow."""

from __future__ import annotations

import io
import os
import re
import zipfile
from pathlib import Path
from typing import Any

from pipeline.networks.weight_counts import COUNTS

# Keras' names of files without classifier, and the backbone that each is for.
_FILES = (
    (r"mobilenet_(?P<alpha>\d_\d)_224_tf_no_top\.h5", "mobilenet"),
    (
        r"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_(?P<alpha>\d\.\d+)_224_no_top\.h5",
        "mobilenet_v2",
    ),
    (r"weights_mobilenet_v3_(?P<name>small|large)_224_1\.0_float_no_top_v2\.h5", "mobilenet_v3_{name}"),
    (r"efficientnetb(?P<name>\d)_notop\.h5", "efficientnet_b{name}"),
    (r"efficientnetv2-(?P<name>b\d|s|m|l)_notop\.h5", "efficientnet_v2_{name}"),
    (r"resnet(?P<name>50|101|152)_weights_tf_dim_ordering_tf_kernels_notop\.h5", "resnet{name}"),
    (r"resnet(?P<name>50|101|152)v2_weights_tf_dim_ordering_tf_kernels_notop\.h5", "resnet{name}_v2"),
    (r"densenet(?P<name>121|169|201)_weights_tf_dim_ordering_tf_kernels_notop\.h5", "densenet{name}"),
    (r"convnext_(?P<name>tiny|small|base|large|xlarge)_notop\.h5", "convnext_{name}"),
)


def keras_home() -> Path:
    """Returns the folder in which Keras keeps its files."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")


def network_of(name: str) -> tuple[str, float] | None:
    """Returns backbone and width multiplier that Keras' name of a file says; None where it says none."""
    for expression, backbone in _FILES:
        if match := re.fullmatch(expression, name):
            parts = match.groupdict()
            alpha = float(parts.pop("alpha", "1.0").replace("_", "."))
            if expression.startswith("mobilenet_("):  # its file says 2_5 for 0.25, and 1_0 for 1
                alpha = alpha if alpha == 1 else alpha / 10
            return backbone.format(**parts), alpha
    return None


def misfit(path: Path, backbone: str, alpha: float) -> str:
    """Returns why a file cannot hold a backbone's weights, or "".

    The number of values tells networks and widths apart. A file of Keras 3 may hold a classifier
    too, which is not read; one of the older form must hold the backbone alone.

    Args:
        path: .h5, .weights.h5 or .keras.
        backbone: its name.
        alpha: its width multiplier; one of which no number is known fits everything.
    """
    wanted = expected_count(backbone, alpha)
    if wanted is None:
        return ""
    try:
        found, alone = count_values(path)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        return f"{path} cannot be read as weights: {str(error).splitlines()[0]}."
    if found == wanted or (found > wanted and not alone):
        return ""
    fitting = [
        f"{name} (alpha {width:g})"
        for name, counts in COUNTS.items()
        for width, count in counts.items()
        if count == found
    ]
    near = f"; it is that of {' and '.join(fitting)}" if fitting else ""
    return (
        f"{path} does not fit {backbone} (alpha {alpha:g}): without its classifier that has {wanted:,} "
        f"values. The file has {found:,}{near}."
    )


def expected_count(backbone: str, alpha: float) -> int | None:
    """Returns how many values the weights of a backbone without its classifier are, where it is known."""
    return COUNTS.get(backbone, {}).get(alpha)


def count_values(path: Path) -> tuple[int, bool]:
    """Returns how many values a file's weights are, and whether they must be the backbone's alone."""
    import h5py

    opened: Any = path
    if zipfile.is_zipfile(path):  # .keras
        with zipfile.ZipFile(path) as archive:
            opened = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(opened, "r") as file:
        older = "model_weights" if "model_weights" in file else None
        root = file[older] if older else file
        sizes: list[int] = []

        def count(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset) and name.split("/")[0] not in (
                "optimizer",
                "optimizer_weights",
            ):
                sizes.append(int(item.size))

        root.visititems(count)
        return sum(sizes), "layer_names" in root.attrs

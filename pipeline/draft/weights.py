"""ImageNet weights that this machine has, or can fetch."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

HOST = "https://storage.googleapis.com/tensorflow/keras-applications/"
PATIENCE = 2.0  # seconds

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
MULTIPLY_ADDS = {  # of a picture of 224 x 224 pixels, in millions, by the networks' papers
    "mobilenet": 570,
    "mobilenet_v2": 300,
    "mobilenet_v3_small": 60,
    "mobilenet_v3_large": 220,
    "efficientnet_b0": 390,
    "efficientnet_b1": 700,
    "efficientnet_v2_b0": 720,
    "resnet50": 3_900,
    "resnet50_v2": 3_500,
    "densenet121": 2_900,
    "convnext_tiny": 4_500,
}


@dataclass(frozen=True)
class Weights:
    """Weights of a backbone.

    Attributes:
        backbone: its name in the YAML.
        alpha: its width multiplier.
        found: whether the file is there already.
    """

    backbone: str
    alpha: float = 1.0
    found: bool = True

    @property
    def multiply_adds(self) -> float:
        """Millions for one picture of 224 x 224 pixels (the square of alpha scales them)."""
        return MULTIPLY_ADDS.get(self.backbone, 10_000) * self.alpha**2


FETCHED = Weights("mobilenet_v2", found=False)  # what is fetched where there is no file


def keras_home() -> Path:
    """Returns the folder in which Keras keeps its files."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")


def present_weights(home: Path) -> list[Weights]:
    """Returns the ImageNet weights under a Keras home that the toolkit knows, the cheapest first."""
    found = []
    for path in sorted((home / "models").glob("*.h5")):
        for expression, backbone in _FILES:
            if match := re.fullmatch(expression, path.name):
                parts = match.groupdict()
                alpha = float(parts.pop("alpha", "1.0").replace("_", "."))
                if expression.startswith("mobilenet_("):  # its file says 2_5 for 0.25, and 1_0 for 1
                    alpha = alpha if alpha == 1 else alpha / 10
                found.append(Weights(backbone.format(**parts), alpha))
    return sorted(found, key=lambda weights: weights.multiply_adds)


def usable_weights(home: Path, fetching: bool | None = None) -> list[Weights]:
    """Returns the weights that are present, else the one that is fetched, else none.

    Args:
        home: Keras' folder.
        fetching: whether weights can be downloaded; None: find out, where none are present.
    """
    found = present_weights(home)
    if found:
        return found
    return [FETCHED] if (can_fetch() if fetching is None else fetching) else []


def can_fetch() -> bool:
    """Says whether Keras could download weights now."""
    import urllib.error
    import urllib.request

    request = urllib.request.Request(HOST, method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=PATIENCE).close()
    except urllib.error.HTTPError:
        return True  # it answers, though it has no page of its own
    except OSError:
        return False
    return True

"""ImageNet weights that this machine has, or can fetch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.networks.weights_file import misfit, network_of

HOST = "https://storage.googleapis.com/tensorflow/keras-applications/"
PATIENCE = 2.0  # seconds

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


def present_weights(home: Path) -> list[Weights]:
    """Returns the ImageNet weights under a Keras home that the toolkit knows, the cheapest first.

    A file that is called after one network and does not hold it is left out.
    """
    found = []
    for path in sorted((home / "models").glob("*.h5")):
        network = network_of(path.name)
        if network and not misfit(path, *network):
            found.append(Weights(*network))
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

"""The network for answers that are boxes."""

from __future__ import annotations

from typing import Any

from pipeline.draft.choice import Chosen
from pipeline.draft.cost import Machine, network_seconds
from pipeline.draft.unet import BUDGET, FEWEST_EPOCHS, MULTIPLY_ADDS, SMALLEST_PRETRAINED
from pipeline.draft.weights import Weights
from pipeline.errors import listing
from pipeline.models.size import Size
from pipeline.networks.dense.centre_config import CenterNetConfig
from pipeline.networks.dense.encoder_config import GRAIN, PLAIN
from pipeline.networks.dense.plan import epochs_of

SIDES = (512, 384, 256, 192, 128, 96, 64, 32)  # pixels, at most, of the longer side of what is seen


def choose_centernet(size: Size, fits: int, machine: Machine, weights: list[Weights]) -> Chosen:
    """Returns the network of boxes for pictures of that size; arguments as `choose_unet`."""
    height, width = size.picture or (GRAIN, GRAIN)
    longest = max(height, width)
    side = next((one for one in SIDES if one <= max(longest, min(SIDES)) * 1.3), min(SIDES))
    shape = [max(GRAIN, GRAIN * round(side * one / longest / GRAIN)) for one in (height, width)]
    section: dict[str, Any] = {"kind": "centernet"}
    kind = PLAIN
    if weights and min(shape) >= SMALLEST_PRETRAINED:
        lightest, kind = min(weights, key=lambda weight: weight.multiply_adds), "pretrained"
        section |= {"backbone": lightest.backbone, "weights": "imagenet"}
        section |= {} if lightest.alpha == 1 else {"alpha": lightest.alpha}
    section["size"] = shape[0] if shape[0] == shape[1] else shape
    cost, rows = MULTIPLY_ADDS[kind] * shape[0] * shape[1], max(1, round(size.rows * 0.8))
    epochs = epochs_of(CenterNetConfig(**section), rows)
    seconds = network_seconds(cost, epochs * rows, fits, machine)
    if seconds > BUDGET:
        section["epochs"] = max(FEWEST_EPOCHS, round(epochs * BUDGET / seconds))
        seconds = network_seconds(cost, section["epochs"] * rows, fits, machine)
    said = f"boxes of pictures of {width}x{height} pixels, seen at {listing(map(str, reversed(shape)))}"
    start = "from scratch" if kind == PLAIN else "ImageNet weights"
    return Chosen(
        "boxes", section, f"{said}; {start}; about {max(1, round(seconds / 60))} min for all its fits"
    )

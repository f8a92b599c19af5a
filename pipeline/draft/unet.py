"""The network for answers that are masks."""

from __future__ import annotations

from typing import Any

from pipeline.draft.choice import Chosen
from pipeline.draft.cost import Machine, network_seconds
from pipeline.draft.weights import Weights
from pipeline.errors import listing
from pipeline.models.size import Size
from pipeline.networks.dense.config import UNetConfig
from pipeline.networks.dense.encoder_config import GRAIN, PLAIN
from pipeline.networks.dense.plan import epochs_of

SIDES = (256, 192, 128, 96, 64)  # pixels, at most, of the longer side of what the network sees
SMALLEST_PRETRAINED = 96  # pixels below which a pretrained encoder's deepest map says nothing
MULTIPLY_ADDS = {PLAIN: 7_000, "pretrained": 4_500, "coarse": 2_000}  # per pixel, decoder included
COARSE = {"finest": 2, "width": 12, "batch_size": 6, "learning_rate": 0.003}  # three times as many steps
BUDGET = 3600.0  # seconds for all fits
FEWEST_EPOCHS = 10


def choose_unet(size: Size, fits: int, machine: Machine, weights: list[Weights]) -> Chosen:
    """Returns the U-Net for pictures of that size: the lightest pretrained encoder, or one from scratch.

    Args:
        size: of the data, pictures included.
        fits: folds times repeats.
        machine: what trains.
        weights: ImageNet weights that can be had.
    """
    height, width = size.picture or (GRAIN, GRAIN)
    longest = max(height, width)
    side = next((one for one in SIDES if one <= max(longest, min(SIDES)) * 1.3), min(SIDES))
    shape = [max(GRAIN, GRAIN * round(side * one / longest / GRAIN)) for one in (height, width)]
    encoder: dict[str, Any] = {"backbone": PLAIN, "standardise": "picture"}
    if weights and min(shape) >= SMALLEST_PRETRAINED:
        lightest = min(weights, key=lambda weight: weight.multiply_adds)
        encoder = {"backbone": lightest.backbone, "alpha": lightest.alpha, "weights": "imagenet"}
        if lightest.alpha == 1:
            del encoder["alpha"]
    section = {"kind": "unet", **encoder, "size": shape[0] if shape[0] == shape[1] else shape}
    section |= size.task.network_keys
    kind = PLAIN if encoder["backbone"] == PLAIN else "pretrained"
    if kind == PLAIN and not size.task.many_rows:  # objects that touch are parted by their finest pixels
        kind, section = "coarse", section | COARSE
    cost = MULTIPLY_ADDS[kind] * shape[0] * shape[1]
    rows = max(1, round(size.rows * 0.8))
    epochs = epochs_of(UNetConfig(**section), rows)
    seconds = network_seconds(cost, epochs * rows, fits, machine)
    if seconds > BUDGET:
        section["epochs"] = max(FEWEST_EPOCHS, round(epochs * BUDGET / seconds))
        seconds = network_seconds(cost, section["epochs"] * rows, fits, machine)
    said = f"masks of pictures of {width}x{height} pixels, seen at {listing(map(str, reversed(shape)))}"
    start = "from scratch" if encoder["backbone"] == PLAIN else "ImageNet weights"
    return Chosen(
        "unet", section, f"{said}; {start}; about {max(1, round(seconds / 60))} min for all its fits"
    )

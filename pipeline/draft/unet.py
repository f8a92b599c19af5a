"""The network for answers that are masks."""

from __future__ import annotations

from pipeline.draft.choice import Chosen
from pipeline.draft.cost import TRAINED, Machine, network_seconds, shortened
from pipeline.draft.dense import BUDGET, FEWEST_EPOCHS, MULTIPLY_ADDS, pretrained, seen_at, written
from pipeline.draft.weights import Weights
from pipeline.errors import listing
from pipeline.models.size import Size
from pipeline.networks.dense.config import UNetConfig
from pipeline.networks.dense.encoder_config import GRAIN, PLAIN
from pipeline.networks.dense.plan import epochs_of

SIDES = (256, 192, 128, 96, 64)  # pixels, at most, of the longer side of what the network sees
COARSE = {"finest": 2, "width": 12, "batch_size": 6, "learning_rate": 0.003}  # three times as many steps


def choose_unet(
    size: Size, fits: int, machine: Machine, weights: list[Weights], sides: tuple[int, ...] = SIDES
) -> Chosen:
    """Returns the U-Net for pictures of that size: the lightest pretrained encoder, or one from scratch.

    Args:
        size: of the data, pictures included.
        fits: folds times repeats.
        machine: what trains.
        weights: ImageNet weights that can be had.
        sides: pixels, at most, of the longer side of what it sees, the largest first.
    """
    height, width = picture = size.picture or (GRAIN, GRAIN)
    shape = seen_at(picture, sides)
    encoder = pretrained(weights, shape)
    kind = "pretrained" if encoder else PLAIN
    encoder = encoder or {"backbone": PLAIN, "standardise": "picture"}
    section = {"kind": "unet", **encoder, "size": written(shape), **size.task.network_keys}
    if kind == PLAIN and not size.task.many_rows:  # objects that touch are parted by their finest pixels
        kind, section = "coarse", section | COARSE
    cost = MULTIPLY_ADDS[kind] * shape[0] * shape[1]
    rows = max(1, round(size.rows * TRAINED))
    epochs = epochs_of(UNetConfig(**section), rows)
    seconds = network_seconds(cost, epochs * rows, fits, machine)
    said = f"masks of pictures of {width}x{height} pixels, seen at {listing(map(str, reversed(shape)))}"
    start = "ImageNet weights" if kind == "pretrained" else "from scratch"
    return shortened(Chosen("unet", section, f"{said}; {start}"), epochs, seconds, BUDGET, FEWEST_EPOCHS)

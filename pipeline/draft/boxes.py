"""The network for answers that are boxes."""

from __future__ import annotations

from pipeline.draft.choice import Chosen
from pipeline.draft.cost import TRAINED, Machine, network_seconds, shortened
from pipeline.draft.dense import BUDGET, FEWEST_EPOCHS, MULTIPLY_ADDS, pretrained, seen_at, written
from pipeline.draft.weights import Weights
from pipeline.errors import listing
from pipeline.models.size import Size
from pipeline.networks.dense.centre_config import CenterNetConfig
from pipeline.networks.dense.encoder_config import GRAIN, PLAIN
from pipeline.networks.dense.plan import epochs_of

SIDES = (512, 384, 256, 192, 128, 96, 64, 32)  # pixels, at most, of the longer side of what is seen


def choose_centernet(size: Size, fits: int, machine: Machine, weights: list[Weights]) -> Chosen:
    """Returns the network of boxes for pictures of that size; arguments as `choose_unet`."""
    height, width = picture = size.picture or (GRAIN, GRAIN)
    shape = seen_at(picture, SIDES)
    encoder = pretrained(weights, shape)
    section = {"kind": "centernet", **encoder, "size": written(shape)}
    cost = MULTIPLY_ADDS["pretrained" if encoder else PLAIN] * shape[0] * shape[1]
    rows = max(1, round(size.rows * TRAINED))
    epochs = epochs_of(CenterNetConfig(**section), rows)
    seconds = network_seconds(cost, epochs * rows, fits, machine)
    said = f"boxes of pictures of {width}x{height} pixels, seen at {listing(map(str, reversed(shape)))}"
    start = "ImageNet weights" if encoder else "from scratch"
    return shortened(Chosen("boxes", section, f"{said}; {start}"), epochs, seconds, BUDGET, FEWEST_EPOCHS)

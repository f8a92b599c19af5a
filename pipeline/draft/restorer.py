"""The models for answers that are pictures: what paper and pixel say, and a network."""

from __future__ import annotations

from typing import Any

from pipeline.draft.choice import Chosen
from pipeline.draft.cost import TRAINED, Machine, network_seconds, shortened
from pipeline.draft.dense import BUDGET, FEWEST_EPOCHS
from pipeline.models.size import Size
from pipeline.networks.dense.config import UNetConfig
from pipeline.networks.dense.encoder_config import GRAIN, PLAIN
from pipeline.networks.dense.plan import epochs_of
from pipeline.networks.dense.tiles import tiles_per_picture

TILE = 128  # pixels: room for a few words
BATCH = 4  # tiles: small steps, for the time is short
WIDTH = 12
COST = 2_000  # multiply-adds per pixel, at the speed at which others are counted


def choose_restorers(size: Size, fits: int, machine: Machine) -> list[Chosen]:
    """Returns the models for pictures of that size, the quick one first.

    Args:
        size: of the data, pictures included.
        fits: folds times repeats.
        machine: what trains.
    """
    height, width = size.picture or (GRAIN, GRAIN)
    side = max(GRAIN, min(TILE, GRAIN * (min(height, width) // GRAIN)))
    section: dict[str, Any] = {"kind": "unet", "backbone": PLAIN, "size": side, "tiles": True}
    section |= {
        "begin": "background",
        "finest": 2,
        "width": WIDTH,
        "batch_size": BATCH,
        "learning_rate": 0.003,
    }
    section |= size.task.network_keys
    tiles = max(1, round(size.rows * TRAINED)) * tiles_per_picture((side, side), (height, width))
    epochs = epochs_of(UNetConfig(**section), tiles)
    seconds = network_seconds(COST * side**2, epochs * tiles, fits, machine)
    said = f"adds to it in pictures of {width}x{height} pixels, learned from tiles of {side}"
    return [
        Chosen("paper", {"kind": "background"}, "the mean grey of pixels that look alike on their paper"),
        shortened(Chosen("unet", section, said), epochs, seconds, BUDGET, FEWEST_EPOCHS),
    ]

"""Size, encoder and time that the networks of pictures' answers share."""

from __future__ import annotations

from typing import Any

from pipeline.draft.weights import Weights
from pipeline.networks.dense.encoder_config import GRAIN, PLAIN

BUDGET = 3600.0  # seconds for all fits
FEWEST_EPOCHS = 10
MULTIPLY_ADDS = {PLAIN: 7_000, "pretrained": 4_500, "coarse": 2_000}  # per pixel, decoder included
SMALLEST_PRETRAINED = 96  # pixels below which a pretrained encoder's deepest map says nothing


def seen_at(picture: tuple[int, int], sides: tuple[int, ...]) -> list[int]:
    """Returns [height, width] at which pictures are seen: whole grains, of about the same proportions.

    Args:
        picture: (height, width) of those of the contest.
        sides: that the longer one may have, the largest first.
    """
    longest = max(picture)
    side = next((one for one in sides if one <= max(longest, min(sides)) * 1.3), min(sides))
    return [max(GRAIN, GRAIN * round(side * one / longest / GRAIN)) for one in picture]


def written(shape: list[int]) -> int | list[int]:
    """Returns a size as a section holds it: one number where both sides are the same."""
    return shape[0] if shape[0] == shape[1] else shape


def pretrained(weights: list[Weights], shape: list[int]) -> dict[str, Any]:
    """Returns a section's keys for the lightest pretrained encoder; none where there is none that fits.

    Args:
        weights: ImageNet weights that can be had.
        shape: [height, width] at which pictures are seen.
    """
    if not weights or min(shape) < SMALLEST_PRETRAINED:
        return {}
    lightest = min(weights, key=lambda weight: weight.multiply_adds)
    alpha = {} if lightest.alpha == 1 else {"alpha": lightest.alpha}
    return {"backbone": lightest.backbone, **alpha, "weights": "imagenet"}

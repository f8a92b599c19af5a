"""Decoded pictures as a part of a dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.transforms.views import Views


@dataclass(frozen=True)
class Pictures:
    """Pictures of all rows of a side.

    Attributes:
        pixels: uint8 (rows, height, width, channels), usually a memory map.
        key: names their content: equal keys mean equal pixels.
        views: through which they were made, from source to network pixels, where that is known.
        windows: how many pictures there are of each row, one after the other.
    """

    pixels: np.ndarray
    key: str = ""
    views: Views | None = None
    windows: int = 1

    def take(self, positions: np.ndarray) -> np.ndarray:
        """Returns a copy of some pictures, uint8 (n, height, width, channels)."""
        return self.pixels[positions]

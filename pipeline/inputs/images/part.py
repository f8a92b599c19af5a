"""Decoded pictures as a part of a dataset."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.data.joined import joined
from pipeline.data.rows import Rows
from pipeline.errors import ModelError
from pipeline.transforms.views import Views


def pictures_of(rows: Rows) -> Pictures:
    """Returns the pictures of all rows of a dataset, or what is seen as such, of which some are looked at.

    Raises:
        ModelError: they have none.
    """
    if rows.dataset.pixels is None:
        raise ModelError("A network needs pictures, and these rows have none.")
    part: Pictures = rows.dataset.pictures
    return part


@dataclass(frozen=True)
class Pictures:
    """Pictures of all rows of a side.

    Attributes:
        pixels: uint8, or numbers of arrays, (rows, height, width, channels), usually a memory map.
        key: names their content: equal keys mean equal pixels. Of joined pictures both keys, with "+".
        views: through which they were made, from source to network pixels, where that is known.
        windows: how many pictures there are of each row, one after the other.
        extents: (rows, 2), height and width that each has at the upper left corner of its canvas; None: all
            of it.
        sources: (rows, 2), height and width of each as it came; None where nobody asks.
    """

    pixels: np.ndarray
    key: str = ""
    views: Views | None = None
    windows: int = 1
    extents: np.ndarray | None = None
    sources: np.ndarray | None = None

    def extent(self, position: int) -> tuple[int, int]:
        """Returns height and width of one picture as it lies there."""
        height, width = self.shape[:2] if self.extents is None else self.extents[position].tolist()
        return int(height), int(width)

    @property
    def through(self) -> Views:
        """The views through which they were made; raises ValueError where nobody noted them."""
        if self.views is None:
            raise ValueError("Nobody noted how these pictures were cut.")
        return self.views

    @property
    def known_sizes(self) -> np.ndarray:
        """Height and width of each as it came, (rows, 2); raises ValueError where nobody noted them."""
        if self.sources is None:
            raise ValueError("Nobody noted the sizes of these pictures.")
        return self.sources

    def all(self) -> np.ndarray:
        """Returns them all, as they lie on disk."""
        return self.pixels

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of each."""
        height, width, channels = self.pixels.shape[1:]
        return int(height), int(width), int(channels)

    def hand_back(self) -> None:
        """Takes the pages of a memory map out of the process, once what was wanted is copied."""
        from pipeline.inputs.images.pixels import hand_back

        hand_back(self.pixels)

    def take(self, positions: np.ndarray) -> np.ndarray:
        """Returns a copy of some pictures, (n, height, width, channels)."""
        return self.pixels[positions]

    def join(self, other: Pictures) -> Pictures:
        """Returns the pictures of both, as they lie on disk."""
        key = f"{self.key}+{other.key}" if self.key and other.key else ""
        return replace(
            self, pixels=joined(self.pixels, other.pixels), key=key, views=None, extents=None, sources=None
        )

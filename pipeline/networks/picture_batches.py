"""Batches of pictures: of their pixels, or of their cached features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.data.joined import Joined
from pipeline.inputs.images.pixels import hand_back
from pipeline.networks.coordinates import to_fractions, to_points
from pipeline.networks.targets import Targets
from pipeline.networks.training.batches import Batch
from pipeline.transforms.augment import Augmenter
from pipeline.transforms.mix import mix_batch
from pipeline.transforms.spectrogram import SpectrogramAugmenter


@dataclass(frozen=True)
class Drawn:
    """Drawn pictures that stand in the place of some of a batch, each of the class of its row.

    Attributes:
        shown: uint8 (drawn, rows, h, w, c), several for each training row.
        share: of a batch's pictures.
        salt: tells its random choices from those of other drawn pictures.
    """

    shown: np.ndarray
    share: float
    salt: int

    def into(self, images: np.ndarray, rows: np.ndarray, seeds: np.ndarray) -> None:
        """Puts drawn pictures into a batch.

        Args:
            images: uint8 (n, h, w, c); it is changed.
            rows: (n,) numbers of training rows, from 0.
            seeds: (n,) decide which, and by what.
        """
        for place, (row, seed) in enumerate(zip(rows, seeds, strict=True)):
            rng = np.random.default_rng([int(seed), self.salt])
            if rng.random() < self.share:
                images[place] = self.shown[rng.integers(len(self.shown)), row]


@dataclass(frozen=True)
class PixelBatches:
    """Batches of pictures, changed at random.

    Attributes:
        pixels: uint8, or numbers of arrays, (all rows, h, w, c), usually a memory map.
        positions: (n,) of the training rows in it.
        target: (n, ...) as the competition keeps it.
        targets: its layout.
        weights: float32 (n,) or None.
        augmenter: changes a picture, and the coordinates on it.
        coordinates: "box" or "points" where the target lies on the picture, else "".
        mix: none, mixup or cutmix.
        alpha: of the mix.
        drawn: pictures that stand in the place of some, those after over those before.
    """

    pixels: np.ndarray
    positions: np.ndarray
    target: np.ndarray
    targets: Targets
    weights: np.ndarray | None
    augmenter: Augmenter | SpectrogramAugmenter | None = None
    coordinates: str = ""
    mix: str = "none"
    alpha: float = 0.2
    drawn: Sequence[Drawn] = ()

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        images = take(self.pixels, self.positions[rows])
        for drawn in self.drawn:
            drawn.into(images, rows, seeds)
        target = self.target[rows]
        if self.augmenter and self.coordinates:
            images, target = self._change_with_coordinates(images, target, seeds)
        elif self.augmenter:
            for place, seed in enumerate(seeds):
                images[place] = self.augmenter(images[place], int(seed))[0]
        encoded = self.targets.encode(target)
        if self.mix != "none":
            rng = np.random.default_rng(seeds)
            images, encoded = mix_batch(self.mix, images, encoded, rng, self.alpha)
        return images, encoded, None if self.weights is None else self.weights[rows]

    def _change_with_coordinates(
        self, images: np.ndarray, target: np.ndarray, seeds: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        size, box = images.shape[1:3], self.coordinates == "box"
        points = to_points(target, size, box)
        for place, seed in enumerate(seeds):
            images[place], points[place] = self.augmenter(images[place], int(seed), points[place])  # type: ignore[misc]
        return images, to_fractions(points, size, box)


@dataclass(frozen=True)
class Features:
    """Batches of cached features. Attributes as for PixelBatches."""

    features: np.ndarray
    positions: np.ndarray
    target: np.ndarray
    targets: Targets
    weights: np.ndarray | None

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        weights = None if self.weights is None else self.weights[rows]
        return take(self.features, self.positions[rows]), self.targets.encode(self.target[rows]), weights


def take(array: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Returns a copy of rows of a memory map, read in the order in which they lie on disk.

    Row by row: an index of all rows would make a second array, whose new pages cost more than the
    copying (20 us for a picture of 128 pixels). The map's pages are handed back at once: they stay
    in the system's cache, but the process does not grow with the number of pictures.
    """
    rows = array if isinstance(array, Joined) else np.asarray(array)  # a memory map's own indexing is slow
    taken = np.empty((len(positions), *rows.shape[1:]), rows.dtype)
    for place in np.argsort(positions):
        taken[place] = rows[positions[place]]
    hand_back(array)
    return taken

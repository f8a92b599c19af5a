"""Training batches: a pure function of (seed, epoch, step), made ahead by threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from pipeline.inputs.images.pixels import hand_back
from pipeline.networks.coordinates import to_fractions, to_points
from pipeline.networks.targets import Targets
from pipeline.transforms.augment import Augmenter
from pipeline.transforms.mix import mix_batch

AHEAD = 4  # batches under way while one is learned from

Batch = tuple[np.ndarray, np.ndarray, np.ndarray | None]


class PictureSource(Protocol):
    """What one batch is made of."""

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        """Returns inputs, encoded targets and weights of some training rows.

        Args:
            rows: numbers of training rows, from 0.
            seeds: a seed for each of them; equal seeds give equal changes.
        """


@dataclass(frozen=True)
class Batches:
    """Batches of one size, in another order each epoch; rows that fill no batch wait for the next.

    No generator lives from batch to batch, so a run that goes on from epoch 7 sees what an
    unbroken one would have seen, and the number of threads changes nothing.

    Attributes:
        source: makes a batch.
        n: number of training rows.
        size: rows per batch, at most n.
        seed: of orders and changes.
        threads: that make batches; 0 makes each when it is asked for.
    """

    source: PictureSource
    n: int
    size: int
    seed: int
    threads: int = 0

    def __len__(self) -> int:
        return self.n // self.size

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Yields the batches of an epoch."""
        rng = np.random.default_rng([self.seed, epoch])
        order = rng.permutation(self.n)
        seeds = rng.integers(2**31, size=self.n)

        def make(step: int) -> Batch:
            rows = order[step * self.size : (step + 1) * self.size]
            return self.source(rows, seeds[rows])

        return ahead(make, len(self), self.threads)


def ahead(make: Callable[[int], Any], count: int, threads: int) -> Iterator[Any]:
    """Yields make(0) ... make(count - 1), in order, made by threads a little before they are due."""
    if threads < 1:
        yield from map(make, range(count))
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="batches")
    waiting: deque[Future] = deque()
    try:
        for step in range(count):
            while len(waiting) < AHEAD and step + len(waiting) < count:
                waiting.append(pool.submit(make, step + len(waiting)))
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True)
class PixelBatches:
    """Batches of pictures, changed at random.

    Attributes:
        pixels: uint8 (all rows, h, w, c), usually a memory map.
        positions: (n,) of the training rows in it.
        target: (n, ...) as the competition keeps it.
        targets: its layout.
        weights: float32 (n,) or None.
        augmenter: changes a picture, and the coordinates on it.
        coordinates: "box" or "points" where the target lies on the picture, else "".
        mix: none, mixup or cutmix.
        alpha: of the mix.
    """

    pixels: np.ndarray
    positions: np.ndarray
    target: np.ndarray
    targets: Targets
    weights: np.ndarray | None
    augmenter: Augmenter | None = None
    coordinates: str = ""
    mix: str = "none"
    alpha: float = 0.2

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        images = take(self.pixels, self.positions[rows])
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
    rows = np.asarray(array)  # a memory map's own indexing is slow
    taken = np.empty((len(positions), *rows.shape[1:]), rows.dtype)
    for place in np.argsort(positions):
        taken[place] = rows[positions[place]]
    hand_back(array)
    return taken

"""Tiles of pictures at their own resolution: drawn at random to learn from, overlapping to answer by."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.networks.dense.encoder_config import GRAIN
from pipeline.networks.picture_batches import take
from pipeline.networks.training.batches import Batch
from pipeline.tasks.image import Image
from pipeline.transforms.augment import Augmenter

WHOLE = 640  # pixels of a side up to which a picture is answered for by one tile
SIDE = 512  # of a tile where it is larger
OVERLAP = 64  # pixels that neighbouring tiles share, at least


@dataclass(frozen=True)
class TileBatches:
    """Batches of tiles and their answers: an epoch takes so many of every picture.

    Attributes:
        shown: uint8 (all rows, h, w, c), pictures at the upper left corner of a canvas; usually a memory map.
        task: knows the answers.
        target: of all rows, the number by which the task knows each.
        positions: (n,) of the training rows.
        size: (height, width) of a tile.
        each: tiles of a picture in an epoch.
        augmenter: changes a tile and its answer.
    """

    shown: np.ndarray
    task: Image
    target: np.ndarray
    positions: np.ndarray
    size: tuple[int, int]
    each: int
    augmenter: Augmenter | None = None

    def __len__(self) -> int:
        return len(self.positions) * self.each

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        places = self.positions[rows // self.each]
        pictures = take(self.shown, places)
        images = np.empty((len(rows), *self.size, pictures.shape[3]), np.uint8)
        answers = np.empty((len(rows), *self.size, 1), np.uint8)
        for place, (at, seed) in enumerate(zip(places.tolist(), seeds.tolist(), strict=True)):
            truth = self.task.known.picture(int(self.target[at, 0]))[:, :, None]
            random = np.random.default_rng(seed)
            room = [max(0, own - side) for own, side in zip(truth.shape, self.size, strict=False)]
            corner = [int(random.integers(one + 1)) for one in room]
            own = pictures[place, : truth.shape[0], : truth.shape[1]]
            images[place], answers[place] = (cut(one, corner, self.size) for one in (own, truth))
            if self.augmenter:
                images[place], answers[place] = self.augmenter.with_mask(images[place], answers[place], seed)
        return images, answers, None


def cut(picture: np.ndarray, corner: list[int], size: tuple[int, int]) -> np.ndarray:
    """Returns the part of a picture (h, w, c) at a corner; beyond its lower and right edge it is mirrored."""
    import cv2

    part = picture[corner[0] : corner[0] + size[0], corner[1] : corner[1] + size[1]]
    if part.shape[:2] == size:
        return part
    below, right = size[0] - part.shape[0], size[1] - part.shape[1]
    part = cv2.copyMakeBorder(np.ascontiguousarray(part), 0, below, 0, right, cv2.BORDER_REFLECT_101)
    return part.reshape(*size, -1)


def tiles_per_picture(size: tuple[int, int], canvas: tuple[int, int]) -> int:
    """Returns how many tiles cover a picture, edge to edge."""
    return max(1, round(canvas[0] * canvas[1] / (size[0] * size[1])))


def answering_size(canvas: tuple[int, int]) -> tuple[int, int]:
    """Returns (height, width) of the tiles that answer for pictures of that size: large ones, few seams."""
    height, width = (GRAIN * math.ceil((side if side <= WHOLE else SIDE) / GRAIN) for side in canvas)
    return height, width


def stitched(
    answer: Callable[[np.ndarray], np.ndarray], picture: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Returns float32 (h, w, layers): what tiles say of a picture, blended where they overlap.

    A tile's say falls linearly towards its edges, where it knows little of what is beyond.

    Args:
        answer: takes tiles uint8 (n, height, width, c), returns float32 (n, height, width, layers).
        picture: uint8 (h, w, c).
        size: (height, width) of a tile.
    """
    if picture.shape[0] <= size[0] and picture.shape[1] <= size[1]:
        return answer(cut(picture, [0, 0], size)[None])[0][: picture.shape[0], : picture.shape[1]]
    return np.concatenate(list(bands(answer, picture, size)))


def bands(
    answer: Callable[[np.ndarray], np.ndarray], picture: np.ndarray, size: tuple[int, int]
) -> Iterator[np.ndarray]:
    """Yields what tiles say of a picture as in `stitched`, from above: float32 (rows, w, layers).

    No more than the lines of one row of tiles are held.
    """
    weight = np.multiply.outer(_ramp(size[0]), _ramp(size[1])).astype(np.float32)[:, :, None]
    height, width = picture.shape[:2]
    across = max(width, size[1])
    downs = list(_starts(height, size[0]))
    total, weights = np.zeros((0, across, 1), np.float32), np.zeros((0, across, 1), np.float32)
    for place, y in enumerate(downs):
        grown = np.zeros((size[0], across, 1), np.float32)
        weights = np.concatenate([weights, grown[len(weights) :]])
        for x in _starts(width, size[1]):
            said = answer(cut(picture, [y, x], size)[None])[0]
            if len(total) < size[0]:
                more = np.zeros((size[0] - len(total), across, said.shape[2]), np.float32)
                total = np.concatenate([total, more]) if len(total) else more
            total[:, x : x + size[1]] += weight * said
            weights[:, x : x + size[1]] += weight
        done = (downs[place + 1] if place + 1 < len(downs) else height) - y
        yield (total[:done] / weights[:done])[:, :width]
        total, weights = total[done:], weights[done:]


def _starts(side: int, tile: int) -> Iterator[int]:
    """Yields where tiles begin along a side: evenly spread, the last one at its end."""
    if side <= tile:
        yield 0
        return
    count = math.ceil((side - tile) / (tile - OVERLAP)) + 1
    yield from (round(step * (side - tile) / (count - 1)) for step in range(count))


def _ramp(side: int) -> np.ndarray:
    """Returns (side,): 1 in the middle, falling over the last OVERLAP pixels to either end."""
    away = np.minimum(np.arange(side) + 1, side - np.arange(side))
    return np.minimum(away / OVERLAP, 1.0)

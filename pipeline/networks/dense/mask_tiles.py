"""Tiles of pictures with their masks, some drawn at random, some around what is looked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.inputs.images.part import Pictures
from pipeline.networks.dense.tiles import cut
from pipeline.networks.training.batches import Batch
from pipeline.tasks.mask import Mask
from pipeline.transforms.augment import Augmenter


@dataclass(frozen=True)
class MaskTileBatches:
    """Batches of tiles and their masks: an epoch takes so many of every picture.

    Of a large picture with few objects, tiles drawn anywhere show the ground alone: a share of them is drawn
    around a pixel of an object (nnU-Net's oversampling of the foreground; Isensee et al., 2021).

    Attributes:
        seen: pictures of all rows, on a canvas.
        task: knows the masks.
        target: of all rows, the number by which the task knows each.
        positions: (n,) of the training rows.
        size: (height, width) of a tile.
        each: tiles of a picture in an epoch.
        share: of the tiles of pictures with a mask that are drawn around a pixel of it.
        augmenter: changes a tile and its masks.
    """

    seen: Pictures
    task: Mask
    target: np.ndarray
    positions: np.ndarray
    size: tuple[int, int]
    each: int
    share: float
    augmenter: Augmenter | None = None

    def __len__(self) -> int:
        return len(self.positions) * self.each

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        shown = self.seen.all()
        images = np.empty((len(rows), *self.size, shown.shape[3]), np.uint8)
        masks = np.empty((len(rows), *self.size, self.task.layers), np.uint8)
        places = self.positions[rows // self.each]
        for place, (at, seed) in enumerate(zip(places.tolist(), seeds.tolist(), strict=True)):
            row, random = int(self.target[at, 0]), np.random.default_rng(seed)
            height, width = self.seen.extent(at)
            corner = self.corner(row, (height, width), random)
            images[place] = cut(np.asarray(shown[at])[:height, :width], list(corner), self.size)
            masks[place] = cut(self.task.layers_in(row, corner, self.size), [0, 0], self.size)
            if self.augmenter:
                images[place], masks[place] = self.augmenter.with_mask(images[place], masks[place], seed)
        self.seen.hand_back()
        return images, masks, None

    def corner(self, row: int, size: tuple[int, int], random: np.random.Generator) -> tuple[int, int]:
        """Returns (y, x) of a tile of a row's picture of that size, drawn at random."""
        room = [max(0, own - side) for own, side in zip(size, self.size, strict=True)]
        around = self.task.somewhere(row, random) if random.random() < self.share else None
        if around is None:
            y, x = (int(random.integers(one + 1)) for one in room)
            return y, x
        drawn = (at - int(random.integers(side)) for at, side in zip(around, self.size, strict=True))
        y, x = (min(max(0, one), most) for one, most in zip(drawn, room, strict=True))
        return y, x

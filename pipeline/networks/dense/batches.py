"""Pictures with their masks: at a network's size, moved together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.context import Context
from pipeline.data.dense import room
from pipeline.inputs.images.part import Pictures
from pipeline.networks.dense.crops import layers_through
from pipeline.networks.picture_batches import take
from pipeline.networks.training.batches import Batch
from pipeline.tasks.mask import Mask
from pipeline.transforms.augment import Augmenter

MASKS_VERSION = 1  # raise it when the same masks would be learned in another form


@dataclass(frozen=True)
class MaskBatches:
    """Batches of pictures and masks, changed at random.

    Attributes:
        shown: uint8 (all rows, h, w, c), usually a memory map.
        masks: uint8 (all rows, h, w, layers) of 0 and 1, usually a memory map.
        positions: (n,) of the training rows in both.
        augmenter: changes a picture and its mask.
    """

    shown: np.ndarray
    masks: np.ndarray
    positions: np.ndarray
    augmenter: Augmenter | None = None

    def __len__(self) -> int:
        return len(self.positions)

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        images, masks = take(self.shown, self.positions[rows]), take(self.masks, self.positions[rows])
        if self.augmenter:
            for place, seed in enumerate(seeds):
                images[place], masks[place] = self.augmenter.with_mask(images[place], masks[place], int(seed))
        return images, masks, None


def masks_at(
    task: Mask, target: np.ndarray, pictures: Pictures, context: Context, crop: bool = False
) -> np.ndarray:
    """Returns uint8 (rows, h, w, layers): the masks of all rows as a network sees their pictures.

    Args:
        task: knows the masks.
        target: of all rows.
        pictures: of the same rows; where they have a key, the masks are made once and kept.
        context: keeps them.
        crop: the network sees a part of each picture, by its views.
    """
    size = pictures.shape[:2]

    def make() -> np.ndarray:
        masks = room((len(target), *size, task.layers), 0, kind=np.dtype(np.uint8))
        for place, row in enumerate(target[:, 0]):
            if not np.isfinite(row):
                continue  # nobody annotated it: it is not learned from
            if crop and pictures.views is not None:
                masks[place] = layers_through(task, int(row), pictures.views.affines[place], size)
            else:
                masks[place] = task.layers_at(int(row), size)
        return masks

    if not pictures.key:
        return make()
    key = {"version": MASKS_VERSION, "pixels": pictures.key, "layers": task.layers}
    key |= {"beside": task.beside} if task.beside else {}
    return context.cache("masks", key, make)

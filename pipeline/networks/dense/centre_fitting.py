"""A fit of a network of centres and sizes, and what it finds."""

from __future__ import annotations

import numpy as np

from pipeline.errors import ModelError
from pipeline.networks.dense.centre_config import MOST_MAPS
from pipeline.networks.dense.centre_loss import PRIOR
from pipeline.networks.dense.centres import CentreBatches, read_back, turned_back
from pipeline.networks.dense.fitting import UNetFit
from pipeline.networks.dense.inference import in_batches
from pipeline.networks.dense.network import UNet
from pipeline.networks.dense.structure import DecoderStructure, UNetStructure, make_centre_structure
from pipeline.networks.keras_import import to_numpy
from pipeline.tasks.box_array import BOX
from pipeline.tasks.boxes import Boxes
from pipeline.transforms.augment import Augmenter
from pipeline.transforms.test_time import affines, apply_test_time
from pipeline.transforms.views import invert_affines


class CentreFit(UNetFit):
    """One fit of a network that finds boxes; see `UNetFit`."""

    task: Boxes

    def _look(self) -> None:
        """Sees whole pictures, as they are."""

    def _structure(self) -> UNetStructure:
        classes = len(self.task.outputs)
        if classes > MOST_MAPS and not self.config.tells_at_centres(classes):
            raise ModelError(
                f"`classes_at: heatmap` draws a map for each class, of at most {MOST_MAPS}. The boxes are of "
                f"{classes:,}: `classes_at: centre` tells them by features at the middles."
            )
        return make_centre_structure(self.config, self.shape, classes)

    def _source(self) -> CentreBatches:
        if self.target is None:
            raise ModelError("These rows have no boxes to learn from.")
        augmenter = None if self.config.augment == "none" else Augmenter(self.config.augment, reflect=False)
        at_centre = self.config.tells_at_centres(len(self.task.outputs))
        seen = (self.shown, self.task, self.target, self.positions)
        return CentreBatches(*seen, self.config.stride, augmenter, at_centre)


def found_boxes(network: UNet, task: Boxes, shown: np.ndarray, positions: np.ndarray, tta: str) -> np.ndarray:
    """Returns `BOX` (n, most): the boxes that a network finds, its maps averaged over the ways.

    Args:
        network: its weights are set.
        task: has the classes, and how many boxes a row holds.
        shown: uint8 (all rows, h, w, c), usually a memory map.
        positions: (n,) the rows wanted.
        tta: name of a set whose ways only move pixels.
    """
    head: DecoderStructure = network.structure.head  # type: ignore[assignment]
    stride, classes, telling = head.stride, head.heatmaps, None
    if head.classes:
        layer = network.class_layer()
        telling = to_numpy(layer.kernel), to_numpy(layer.bias)
    size = (shown.shape[1], shown.shape[2])
    ways = list(zip(affines(tta, size), affines(tta, (size[0] // stride, size[1] // stride)), strict=True))
    found = np.zeros((len(positions), task.most), BOX)
    for places, batch in in_batches(shown, positions):
        total: np.ndarray | float = 0.0
        for way, of_grid in ways:
            turned = np.ascontiguousarray(apply_test_time(batch, way))
            said = np.array(network.answering.predict_on_batch(turned), np.float32)
            said[..., :classes] = 0.5 * (1.0 + np.tanh(0.5 * (said[..., :classes] + PRIOR)))
            back = apply_test_time(said, invert_affines(of_grid))
            total = total + turned_back(np.asarray(back, np.float32), of_grid, classes)
        maps = np.asarray(total, np.float32) / len(ways)
        for place, one in zip(places, maps, strict=False):
            found[place] = read_back(one, classes, task.most, telling)
    return found

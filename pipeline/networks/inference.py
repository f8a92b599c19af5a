"""Raw outputs and features of pictures, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pipeline.context import Context
from pipeline.data.joined import Joined, joined
from pipeline.networks.coordinates import swap, to_fractions, to_points
from pipeline.networks.network import Network
from pipeline.networks.picture_batches import take
from pipeline.networks.targets import Targets
from pipeline.transforms.test_time import affines, apply_test_time, undo

PIXELS_PER_BATCH = 2**20  # what a layer holds of more falls out of a processor's caches
MOST, LEAST = 256, 16
FEATURES_VERSION = 1

Change = Callable[[np.ndarray], np.ndarray]


def batch_size(shape: tuple[int, ...]) -> int:
    """Returns how many pictures (h, w, c) to run at once; a power of two."""
    fitting = PIXELS_PER_BATCH // (shape[0] * shape[1])
    return int(min(MOST, max(LEAST, 2 ** int(np.log2(max(1, fitting))))))


def run(
    model: Any, inputs: np.ndarray, positions: np.ndarray, size: int, change: Change | None = None
) -> np.ndarray:
    """Returns float32 (n, width): a Keras model's outputs for some rows.

    Every batch has the same size, the last one filled up by repeats, so that nothing is traced
    twice.

    Args:
        model: a Keras model.
        inputs: (all rows, ...), usually a memory map.
        positions: (n,) the rows wanted.
        size: rows per batch.
        change: what happens to a batch of pictures before.
    """
    outputs = np.empty((len(positions), model.output_shape[-1]), np.float32)
    for start in range(0, len(positions), size):
        part = positions[start : start + size]
        batch = take(inputs, part)
        if len(part) < size:
            batch = np.concatenate([batch, np.repeat(batch[-1:], size - len(part), axis=0)])
        result = model.predict_on_batch(change(batch) if change else batch)
        outputs[start : start + size] = np.asarray(result)[: len(part)]
    return outputs


class Frozen:
    """The features of a frozen extractor, computed once for a whole data set.

    Args:
        network: its extractor's weights are set when features have to be computed.
        values: all of the network's weights.
        identity: names the extractor's weights.
    """

    def __init__(self, network: Network, values: list[np.ndarray], identity: str) -> None:
        self.network, self.values, self.identity = network, values, identity

    def features(
        self, pixels: np.ndarray, key: str, positions: np.ndarray, context: Context
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns features and the positions in them of the rows asked for.

        Where the pixels have no key, only the rows asked for are computed, and nothing is kept.
        """
        if not key:
            return self._compute(pixels, positions, context), np.arange(len(positions))
        if isinstance(pixels, Joined):  # each side's features are those that other models have cached
            sides = zip(pixels.parts, key.split("+"), strict=True)
            return joined(
                *(self.features(side, name, positions, context)[0] for side, name in sides)
            ), positions
        structure = self.network.structure.extractor
        made_of = {
            "version": FEATURES_VERSION,
            "weights": self.identity,
            "backbone": structure.backbone,
            "alpha": structure.alpha,
            "pooling": structure.pooling,
            "mixed": structure.mixed,
            "pixels": key,
        }
        everything = np.arange(len(pixels))
        return context.cache(
            "features", made_of, lambda: self._compute(pixels, everything, context)
        ), positions

    def _compute(self, pixels: np.ndarray, positions: np.ndarray, context: Context) -> np.ndarray:
        for variable, value in zip(self.network.extractor.weights, self.values, strict=False):
            variable.assign(value)
        return run(self.network.extractor, pixels, positions, batch_size(pixels.shape[1:]))


def average_views(
    predict: Callable[[Change | None], np.ndarray],
    targets: Targets,
    tta: str,
    size: tuple[int, int],
    coordinates: str = "",
    pairs: list[list[int]] = [],  # noqa: B006 (never changed)
) -> np.ndarray:
    """Returns float32 (n, outputs): predictions averaged over the views of a test-time set.

    Coordinates found in a view are brought back to the picture before they are averaged.

    Args:
        predict: takes the change that makes a view (None: as it is); returns raw outputs.
        targets: decodes raw outputs.
        tta: name of the set.
        size: (height, width) of the pictures.
        coordinates: "box", "points" or "".
        pairs: points that trade places in a mirrored view.
    """
    total: Any = 0.0
    ways = affines(tta, size)
    for affine in ways:
        same = np.allclose(affine, np.eye(2, 3))
        change = None if same else lambda batch, affine=affine: apply_test_time(batch, affine)
        found = targets.decode(predict(change)).astype(np.float64)
        if coordinates and not same:
            points = undo(to_points(found, size, coordinates == "box"), affine)
            if pairs and np.linalg.det(affine[:, :2]) < 0:
                points = swap(points, pairs)
            found = to_fractions(points, size, coordinates == "box")
        total = total + found
    return (total / len(ways)).astype(np.float32)

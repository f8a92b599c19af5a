"""Probabilities of pixels, or their greys, of pictures that are seen in the ways of a test-time set."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from pipeline.data import dense
from pipeline.inputs.images.part import Pictures
from pipeline.networks.dense.crops import back_on_grid
from pipeline.networks.dense.network import UNet
from pipeline.networks.dense.tiles import answering_size, bands, stitched
from pipeline.networks.picture_batches import take
from pipeline.tasks.image import Image
from pipeline.tasks.mask import Mask
from pipeline.tasks.mask_bands import on_grid
from pipeline.tasks.mask_rule import enlarged
from pipeline.transforms.test_time import affines, apply_test_time
from pipeline.transforms.views import invert_affines

AT_ONCE = 8  # pictures


def probabilities(
    network: UNet, task: Mask, pictures: Pictures, positions: np.ndarray, tta: str, crop: bool = False
) -> np.ndarray:
    """Returns float16 (n, outputs): probabilities on the task's grid, averaged over the ways.

    Args:
        network: its weights are set.
        task: has the grid.
        pictures: of all rows.
        positions: (n,) the rows wanted.
        tta: name of a set whose ways only move pixels.
        crop: they are parts of pictures, by their views: beyond them no pixel belongs to a mask.
    """
    shown, grid = pictures.all(), (task.height, task.width)
    ways = affines(tta, (shown.shape[1], shown.shape[2]))
    found = dense.room((len(positions), task.n_outputs))
    for places, batch in in_batches(shown, positions):
        maps = _mean_over(network, batch, ways)
        for place, row, one in zip(
            places, positions[places.start : places.stop].tolist(), maps, strict=False
        ):
            if crop and pictures.views is not None and pictures.sources is not None:
                affine, (height, width) = pictures.views.affines[row], pictures.sources[row].tolist()
                found[place] = back_on_grid(one, affine, (height, width), grid).ravel()
            else:
                found[place] = enlarged(one, grid).ravel()
    return found


def in_batches(shown: np.ndarray, positions: np.ndarray) -> Iterator[tuple[range, np.ndarray]]:
    """Yields places among the rows, and their pictures, always as many: nothing is traced twice."""
    for start in range(0, len(positions), AT_ONCE):
        part = positions[start : start + AT_ONCE]
        batch = take(shown, part)
        if len(part) < AT_ONCE:
            batch = np.concatenate([batch, np.repeat(batch[-1:], AT_ONCE - len(part), axis=0)])
        yield range(start, start + len(part)), batch


def tiled_probabilities(
    network_of: Callable[[tuple[int, int, int]], UNet],
    task: Mask,
    pictures: Pictures,
    positions: np.ndarray,
    tta: str,
) -> np.ndarray:
    """Returns float16 (n, outputs): probabilities on the task's grid, by tiles of pictures of their own size.

    Args:
        network_of: returns the network, its weights set, for tiles of a shape (height, width, channels).
        task: has the grid.
        pictures: on a canvas.
        positions: (n,) the rows wanted.
        tta: name of a set whose ways only move pixels.
    """
    shown = pictures.all()
    size = answering_size((shown.shape[1], shown.shape[2]))
    network, ways = network_of((*size, shown.shape[3])), affines(tta, size)
    found = dense.room((len(positions), task.n_outputs))
    for place, position in enumerate(positions.tolist()):
        height, width = pictures.extent(position)
        picture = np.asarray(shown[position])[:height, :width]
        said = bands(lambda tiles: _mean_over(network, tiles, ways), picture, size)
        lines, top = found[place].reshape(task.height, task.width, task.layers), 0
        for some in on_grid(said, (height, width), (task.height, task.width)):
            lines[top : top + len(some)] = some
            top += len(some)
            pictures.hand_back()
    return found


def _mean_over(network: UNet, batch: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """Returns float32 (n, h, w, layers): each way's maps, moved back before they are averaged."""
    total: np.ndarray | float = 0.0
    for way in ways:
        turned = np.ascontiguousarray(apply_test_time(batch, way))
        logits = np.asarray(network.answering.predict_on_batch(turned), np.float32)
        total = total + apply_test_time(0.5 * (1.0 + np.tanh(0.5 * logits)), invert_affines(way))
    return np.asarray(total, np.float32) / len(ways)


def greys_of(
    network_of: Callable[[tuple[int, int, int]], UNet],
    task: Image,
    shown: np.ndarray,
    positions: np.ndarray,
    tta: str,
    seen: Callable[[np.ndarray], np.ndarray] | None = None,
) -> np.ndarray:
    """Returns float16 (n, outputs): greys on the task's canvas, averaged over the ways.

    Args:
        network_of: returns the network, its weights set, for tiles of a shape (height, width, channels).
        task: has the canvas.
        shown: uint8 (all rows, h, w, c), pictures on a canvas, usually a memory map.
        positions: (n,) the rows wanted.
        tta: name of a set whose ways only move pixels.
        seen: makes of a picture what the network sees; None: it is that itself.
    """
    size = answering_size((shown.shape[1], shown.shape[2]))
    channels = shown.shape[3] if seen is None else seen(np.zeros((*size, shown.shape[3]), np.uint8)).shape[2]
    network, ways = network_of((*size, channels)), affines(tta, size)
    found = dense.room((len(positions), task.n_outputs), 0.0)
    for place, position in enumerate(positions.tolist()):
        picture = take(shown, np.array([position]))[0]
        picture = picture if seen is None else seen(picture)
        greys = stitched(lambda tiles: _greys_over(network, tiles, ways), picture, size)[:, :, 0]
        height, width = min(greys.shape[0], task.height), min(greys.shape[1], task.width)
        canvas = found[place].reshape(task.height, task.width)
        canvas[:height, :width] = np.clip(greys[:height, :width], 0.0, 1.0)
    return found


def _greys_over(network: UNet, tiles: np.ndarray, ways: np.ndarray) -> np.ndarray:
    total: np.ndarray | float = 0.0
    for way in ways:
        turned = np.ascontiguousarray(apply_test_time(tiles, way))
        said = np.asarray(network.answering.predict_on_batch(turned), np.float32)
        total = total + apply_test_time(said, invert_affines(way))
    return np.asarray(total, np.float32) / len(ways)

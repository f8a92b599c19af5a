"""Masks of pictures that are too large to be held: numbers on a grid in bands, labels in strips."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from pipeline.tasks.mask_rule import LARGE, MaskRule
from pipeline.tasks.rle import Order, places

LARGEST = 2**27  # pixels of a picture whose masks are held whole
SHRUNKEN = 2**23  # pixels, about, that a larger one is looked at by: objects told apart, holes filled, scores
STRIP = 2**22  # pixels made at a time


def held(size: tuple[int, int]) -> tuple[int, int]:
    """Returns height and width at which a picture's masks are held: its own, or of so large a one fewer."""
    return size if size[0] * size[1] <= LARGEST else shrunken(size, SHRUNKEN)


def shrunken(size: tuple[int, int], pixels: int) -> tuple[int, int]:
    """Returns height and width of a picture of no more than so many pixels, about."""
    share = min(1.0, pixels / (size[0] * size[1])) ** 0.5
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def scaled(rule: MaskRule, size: tuple[int, int], at: tuple[int, int]) -> MaskRule:
    """Returns a rule for a picture of a size as it is for the same picture at another."""
    return rule._replace(smallest=rule.smallest * (at[0] * at[1]) / (size[0] * size[1]))


def strips(
    layers: np.ndarray, rule: MaskRule, size: tuple[int, int], objects: bool, order: Order
) -> Iterator[np.ndarray]:
    """Yields whole numbers (height, width) of a picture: some columns, or rows, at a time, as `order` says.

    The mask is made of what lies linearly between the grid's numbers. Where objects are told apart or holes
    are filled, labels are made of the shrunken picture, and each pixel takes the nearest one's. Of a mask
    alone the smallest area is left to who counts its pixels.

    Args:
        layers: (h, w, layers) probabilities on the grid, as in `MaskRule.labels`.
        rule: that makes them masks.
        size: height and width of the picture.
        objects: whether they are told apart.
        order: whether columns or rows follow one another.
    """
    if order == "columns":
        yield from (strip.T for strip in strips(layers.swapaxes(0, 1), rule, size[::-1], objects, "rows"))
        return
    if not objects and not rule.fill:
        first = layers[:, :, :1]
        for band in on_grid(_in_bands(first, size[0] * size[1]), first.shape[:2], size):
            yield (band[:, :, 0] > rule.threshold).view(np.uint8)
        return
    at = shrunken(size, SHRUNKEN)
    labels = scaled(rule, size, at).labels(brought(layers, at), at, objects)
    down, across = places(at[0], size[0]), places(at[1], size[1])
    step = max(1, STRIP // size[1])
    for start in range(0, size[0], step):
        yield labels[np.ix_(down[start : start + step], across)]


def brought(layers: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Returns (height, width, layers): numbers on a grid that is too large to be held, at a smaller size."""
    if layers.shape[0] * layers.shape[1] <= LARGE or layers.shape[:2] == size:
        return layers
    return np.concatenate(list(on_grid(_in_bands(layers, size[0] * size[1]), layers.shape[:2], size)))


def _in_bands(layers: np.ndarray, pixels: int) -> Iterator[np.ndarray]:
    """Yields parts of a grid from above, of which a picture of so many pixels is made a strip at a time."""
    step = max(1, STRIP * len(layers) // max(pixels, layers[:, :, 0].size))
    for start in range(0, len(layers), step):
        yield layers[start : start + step]


def on_grid(
    bands: Iterable[np.ndarray], size: tuple[int, int], grid: tuple[int, int]
) -> Iterator[np.ndarray]:
    """Yields numbers of a picture on a grid, from above: float32 (rows, grid's width, layers).

    Where the grid is coarser, across or down, each of its pixels is the mean of what it covers; where it is
    finer, they lie linearly between the picture's.

    Args:
        bands: of the picture from above, (rows, width, layers).
        size: height and width of the picture.
        grid: height and width.
    """
    import cv2

    first, last = _reach(size[0], grid[0])
    kind = cv2.INTER_AREA if grid[1] < size[1] else cv2.INTER_LINEAR
    open_lines, start, done = np.zeros((0, grid[1], 1), np.float32), 0, 0
    for band in bands:
        rows: np.ndarray = np.ascontiguousarray(band, np.float32)
        stop = start + len(band)
        if grid[1] != size[1]:
            rows = cv2.resize(rows, (grid[1], len(rows)), interpolation=kind)
        rows = rows.reshape(stop - start, grid[1], -1)
        if grid[0] == size[0]:
            yield rows
        else:
            begun = int(np.searchsorted(first, stop))
            ended = int(np.searchsorted(last, stop, side="right")) if stop < size[0] else grid[0]
            more = np.zeros((begun - done - len(open_lines), grid[1], rows.shape[2]), np.float32)
            open_lines = np.concatenate([open_lines, more]) if len(open_lines) else more
            open_lines += np.tensordot(_shares(size[0], grid[0], (done, begun), (start, stop)), rows, axes=1)
            yield open_lines[: ended - done]
            open_lines, done = open_lines[ended - done :], ended
        start = stop


def _reach(own: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns (side,) each: from which line of the picture on, and to before which, a grid's is made."""
    if side < own:
        edges = np.arange(side + 1) * (own / side)
        return edges[:-1], edges[1:]
    at = _between(own, side)
    return np.floor(at), np.ceil(at) + 1.0


def _between(own: int, side: int) -> np.ndarray:
    """Returns (side,): where the middles of a finer grid's lines lie, in lines of the picture."""
    return np.clip((np.arange(side) + 0.5) * (own / side) - 0.5, 0.0, own - 1.0)


def _shares(own: int, side: int, lines: tuple[int, int], band: tuple[int, int]) -> np.ndarray:
    """Returns float32 (lines, band's lines): what lines of the picture are worth for some of the grid's."""
    at = np.arange(*band)[None]
    if side < own:
        edges = np.arange(lines[0], lines[1] + 1) * (own / side)
        shared = np.minimum(edges[1:, None], at + 1) - np.maximum(edges[:-1, None], at)
        return (np.clip(shared, 0.0, None) * (side / own)).astype(np.float32)
    return np.clip(1.0 - np.abs(_between(own, side)[slice(*lines), None] - at), 0.0, None).astype(np.float32)

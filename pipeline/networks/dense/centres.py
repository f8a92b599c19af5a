"""Boxes as maps of middles and sizes: drawn to learn from, and read back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.networks.dense.centre_classes import MOST_TOLD
from pipeline.networks.dense.structure import BESIDE
from pipeline.networks.picture_batches import take
from pipeline.networks.training.batches import Batch
from pipeline.tasks.box_array import corners_of, in_row, make_boxes
from pipeline.tasks.boxes import Boxes
from pipeline.transforms.augment import Augmenter
from pipeline.transforms.views import box_corners, corners_box

SPREAD = 0.54 / 6.0  # of a box's side: deviation of the bump around its middle (Liu et al., TTFNet, 2020)
NARROWEST = 0.4  # of that deviation, cells
LEAST = 0.01  # confidence from which on a middle is a box
REMAINS = 0.25  # share of a box that must stay in the picture when it is moved


def drawn(boxes: np.ndarray, grid: tuple[int, int], classes: int) -> np.ndarray:
    """Returns float32 (height, width, classes + 5): what a network should say of boxes.

    For each class how near a cell is to a middle (1 at it); offset of the middle from the cell's and
    logarithm of the size, both in cells, at the middles; and 1 there.

    Args:
        boxes: `BOX` (n,), within the picture.
        grid: height and width of the map.
        classes: number of them.
    """
    found = np.zeros((*grid, classes + BESIDE + 1), np.float32)
    middles, sides, cells, order = _on_grid(boxes, grid)
    deviations = np.maximum(sides * SPREAD, NARROWEST)
    across, down = np.arange(grid[1]), np.arange(grid[0])
    for place in order:
        (x, y), (wide, high) = cells[place], deviations[place]
        bump = np.exp(-np.square(down - y) / (2 * high**2))[:, None] * np.exp(
            -np.square(across - x) / (2 * wide**2)
        )
        layer = found[:, :, int(boxes["label"][place])]
        np.maximum(layer, bump, out=layer)
        size = np.log(np.where(sides[place] > 0, sides[place], 1.0))
        found[y, x, classes:] = [*(middles[place] - cells[place] - 0.5), *size, 1.0]
    return found


def numbered(boxes: np.ndarray, grid: tuple[int, int], seed: int) -> np.ndarray:
    """Returns float32 (height, width, 1): at the middles of boxes the number of their class, from 1; else 0.

    Of more than `MOST_TOLD` middles so many are drawn: a step's memory has a limit.

    Args:
        boxes: `BOX` (n,), within the picture.
        grid: height and width of the map.
        seed: of the draw.
    """
    found = np.zeros((*grid, 1), np.float32)
    _, _, cells, order = _on_grid(boxes, grid)
    for place in order:
        found[cells[place, 1], cells[place, 0]] = boxes["label"][place] + 1.0
    middles = np.flatnonzero(found)
    if len(middles) > MOST_TOLD:
        left = np.random.default_rng(seed).permutation(middles)[MOST_TOLD:]
        found.ravel()[left] = 0.0
    return found


def _on_grid(boxes: np.ndarray, grid: tuple[int, int]) -> tuple[np.ndarray, ...]:
    """Returns middles and sides of boxes in cells, the cells themselves, and the order to draw them in."""
    corners = corners_of(boxes) * [grid[1], grid[0], grid[1], grid[0]]
    middles, sides = (corners[:, :2] + corners[:, 2:]) / 2.0, corners[:, 2:] - corners[:, :2]
    cells = np.clip(np.floor(middles), 0, [grid[1] - 1, grid[0] - 1]).astype(np.int64)
    order = np.argsort(-sides.prod(axis=1), kind="stable")  # of two in a cell the smaller one stays
    return middles, sides, cells, order


def read_back(
    maps: np.ndarray, classes: int, most: int, telling: tuple[np.ndarray, np.ndarray] | None = None
) -> np.ndarray:
    """Returns `BOX` (most,): the boxes whose middles are the highest of the 3 x 3 cells around them.

    Args:
        maps: float32 (height, width, classes + 4): chances of middles, offsets, logarithms of sizes; behind
            them features, where these tell the classes.
        classes: number of the maps of middles.
        most: boxes of a row.
        telling: float32 (features, classes) and (classes,), from features to logits; None: a map's number is
            the class. The confidence is then that there is a box, times that of its likeliest class.
    """
    height, width, _ = maps.shape
    chance = maps[:, :, :classes]
    framed = np.pad(chance, ((1, 1), (1, 1), (0, 0)))
    around = [framed[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    peak = (chance >= np.maximum.reduce(around)) & (chance >= LEAST)
    y, x, label = np.nonzero(peak)
    confidence = chance[y, x, label]
    best = np.argsort(-confidence, kind="stable")[:most]
    y, x, label, confidence = y[best], x[best], label[best], confidence[best]
    beside = maps[y, x, classes : classes + BESIDE].astype(np.float64)
    if telling is not None:
        label, sure = _told(maps[y, x, classes + BESIDE :], *telling)
        confidence = confidence * sure
    middles = np.stack([x, y], axis=1) + 0.5 + beside[:, :2]
    half = np.exp(np.minimum(beside[:, 2:], np.log(2.0 * max(height, width)))) / 2.0
    corners = np.concatenate([middles - half, middles + half], axis=1) / [width, height, width, height]
    return in_row(make_boxes(corners, label, confidence), most)


def _told(features: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the likeliest class (n,) by features (n, width), and how likely it is."""
    logits = features @ kernel + bias
    label = logits.argmax(axis=1)
    best = logits.max(axis=1, keepdims=True)
    return label, 1.0 / np.exp(logits - best).sum(axis=1)


def turned_back(maps: np.ndarray, way: np.ndarray, classes: int) -> np.ndarray:
    """Returns maps whose offsets and sizes are those before a flip or quarter turn.

    Args:
        maps: (n, h, w, classes + 4 or more) of pictures as a way showed them, their cells moved back.
        way: float64 (2, 3), from the picture to what was shown.
        classes: number of them.
    """
    turn = np.rint(way[:, :2] / np.abs(way[:, :2]).max()).astype(np.float32)
    found = maps.copy()
    found[..., classes : classes + 2] = maps[..., classes : classes + 2] @ turn  # its inverse, transposed
    sizes = slice(classes + 2, classes + BESIDE)
    found[..., sizes] = maps[..., sizes] @ np.abs(turn)
    return found


def moved(
    augmenter: Augmenter, image: np.ndarray, boxes: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Returns a changed picture and its boxes, moved as it was.

    Boxes are those around their moved corners, cut off at the border; those of which too little remains
    are left out.

    Args:
        augmenter: changes both.
        image: uint8 (height, width, channels).
        boxes: `BOX` (n,).
        seed: everything random follows from it.
    """
    scale = np.array([image.shape[1], image.shape[0]], np.float64)
    points = box_corners(corners_of(boxes)).reshape(-1, 2) * scale - 0.5
    image, found = augmenter(image, seed, points)
    if found is None or not len(boxes):
        return image, boxes
    corners = corners_box(((found + 0.5) / scale).reshape(-1, 4, 2))
    kept = np.clip(corners, 0.0, 1.0)
    areas, remains = ((side[:, 2:] - side[:, :2]).prod(axis=1) for side in (corners, kept))
    inside = ((corners[:, :2] <= 1.0) & (corners[:, 2:] >= 0.0)).all(axis=1)
    some = inside & (remains >= REMAINS * areas)
    return image, make_boxes(kept[some], boxes["label"][some])


@dataclass(frozen=True)
class CentreBatches:
    """Batches of pictures and maps of their boxes, changed at random.

    Attributes:
        shown: uint8 (all rows, h, w, c), usually a memory map.
        task: knows the boxes.
        target: of all rows, the number by which the task knows each.
        positions: (n,) of the training rows.
        stride: pixels of a cell of the maps.
        augmenter: changes a picture and its boxes.
        at_centre: classes are told at the middles: one map for all, and the numbers of the classes behind it.
    """

    shown: np.ndarray
    task: Boxes
    target: np.ndarray
    positions: np.ndarray
    stride: int
    augmenter: Augmenter | None = None
    at_centre: bool = False

    def __len__(self) -> int:
        return len(self.positions)

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        at, classes = self.positions[rows], 1 if self.at_centre else len(self.task.outputs)
        images = take(self.shown, at)
        grid = (images.shape[1] // self.stride, images.shape[2] // self.stride)
        maps = np.empty((len(rows), *grid, classes + BESIDE + 1 + self.at_centre), np.float32)
        for place, (position, seed) in enumerate(zip(at.tolist(), seeds.tolist(), strict=True)):
            boxes = self.task.boxes_of(int(self.target[position, 0]))
            if self.augmenter:
                images[place], boxes = moved(self.augmenter, images[place], boxes, seed)
            maps[place] = self._drawn(boxes, grid, seed)
        return images, maps, None

    def _drawn(self, boxes: np.ndarray, grid: tuple[int, int], seed: int) -> np.ndarray:
        if not self.at_centre:
            return drawn(boxes, grid, len(self.task.outputs))
        alone = boxes.copy()
        alone["label"] = 0.0
        return np.concatenate([drawn(alone, grid, 1), numbered(boxes, grid, seed)], axis=2)

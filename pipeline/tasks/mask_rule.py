"""From probabilities to masks: threshold, holes, smallest object, splitting of objects that touch."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

WHOLE, DISTANCE, INSIDE = 0.0, 1.0, 2.0  # ways to split: connected parts, by distance, by learned cores
DEEP = 0.45  # share of an object's depth from which on a pixel is of its core
REACH = 0.55  # share of an object's half width that a pixel must lie inside to be its core
SMALLEST_CORE = 2  # pixels
LARGE = 2**24  # pixels from which on a picture is enlarged a part at a time


class MaskRule(NamedTuple):
    """Rule by which a picture's probabilities become objects. Plain numbers, so that a row can carry it.

    Attributes:
        threshold: probability above which a pixel belongs to an object.
        smallest: pixels of the source below which an object (of one mask: the whole mask) is left out.
        fill: 1 fills holes, 0 leaves them.
        split: how touching objects are parted: WHOLE, DISTANCE or INSIDE.
        core: of INSIDE, probability above which a pixel is of an object's core.
    """

    threshold: float = 0.5
    smallest: float = 0.0
    fill: float = 0.0
    split: float = WHOLE
    core: float = 0.5

    def labels(self, layers: np.ndarray, size: tuple[int, int], objects: bool) -> np.ndarray:
        """Returns whole numbers (height, width): 0 for the ground, and a number from 1 for each object.

        Args:
            layers: (h, w, layers) probabilities at any size: of the mask, then of the objects' cores.
            size: (height, width) of the source, pixels.
            objects: whether they are told apart; otherwise all is one object, 1.
        """

        if not objects:
            ground = above(layers, size, self.threshold)
            ground = filled(ground) if self.fill else ground
            area = int(np.count_nonzero(ground))
            return ground if area >= self.smallest else np.zeros(size, np.uint8)
        scaled = enlarged(layers, size)
        ground = (scaled[:, :, 0] > self.threshold).astype(np.uint8)
        ground = filled(ground) if self.fill else ground
        labels = components(ground)
        if self.split == INSIDE and scaled.shape[2] > 1:
            labels = grown((scaled[:, :, 1] > self.core) & (ground > 0), labels)
        elif self.split == DISTANCE:
            labels = grown(_cores(ground), labels)
        return without_small(labels, self.smallest) if self.smallest > 1 else labels


PLAIN = MaskRule()


@dataclass(frozen=True, eq=False)
class Guess:
    """Probabilities of one picture, and the rules that make them masks once its size is known.

    Attributes:
        values: (outputs,), as a prediction holds them.
        rules: of the row, one for each of its masks.
    """

    values: np.ndarray
    rules: tuple[MaskRule, ...]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Guess):
            return NotImplemented
        return self.rules == other.rules and np.array_equal(self.values, other.values)

    def digest(self) -> bytes:
        """Returns what names the values."""
        return blake2b(np.ascontiguousarray(self.values).data, digest_size=16).digest()

    def __hash__(self) -> int:
        return hash(self.rules)


def guesses(values: np.ndarray, rules: np.ndarray) -> np.ndarray:
    """Returns object (rows,) of `Guess`; nothing is copied.

    Args:
        values: (rows, outputs).
        rules: float64 (rows, numbers of the rules).
    """
    found = np.empty(len(values), object)
    for place, (row, numbers) in enumerate(zip(values, rules, strict=True)):
        found[place] = Guess(row, rules_of(numbers))
    return found


def rules_of(numbers: np.ndarray) -> tuple[MaskRule, ...]:
    """Returns the rules of a row, one for each of its masks, from their numbers (numbers of the rules,)."""
    return tuple(MaskRule(*rule) for rule in np.reshape(numbers, (-1, len(MaskRule._fields))).tolist())


def enlarged(layers: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Returns float32 (height, width, layers): (h, w, layers) at another size, linearly between pixels."""
    import cv2

    layers = np.ascontiguousarray(layers, np.float32)
    if layers.shape[:2] != size:
        kind = cv2.INTER_AREA if min(size) < min(layers.shape[:2]) else cv2.INTER_LINEAR
        layers = cv2.resize(layers, (size[1], size[0]), interpolation=kind)
    return layers.reshape(*size, -1)


def above(layers: np.ndarray, size: tuple[int, int], threshold: float) -> np.ndarray:
    """Returns uint8 (height, width) of 0 and 1: where the first layer, at another size, is above a threshold.

    A large picture is enlarged some columns at a time: its numbers take four times the memory of its mask.
    """
    import cv2

    (height, width), (low, narrow) = size, layers.shape[:2]
    if height * width <= LARGE or height < low or width < narrow:
        return (enlarged(layers[:, :, :1], size)[:, :, 0] > threshold).astype(np.uint8)
    first = np.ascontiguousarray(layers[:, :, 0], np.float32)
    tall = cv2.resize(first, (narrow, height), interpolation=cv2.INTER_LINEAR)
    at = np.clip((np.arange(width) + 0.5) * (narrow / width) - 0.5, 0, narrow - 1).astype(np.float32)
    left = at.astype(np.int64)
    right, share = np.minimum(left + 1, narrow - 1), at - left
    found, step = np.empty(size, np.uint8), max(1, LARGE // (8 * height))
    for start in range(0, width, step):
        some = slice(start, start + step)
        between = tall[:, left[some]] * (1 - share[some]) + tall[:, right[some]] * share[some]
        found[:, some] = between > threshold
    return found


def filled(ground: np.ndarray) -> np.ndarray:
    """Returns a mask uint8 (height, width) without holes: ground that does not reach the border."""
    import cv2

    framed = np.pad(ground, 1)
    beyond = cv2.connectedComponents(1 - framed, connectivity=4)[1] == 1  # the corner is its first part
    return (~beyond[1:-1, 1:-1]).astype(np.uint8)


def grown(cores: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Returns objects grown from their cores: each pixel of a part goes to the nearest core.

    Args:
        cores: bool (height, width), of which connected ones belong together.
        parts: int32 (height, width), connected parts, 0 for the ground; one without a core stays whole.
    """
    import cv2

    marks = components(cores.astype(np.uint8), SMALLEST_CORE)
    with_core = np.zeros(int(parts.max()) + 1, bool)
    with_core[parts[marks > 0]] = True
    with_core[0] = True
    if not with_core.all():
        marks = np.where(np.take(with_core, parts), marks, parts + int(marks.max()))
    if not marks.any():
        return np.zeros_like(parts)
    at = marks > 0
    # OpenCV numbers the pixels that others are nearest to: those numbers lead back to the marks.
    away = (~at).astype(np.uint8)
    near = cv2.distanceTransformWithLabels(away, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)[1]
    mark_of = np.zeros(int(near.max()) + 1, np.int32)
    mark_of[near[at]] = marks[at]
    return mark_of[np.asarray(near, np.int32)] * (parts > 0)


def components(mask: np.ndarray, least: int = 1) -> np.ndarray:
    """Returns int32 (height, width): the connected parts of a mask uint8, those of enough pixels."""
    import cv2

    count, labels, facts, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    areas = facts[:, cv2.CC_STAT_AREA]
    small = areas < least
    small[0] = False
    if not small.any():
        return labels
    number = np.zeros(count, np.int32)
    number[1:][~small[1:]] = np.arange(1, count - int(small.sum()), dtype=np.int32)
    return number[np.asarray(labels, np.int32)]


def without_small(labels: np.ndarray, smallest: float) -> np.ndarray:
    """Returns labels int32 (height, width) numbered anew, without the objects of fewer pixels."""
    counts = np.bincount(labels.ravel())
    kept = counts >= max(smallest, 1)
    kept[0] = False
    number = (np.cumsum(kept) * kept).astype(np.int32)
    return np.take(number, labels)


def inside(labels: np.ndarray) -> np.ndarray:
    """Returns bool (height, width): pixels whose eight neighbours belong to the same object.

    Where objects touch, two pixels between them are inside of neither: that is what parts them.
    """
    framed = np.pad(labels, 1, mode="edge")
    height, width = labels.shape
    same = labels > 0
    for down in range(3):
        for across in range(3):
            same &= framed[down : down + height, across : across + width] == labels
    return same


def core(labels: np.ndarray) -> np.ndarray:
    """Returns bool (height, width): the inner part of each object, from DEEP of its depth on.

    A network learns it beside the mask: cores of objects that touch lie well apart. An object that is
    too thin to have an inside is all core.
    """
    import cv2

    distance = cv2.distanceTransform(inside(labels).astype(np.uint8), cv2.DIST_L2, 5)
    deepest = np.zeros(int(labels.max()) + 1, np.float32)
    np.maximum.at(deepest, labels.ravel(), distance.ravel())
    return (labels > 0) & (distance >= DEEP * deepest[labels])


def _cores(ground: np.ndarray) -> np.ndarray:
    """Returns bool (height, width): pixels about as far from the ground as any near them."""
    import cv2

    distance = cv2.GaussianBlur(cv2.distanceTransform(ground, cv2.DIST_L2, 5), (0, 0), 1.0)
    if not ground.any() or ground.all():
        return ground > 0
    reach = int(np.clip(np.median(distance[ground > 0]) * 2.0, 1, 50))
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    highest = cv2.dilate(distance, near)
    return (ground > 0) & (distance > REACH * highest) & (distance >= highest - 0.15 * highest)

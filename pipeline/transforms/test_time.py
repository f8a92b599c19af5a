"""Test-time sets: the ways in which one picture is shown to a network, its answers then averaged.

A way is an affine (2, 3) from the picture's pixels to the shown one's, (x, y) with the centres of
pixels at whole numbers, so that coordinates found in the shown picture come back by the inverse.
The first way of each set is the picture as it is, or its centre.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np

from pipeline.registry import Registry
from pipeline.transforms.views import invert_affines, transform_points
from pipeline.transforms.warp import warp

Size = tuple[int, int]
Turn = Callable[[np.ndarray], np.ndarray]

TEST_TIME: Registry[Callable[[Size], np.ndarray]] = Registry(
    "test-time set", home="pipeline.transforms.test_time"
)

CROP = 0.875  # side of a ten-crop's crop as a fraction of the picture's: 224 of 256
NUDGE_ANGLE = 6  # degrees
NUDGE_SCALES = (1.08, 0.93)
SCALES = (1.0, 0.9, 1.1)
ANGLES = (0, 60, 120, 180, 240, 300)  # degrees
SHIFTS = (0.0, 0.05)  # of the picture's side, right and down


def affines(name: str, size: Size) -> np.ndarray:
    """Returns the ways of a set as float64 (ways, 2, 3).

    Args:
        name: of the set.
        size: (height, width) of the network's picture in pixels.

    Raises:
        ConfigError: there is no such set; the known ones are named.
    """
    return TEST_TIME.get(name)(size)


def apply_test_time(images: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Returns uint8 pictures (n, height, width, channels) as one way shows them, mirrored borders.

    Flips, and quarter turns of square pictures, are exact and cost no arithmetic: the result may
    share memory with the images.
    """
    size = (images.shape[1], images.shape[2])
    for way, turned in _exact(size):
        if np.abs(way - affine).max() < 1e-9:
            return turned(images)
    shown = np.empty_like(images)
    for row, image in enumerate(images):
        shown[row] = warp(image, affine, size)
    return shown


def undo(points: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Returns points (n, p, 2), found in shown pictures, in pixels of the pictures themselves."""
    return transform_points(invert_affines(affine), points)


@TEST_TIME.register("none")
def none(size: Size) -> np.ndarray:
    """The picture as it is."""
    return np.stack([_around(size, np.eye(2))])


@TEST_TIME.register("flips")
def flips(size: Size) -> np.ndarray:
    """The picture and its mirror image: 2 ways."""
    return np.stack([_around(size, np.diag([x, 1.0])) for x in (1.0, -1.0)])


@TEST_TIME.register("flips_both")
def flips_both(size: Size) -> np.ndarray:
    """Mirrored across, down and both: 4 ways."""
    return np.stack([_around(size, np.diag([x, y])) for y, x in product((1.0, -1.0), repeat=2)])


@TEST_TIME.register("dihedral")
def dihedral(size: Size) -> np.ndarray:
    """Quarter turns and their mirror images, stretched where the picture is not square: 8 ways."""
    height, width = size
    transpose = np.array([[0.0, width / height], [height / width, 0.0]])
    return np.concatenate([flips_both(size), [_around(size, way @ transpose) for way in _signs()]])


@TEST_TIME.register("ten_crop")
def ten_crop(size: Size) -> np.ndarray:
    """Centre and corners of 7/8 of the side, enlarged to the size, and mirrored: 10 ways.

    Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep CNNs", 2012, section 4.1.
    """
    shift = np.array([size[1], size[0]]) * (1.0 - CROP) / (2.0 * CROP)
    places = [(0.0, 0.0), (1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0)]
    return np.stack(
        [
            _around(size, np.diag([x / CROP, 1.0 / CROP]), shift * [x * place[0], place[1]])
            for x, place in product((1.0, -1.0), places)
        ]
    )


@TEST_TIME.register("nudges")
def nudges(size: Size) -> np.ndarray:
    """Turned a little to either side, a little larger and smaller, never mirrored: 5 ways.

    For what is already upright and is not its mirror image: faces, heads, signs.
    """
    ways = [np.eye(2)]
    for angle in (-NUDGE_ANGLE, NUDGE_ANGLE):
        cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        ways.append(np.array([[cosine, sine], [-sine, cosine]]))
    ways += [scale * np.eye(2) for scale in NUDGE_SCALES]
    return np.stack([_around(size, way) for way in ways])


@TEST_TIME.register("rotations")
def rotations(size: Size) -> np.ndarray:
    """Scales x angles x shifts, for networks that find points at any orientation: 36 ways.

    After the 243 views of Lau's aligner (second place, NOAA Right Whale Recognition, 2016).
    """
    ways = []
    for scale, angle, shift in product(SCALES, ANGLES, SHIFTS):
        cosine, sine = scale * math.cos(math.radians(angle)), scale * math.sin(math.radians(angle))
        turn = np.array([[cosine, sine], [-sine, cosine]])
        ways.append(_around(size, turn, np.array([size[1], size[0]]) * shift))
    return np.stack(ways)


def _around(size: Size, linear: np.ndarray, shift: np.ndarray | float = 0.0) -> np.ndarray:
    """Returns the affine (2, 3) that applies the matrix about the picture's middle, then shifts."""
    middle = np.array([(size[1] - 1) / 2.0, (size[0] - 1) / 2.0])
    return np.column_stack([linear, middle - linear @ middle + shift])


def _signs() -> list[np.ndarray]:
    return [np.diag([x, y]) for y, x in product((1.0, -1.0), repeat=2)]


def _exact(size: Size) -> list[tuple[np.ndarray, Turn]]:
    """Returns the ways that only move pixels, each with what does it to (n, h, w, c)."""
    flipped: list[Turn] = [
        lambda x: x,
        lambda x: x[:, :, ::-1],
        lambda x: x[:, ::-1],
        lambda x: x[:, ::-1, ::-1],
    ]
    if size[0] != size[1]:
        return list(zip(flips_both(size), flipped, strict=True))
    turned: list[Turn] = [partial(_transposed_first, flip) for flip in flipped]
    return list(zip(dihedral(size), flipped + turned, strict=True))


def _transposed_first(flip: Turn, images: np.ndarray) -> np.ndarray:
    return flip(images.swapaxes(1, 2))

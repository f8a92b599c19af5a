"""Views: the one affine per picture through which a network sees it.

Coordinates are (x, y) in pixels with the centres of pixels at whole numbers, as `cv2.warpAffine`
has it: the first pixel covers -0.5 to 0.5, and a picture of width w spans -0.5 to w - 0.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LARGEST_REACH = 4.0  # a view that is this many times wider than its picture's longer side shows nothing


@dataclass(frozen=True, eq=False)
class Views:
    """Views: the part of each picture that a network sees, as affine maps.

    Attributes:
        affines: float64 (rows, 2, 3), source pixels to network pixels.
        size: (height, width) of the network's picture, in pixels.
    """

    affines: np.ndarray
    size: tuple[int, int]

    def __post_init__(self) -> None:
        if self.affines.ndim != 3 or self.affines.shape[1:] != (2, 3):
            raise ValueError(f"Views need affines of shape (rows, 2, 3). Received: {self.affines.shape}.")
        if min(self.size) < 1:
            raise ValueError(f"The size of a view must be at least 1 x 1 pixel. Received: {self.size}.")

    def __len__(self) -> int:
        return len(self.affines)

    def take(self, positions: np.ndarray) -> Views:
        """Returns the views at the positions, in that order."""
        return Views(self.affines[positions], self.size)

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Maps points (rows, n, 2) from source pixels to network pixels."""
        return transform_points(self.affines, points)

    def invert(self, points: np.ndarray) -> np.ndarray:
        """Maps points (rows, n, 2) from network pixels back to source pixels."""
        return transform_points(invert_affines(self.affines), points)

    def compose(self, then: Views) -> Views:
        """Returns the views from this one's source to the network pixels of `then`.

        Args:
            then: views whose source pixels are the network pixels of this object; as many rows, or one.
        """
        return Views(compose_affines(then.affines, self.affines), then.size)


def transform_points(affines: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Returns float64 (rows, n, 2): points (rows, n, 2) through affines (rows, 2, 3) or (2, 3)."""
    points = np.asarray(points, np.float64)
    return points @ np.swapaxes(affines[..., :2], -1, -2) + affines[..., None, :, 2]


def compose_affines(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """Returns the affines (..., 2, 3) that do first what `inner` does and then what `outer` does."""
    linear = outer[..., :2] @ inner[..., :2]
    shift = outer[..., :2] @ inner[..., 2:] + outer[..., 2:]
    return np.concatenate([linear, shift], axis=-1)


def invert_affines(affines: np.ndarray) -> np.ndarray:
    """Returns the inverse of affines (..., 2, 3)."""
    linear = np.linalg.inv(affines[..., :2])
    return np.concatenate([linear, -linear @ affines[..., 2:]], axis=-1)


def upper_left(sizes: np.ndarray, size: tuple[int, int]) -> Views:
    """Returns views of whole pictures at the upper left corner of a canvas.

    A picture keeps its pixels; one that is larger than the canvas is shrunk until it fits.

    Args:
        sizes: (rows, 2), height and width of each picture.
        size: (height, width) of the canvas.
    """
    scale = np.minimum(1.0, (np.array(size) / np.maximum(sizes, 1)).min(axis=1))
    affines = np.tile(np.eye(2, 3), (len(sizes), 1, 1)) * scale[:, None, None]
    affines[:, :, 2] = 0.5 * scale[:, None] - 0.5
    return Views(affines, size)


def whole(sizes: np.ndarray, size: tuple[int, int], keep_aspect: bool = False) -> Views:
    """Returns views of whole pictures.

    Args:
        sizes: (rows, 2), height and width of each picture in pixels.
        size: (height, width) of the network's picture.
        keep_aspect: True leaves the proportions as they are, centred, with a border on two sides
            (letterbox); False stretches the picture to the size.
    """
    centres, extents = _pictures(sizes)
    axes = np.broadcast_to([1.0, 0.0], centres.shape)
    return _framed(centres, _to_aspect(extents, size) if keep_aspect else extents, axes, size)


def from_crop(crop: Sequence[float], sizes: np.ndarray, size: tuple[int, int]) -> Views:
    """Returns views of the same part of every picture, stretched to the size.

    Args:
        crop: x1, y1, x2, y2 as shares of a picture's width and height.
        sizes: (rows, 2), height and width of each picture in pixels.
        size: (height, width) of the network's picture.
    """
    _, extents = _pictures(sizes)
    begin, end = np.array(crop[:2]), np.array(crop[2:])
    centres = (begin + end) / 2.0 * extents - 0.5
    axes = np.broadcast_to([1.0, 0.0], centres.shape)
    return _framed(centres, (end - begin) * extents, axes, size)


def from_boxes(
    boxes: np.ndarray,
    sizes: np.ndarray,
    size: tuple[int, int],
    margin: float = 0.0,
    keep_aspect: bool = True,
) -> tuple[Views, np.ndarray]:
    """Returns views of boxes, and where there was no usable one.

    A row falls back to its whole picture, stretched to the size, where the box has a value that
    is not finite, a side under 1 pixel or over 4 times the picture's longer side, or its centre
    outside the picture.

    Args:
        boxes: (rows, 4), x1, y1, x2, y2 in source pixels.
        sizes: (rows, 2), height and width of each picture in pixels.
        size: (height, width) of the network's picture.
        margin: added on every side, as a fraction of the box's width and height.
        keep_aspect: True grows the box, about its centre, to the proportions of `size`; False
            stretches its content.

    Returns:
        The views, and bool (rows,): True where the row fell back.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    sides = boxes[:, 2:] - boxes[:, :2]
    extents = sides * (1.0 + 2.0 * margin)
    fine = sides.min(axis=1, initial=np.inf) >= 1.0
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2.0
    axes = np.broadcast_to([1.0, 0.0], centres.shape)
    return _with_fallback(
        centres, _to_aspect(extents, size) if keep_aspect else extents, axes, fine, sizes, size
    )


def from_axis(
    points: np.ndarray,
    sizes: np.ndarray,
    size: tuple[int, int],
    along: float = 0.5,
    width: float = 2.0,
    height: float = 1.0,
    shortest: float = 2.0,
) -> tuple[Views, np.ndarray]:
    """Returns views in which the line from a first to a second point lies level, the second right.

    With d the distance of the points, the view is `width` x d wide and `height` x d high. Heads of
    right whales: points = (blowhole, bonnet), along=0.4, width=2, height=1 (Lau, second place of
    Kaggle's NOAA Right Whale Recognition, 2016).

    A row falls back to its whole picture, stretched to the size, where a point is not finite, d is
    under `shortest`, the view is over 4 times as wide or high as the picture's longer side, or its
    centre lies outside the picture.

    Args:
        points: (rows, 2, 2): the first and the second point, (x, y) in source pixels.
        sizes: (rows, 2), height and width of each picture in pixels.
        size: (height, width) of the network's picture.
        along: where on the axis the centre lies: 0 at the first point, 1 at the second.
        width: of the view, in multiples of d.
        height: of the view, in multiples of d.
        shortest: the least d that gives a direction, in source pixels.

    Returns:
        The views, and bool (rows,): True where the row fell back.
    """
    points = np.asarray(points, np.float64).reshape(-1, 2, 2)
    axis = points[:, 1] - points[:, 0]
    length = np.hypot(axis[:, 0], axis[:, 1])[:, None]
    fine = length[:, 0] >= shortest
    axes = np.divide(axis, length, out=np.tile([1.0, 0.0], (len(axis), 1)), where=length > 0)
    centres = points[:, 0] + along * axis
    return _with_fallback(centres, length * np.array([width, height]), axes, fine, sizes, size)


def box_corners(boxes: np.ndarray) -> np.ndarray:
    """Returns the corners (..., 4, 2) of boxes (..., 4) xyxy: what a transform can move."""
    boxes = np.asarray(boxes, np.float64)
    return boxes[..., [0, 1, 2, 1, 2, 3, 0, 3]].reshape(*boxes.shape[:-1], 4, 2)


def corners_box(corners: np.ndarray) -> np.ndarray:
    """Returns the upright boxes (..., 4) xyxy around corners (..., 4, 2)."""
    return np.concatenate([corners.min(axis=-2), corners.max(axis=-2)], axis=-1)


def _pictures(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns centre and extent of pictures, both (rows, 2) as (x, y)."""
    extents = np.asarray(sizes, np.float64).reshape(-1, 2)[:, ::-1]
    return (extents - 1.0) / 2.0, extents


def _to_aspect(extents: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Returns the smallest extents (width, height) of the size's proportions that hold these."""
    target = np.array([size[1], size[0]], np.float64)
    return (extents / target).max(axis=1, keepdims=True) * target


def _with_fallback(
    centres: np.ndarray,
    extents: np.ndarray,
    axes: np.ndarray,
    fine: np.ndarray,
    sizes: np.ndarray,
    size: tuple[int, int],
) -> tuple[Views, np.ndarray]:
    """Returns views of the frames, of the whole picture where a frame is of no use."""
    middle, pictures = _pictures(sizes)
    if len(middle) != len(centres):
        raise ValueError(f"There are {len(centres)} frames for the sizes of {len(middle)} pictures.")
    inside = (np.abs(centres - middle) <= pictures / 2.0).all(axis=1)
    bounded = (extents <= LARGEST_REACH * pictures.max(axis=1, keepdims=True)).all(axis=1)
    usable = (fine & inside & bounded)[:, None]  # comparisons with NaN are False
    views = _framed(
        np.where(usable, centres, middle),
        np.where(usable, extents, pictures),
        np.where(usable, axes, [1.0, 0.0]),
        size,
    )
    return views, ~usable[:, 0]


def _framed(centres: np.ndarray, extents: np.ndarray, axes: np.ndarray, size: tuple[int, int]) -> Views:
    """Returns views of the frames with these centres, extents and x directions, all (rows, 2)."""
    target = np.array([size[1], size[0]], np.float64)
    cosine, sine = axes[:, 0], axes[:, 1]
    turn = np.stack([np.stack([cosine, sine], -1), np.stack([-sine, cosine], -1)], axis=1)
    linear = turn * (target / extents)[:, :, None]
    shift = (target - 1.0) / 2.0 - np.einsum("rij,rj->ri", linear, centres)
    return Views(np.concatenate([linear, shift[:, :, None]], axis=2), (int(size[0]), int(size[1])))

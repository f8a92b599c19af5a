"""A picture through an affine, without aliasing where it shrinks."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

Border = Literal["reflect", "replicate", "constant"]


def warp(
    image: np.ndarray, affine: np.ndarray, size: tuple[int, int], border: Border = "reflect"
) -> np.ndarray:
    """Returns a picture as seen through an affine, without aliasing where it shrinks.

    Where a network pixel covers several source pixels, the picture is sampled at the source's
    density and each network pixel is the mean of the samples within it; else it is bilinear.

    Args:
        image: uint8 (height, width, channels).
        affine: float64 (2, 3), source pixels to network pixels, centres at whole numbers.
        size: (height, width) of the result.
        border: what lies outside: the picture mirrored, its edge repeated, or black.

    Returns:
        uint8 (size[0], size[1], channels).
    """
    import cv2

    height, width = size
    if _covers_whole(image.shape, affine, size):
        result = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        return result.reshape(height, width, -1)
    modes = {"reflect": cv2.BORDER_REFLECT_101, "replicate": cv2.BORDER_REPLICATE}
    across, down = _oversampling(image.shape, affine, size)
    factor = np.array([across, down], np.float64)[:, None]
    finer = affine * factor
    finer[:, 2] += (factor[:, 0] - 1.0) / 2.0  # centres of pixels, not their corners, are at whole numbers
    result = cv2.warpAffine(
        image,
        finer,
        (width * across, height * down),
        flags=cv2.INTER_LINEAR,
        borderMode=modes.get(border, cv2.BORDER_CONSTANT),
    )
    if across > 1 or down > 1:
        result = cv2.resize(result, (width, height), interpolation=cv2.INTER_AREA)
    return result.reshape(height, width, -1)


def _oversampling(shape: tuple[int, ...], affine: np.ndarray, size: tuple[int, int]) -> tuple[int, int]:
    """Returns how many samples across and down a network pixel needs to meet every source pixel."""
    diagonal = math.hypot(shape[0], shape[1])
    factors = []
    for row, side in ((0, size[1]), (1, size[0])):
        scale = math.hypot(affine[row, 0], affine[row, 1])
        most = math.ceil(2.0 * diagonal / side)  # a view wider than twice the diagonal is mostly border
        factors.append(max(1, min(math.ceil(1.0 / max(scale, 1e-9) - 1e-6), most)))
    return factors[0], factors[1]


def _covers_whole(shape: tuple[int, ...], affine: np.ndarray, size: tuple[int, int]) -> bool:
    """Returns whether the view is the whole picture, upright and not enlarged: a plain resize."""
    scale_x, scale_y = size[1] / shape[1], size[0] / shape[0]
    if scale_x > 1.0 or scale_y > 1.0:
        return False
    plain = [[scale_x, 0.0, (scale_x - 1.0) / 2.0], [0.0, scale_y, (scale_y - 1.0) / 2.0]]
    return bool(np.abs(affine - plain).max() < 1e-6)

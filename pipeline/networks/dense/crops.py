"""Masks of a part of a picture: cut out as the picture is, and laid back where they belong."""

from __future__ import annotations

import numpy as np

from pipeline.tasks.mask import Mask
from pipeline.transforms.views import compose_affines, invert_affines, whole


def layers_through(task: Mask, row: int, affine: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Returns uint8 (height, width, layers): a training row's masks as a view shows them.

    Args:
        task: knows the masks.
        row: number of the row.
        affine: (2, 3), from pixels of the source to those of the view.
        size: height and width of the view.
    """
    import cv2

    height, width = task.sizes[row].tolist()
    layers = task.layers_at(row, (int(height), int(width)))
    seen = [
        cv2.warpAffine(np.ascontiguousarray(layers[:, :, k]), affine, size[::-1], flags=cv2.INTER_NEAREST)
        for k in range(layers.shape[2])
    ]
    return np.stack(seen, axis=2)


def back_on_grid(
    maps: np.ndarray, affine: np.ndarray, source: tuple[int, int], grid: tuple[int, int]
) -> np.ndarray:
    """Returns float32 (*grid, layers): what a network says of a part, on a grid of the whole picture.

    Args:
        maps: float32 (h, w, layers), probabilities of the view.
        affine: (2, 3), from pixels of the source to those of the view.
        source: height and width of the picture.
        grid: height and width.
    """
    import cv2

    on_grid = whole(np.array([source]), grid).affines[0]
    to_view = compose_affines(affine, invert_affines(on_grid))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = [
        cv2.warpAffine(np.ascontiguousarray(maps[:, :, k], np.float32), to_view, grid[::-1], flags=flags)
        for k in range(maps.shape[2])
    ]
    return np.stack(laid, axis=2)

"""Map of pictures: one sheet on which small pictures stand where their rows lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.reports.blocks import data_uri

ACROSS, DOWN, SIDE = 24, 18, 40  # cells of the sheet, and pixels of a cell
GAP = 2
QUALITY = 75

Shown = Callable[[np.ndarray], Sequence["np.ndarray | None"]]


def picture_map(points: np.ndarray, shown: Shown) -> tuple[str, int]:
    """Returns a sheet as a data URI, and how many pictures are on it.

    Each cell shows the first row that lies in it.

    Args:
        points: (rows, 2).
        shown: returns the pictures uint8 (height, width, 1 or 3) of rows by their positions in `points`.
    """
    import cv2

    low, high = points.min(axis=0), points.max(axis=0)
    share = (points - low) / np.where(high > low, high - low, 1.0)
    column = np.minimum((share[:, 0] * ACROSS).astype(int), ACROSS - 1)
    line = DOWN - 1 - np.minimum((share[:, 1] * DOWN).astype(int), DOWN - 1)
    _, chosen = np.unique(line * ACROSS + column, return_index=True)
    sheet, count = np.full((DOWN * SIDE, ACROSS * SIDE, 3), 128, np.uint8), 0
    for place, picture in zip(chosen.tolist(), shown(chosen), strict=True):
        if picture is None:
            continue
        small = _fitted(picture)
        top, left = line[place] * SIDE + GAP // 2, column[place] * SIDE + GAP // 2
        sheet[top : top + small.shape[0], left : left + small.shape[1]] = small
        count += 1
    _, data = cv2.imencode(".webp", sheet[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    return data_uri(data.tobytes(), "image/webp"), count


def _fitted(picture: np.ndarray) -> np.ndarray:
    """Returns the picture as it fits into a cell, with three channels."""
    import cv2

    scale = (SIDE - GAP) / max(picture.shape[:2])
    size = tuple(max(1, round(side * scale)) for side in picture.shape[1::-1])
    shrinks = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    small = cv2.resize(np.ascontiguousarray(picture), size, interpolation=shrinks)
    small = small.reshape(*small.shape[:2], -1)
    return small if small.shape[2] == 3 else np.repeat(small[..., :1], 3, axis=2)

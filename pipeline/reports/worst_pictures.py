"""Pictures whose answers are furthest from the truth: what was seen, what is true, what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import StoreError

HEIGHT, GAP, TITLE = 200, 8, 22  # pixels: of a picture, between pictures, of the line above
TRUE, SAID = (40, 200, 80), (255, 70, 70)  # RGB, of outlines


@dataclass(frozen=True)
class Judged:
    """One picture with its truth and its answer.

    Attributes:
        title: a line of ASCII above it.
        picture: uint8 (height, width, 3), RGB.
        truth: int32 (height, width), a number for each object and 0 for the ground; or uint8, greys.
        answer: of the same kind.
    """

    title: str
    picture: np.ndarray
    truth: np.ndarray
    answer: np.ndarray


def worst_rows(losses: np.ndarray, most: int) -> np.ndarray:
    """Returns positions of the rows with the greatest losses, the worst first; those without one are none."""
    known = np.flatnonzero(np.isfinite(losses))
    return known[np.argsort(-losses[known], kind="stable")][:most]


def write_worst(judged: Sequence[Judged], path: Path) -> None:
    """Draws a row for each picture into a PNG: of masks both outlines, of greys truth and answer beside it.

    Raises:
        StoreError: OpenCV cannot encode it.
    """
    import cv2

    drawn = [_row(one) for one in judged]
    width = max(row.shape[1] for row in drawn)
    page = np.vstack([_widened(row, width) for row in drawn])
    written, data = cv2.imencode(".png", page[..., ::-1])
    if not written:
        raise StoreError(f"{path} cannot be written: OpenCV cannot encode the pictures.")
    path.write_bytes(data.tobytes())


def _row(one: Judged) -> np.ndarray:
    import cv2

    if one.truth.dtype == np.uint8:
        parts = [one.picture, *(np.repeat(side[:, :, None], 3, axis=2) for side in (one.truth, one.answer))]
    else:
        truth, answer = outlined(one.picture, one.truth, TRUE), outlined(one.picture, one.answer, SAID)
        parts = [one.picture, truth, answer, outlined(truth, one.answer, SAID)]
    scale = HEIGHT / one.picture.shape[0]
    size = (max(1, round(one.picture.shape[1] * scale)), HEIGHT)
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    gap = np.full((HEIGHT, GAP, 3), 255, np.uint8)
    line = np.hstack([part for tile in parts for part in (cv2.resize(tile, size, interpolation=kind), gap)])
    title = np.full((TITLE, line.shape[1], 3), 255, np.uint8)
    cv2.putText(title, one.title, (2, TITLE - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([title, line])


def outlined(picture: np.ndarray, labels: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Returns a copy of a picture with the border of every object, those that touch apart."""
    framed = np.pad(labels, 1, mode="edge")
    inner = framed[1:-1, 1:-1]
    sides = (framed[:-2, 1:-1], framed[2:, 1:-1], framed[1:-1, :-2], framed[1:-1, 2:])
    border = (inner > 0) & np.any([side != inner for side in sides], axis=0)
    marked = picture.copy()
    marked[border] = colour
    return marked


def _widened(row: np.ndarray, width: int) -> np.ndarray:
    return np.pad(row, ((0, GAP), (0, width - row.shape[1]), (0, 0)), constant_values=255)

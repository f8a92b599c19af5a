"""Copies among pictures: exact ones, and the same picture in another size, format or quality."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.audit.copies import Copies, connected
from pipeline.audit.finding import Finding
from pipeline.errors import listing
from pipeline.inputs.images.bands import decode_shrunk
from pipeline.inputs.images.decoding import Read, decode_reduced, fetch, for_each
from pipeline.inputs.images.intensity import Intensity

SIDE = 32  # pixels: pictures are compared as small grey squares
FREQUENCIES = 8  # lowest frequencies (each way) of the cosine transform that find candidates
CORRELATION = 0.995  # of two small squares that are the same picture
LIKELY = 0.99  # the same of their low frequencies, which is quick to compute for all pairs
MOST = 80_000  # pictures that are compared with one another
BLOCK = 512
Report = Callable[[float, str], None]


def small_pictures(
    read: Read, names: Sequence[str], report: Report, threads: int, intensity: Intensity | None = None
) -> np.ndarray:
    """Decodes pictures to small grey squares, uint8 (pictures, SIDE, SIDE).

    Args:
        read: gives a picture's file by its name.
        names: of the pictures.
        report: told of the progress.
        threads: how many decode at a time.
        intensity: what becomes black and white where they have more than 8 bits.

    Raises:
        DataError: names the pictures that cannot be decoded.
    """
    import cv2

    def small(position: int) -> np.ndarray:
        name = names[position]
        with fetch(read, name) as file:
            picture, factor = decode_shrunk(file, 1, name, 8, intensity)
            if factor > 1 and min(picture.shape[:2]) < SIDE:
                picture, _ = decode_reduced(file, 1, name, 1, intensity)
        mode = cv2.INTER_AREA if min(picture.shape[:2]) >= SIDE else cv2.INTER_LINEAR
        return cv2.resize(picture, (SIDE, SIDE), interpolation=mode)

    squares = for_each(small, len(names), report, "looking for copies", threads)
    return np.array(squares, np.uint8).reshape(len(names), SIDE, SIDE)


def picture_copies(train: np.ndarray, test: np.ndarray) -> Copies:
    """Finds pictures that show the same.

    Args:
        train: uint8 (pictures, SIDE, SIDE) of the training rows.
        test: of the test rows.
    """
    both = np.concatenate([train, test]).reshape(-1, SIDE * SIDE)
    exact, first = _same(both)
    squares = both[first]
    groups = connected(len(squares), _near_pairs(squares))[exact]
    blank = both.min(axis=1) == both.max(axis=1)  # copies of nothing
    groups[blank] = groups.max(initial=0) + 1 + np.arange(blank.sum())
    return Copies("pictures", groups[: len(train)], groups[len(train) :])


def blank_pictures(squares: np.ndarray, names: Sequence[str]) -> list[Finding]:
    """Names pictures of one colour."""
    flat = squares.reshape(len(squares), -1)
    blank = np.flatnonzero(flat.min(axis=1) == flat.max(axis=1))
    if not len(blank):
        return []
    shown = listing(names[position] for position in blank.tolist())
    text = f"{len(blank):,} pictures show one colour only: {shown}. Are they right?"
    return [Finding("blank-pictures", "warn", text)]


def _same(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns for each row the number of its content, and for each number its first row."""
    rows = np.ascontiguousarray(flat).view(np.dtype((np.void, flat.shape[1]))).reshape(-1)
    _, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    return inverse.reshape(-1), first


def _near_pairs(squares: np.ndarray) -> np.ndarray:
    """Returns int64 (pairs, 2): different squares whose correlation is above `CORRELATION`."""
    if len(squares) < 2:
        return np.zeros((0, 2), np.int64)
    whole = _standardised(squares.astype(np.float32))
    low = _low_frequencies(squares)
    found = []
    for start in range(0, len(low), BLOCK):
        alike = low[start : start + BLOCK] @ low[start:].T > LIKELY
        row, other = np.nonzero(alike)
        keep = other > row
        row, other = row[keep] + start, other[keep] + start
        sure = np.einsum("ij,ij->i", whole[row], whole[other]) > CORRELATION
        found.append(np.stack([row[sure], other[sure]], axis=1))
    return np.concatenate(found)


def _low_frequencies(squares: np.ndarray) -> np.ndarray:
    """Returns float32 (pictures, FREQUENCIES²) unit vectors of the lowest frequencies, mean left out."""
    from scipy.fft import dctn

    pixels = squares.reshape(-1, SIDE, SIDE).astype(np.float32)
    waves = dctn(pixels, axes=(1, 2), norm="ortho")[:, :FREQUENCIES, :FREQUENCIES].reshape(len(squares), -1)
    waves[:, 0] = 0.0
    length = np.linalg.norm(waves, axis=1, keepdims=True)
    return waves / np.where(length > 0, length, 1.0)


def _standardised(flat: np.ndarray) -> np.ndarray:
    centred = flat - flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return centred / np.where(length > 0, length, 1.0)

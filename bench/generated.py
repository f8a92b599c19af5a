"""Data made on the spot: pictures and tables that tell their classes, though not too plainly."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

STRENGTH = 20  # of what a class shares, beside 40 of what a picture has alone


def draw_pictures(path: Path, count: int, side: int, classes: int, tint: float = 0.0) -> np.ndarray:
    """Writes uint8 (count, side, side, 3) as a .npy that can be mapped; returns int64 (count,) classes.

    Each class has a pattern of 8 x 8 colours, faint under what every picture has of its own.

    Args:
        path: of the file.
        count: of pictures.
        side: height and width, pixels.
        classes: how many, equally frequent.
        tint: standard deviation of a colour that all of a class have in common beside the pattern.
    """
    rng = np.random.default_rng(0)
    patterns = rng.normal(0, STRENGTH, (classes, 8, 8, 3))
    patterns += rng.normal(0, tint, (classes, 1, 1, 3))
    label = rng.permutation(np.arange(count) % classes)
    pixels = np.lib.format.open_memmap(path, "w+", np.uint8, (count, side, side, 3))
    for row, value in enumerate(label):
        pixels[row] = _picture(patterns[value], side, rng)
    pixels.flush()
    return label


def otto_like(rows: int, columns: int = 93, classes: int = 9) -> tuple[np.ndarray, np.ndarray]:
    """Returns int64 (rows, columns) counts, most of them 0, and int64 (rows,) classes."""
    rng = np.random.default_rng(0)
    rates = rng.gamma(0.3, 1.5, (classes, columns))
    label = rng.integers(classes, size=rows)
    own = rng.gamma(0.7, 1.4, (rows, columns))  # rows of a class differ
    return rng.poisson(0.5 * own * (rates[label] + rates.mean(axis=0))), label


def comments(rows: int, words: int, vocabulary: int = 200_000) -> tuple[list[str], np.ndarray]:
    """Returns texts of made-up words, as frequent as Zipf's law says, and int64 (rows,) 0 or 1.

    A word has about five letters, the frequent ones fewer; some words speak for a class.
    """
    rng = np.random.default_rng(0)
    letters = np.array(list("etaoinshrdlucmfwypvbgkqjxz"))
    often = 1 / np.arange(2, len(letters) + 2)
    lengths = np.clip(rng.poisson(np.linspace(2.5, 6, vocabulary)) + 1, 1, 14)
    spelled = "".join(rng.choice(letters, lengths.sum(), p=often / often.sum()))
    ends = np.cumsum(lengths)
    known = np.array([spelled[end - length : end] for end, length in zip(ends, lengths, strict=True)], object)
    weights = 1 / np.arange(1, vocabulary + 1)
    drawn = rng.choice(vocabulary, (rows, words), p=weights / weights.sum())
    leaning = rng.normal(0, 1, vocabulary)
    label = (leaning[drawn].sum(axis=1) + rng.normal(0, 5, rows) > 0).astype(np.int64)
    return [" ".join(known[row]) for row in drawn], label


def write_picture_competition(root: Path, rows: int, test_rows: int, side: int, classes: int = 4) -> None:
    """Writes a competition of JPEG pictures, no two alike, in one stored zip beside its tables."""
    import cv2

    rng = np.random.default_rng(0)
    patterns = rng.normal(0, STRENGTH, (classes, 8, 8, 3))
    names, total = [f"kind_{number}" for number in range(classes)], rows + test_rows
    label = rng.permutation(np.arange(total) % classes)
    ids = [f"{row:07d}" for row in range(total)]
    train = [f"{ids[row]},{names[label[row]]}\n" for row in range(rows)]
    test = [f"{name}\n" for name in ids[rows:]]
    sample = [f"{name},{','.join([f'{1 / classes:.6f}'] * classes)}\n" for name in ids[rows:]]
    with zipfile.ZipFile(root, "w") as file:
        file.writestr("train.csv", "id,kind\n" + "".join(train))
        file.writestr("test.csv", "id\n" + "".join(test))
        file.writestr("sample_submission.csv", f"id,{','.join(names)}\n" + "".join(sample))
        for name, value in zip(ids, label, strict=True):
            data = cv2.imencode(".jpg", _picture(patterns[value], side, rng))[1]
            file.writestr(f"images/{name}.jpg", data.tobytes())


def _picture(pattern: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """Returns uint8 (side, side, 3): the pattern and as much of the picture's own, enlarged."""
    import cv2

    own = 128 + pattern + rng.normal(0, 40, pattern.shape)
    return cv2.resize(np.clip(own, 0, 255).astype(np.uint8), (side, side), interpolation=cv2.INTER_CUBIC)

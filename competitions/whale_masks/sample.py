"""A generated contest of masks: the sea of the whales, half as large, and where a whale shows in it."""

from __future__ import annotations

import csv
import os
import shutil
import uuid
from pathlib import Path

import numpy as np

from competitions.whales.scene import draw_empty, draw_scene
from competitions.whales.sea import Weather
from competitions.whales.whale import Whale, draw_whales
from pipeline.tasks.rle import RunLengths

PICTURES, WHALES, DAYS = 240, 12, 24
TEST_DAYS = 5  # the last ones
EMPTY = 0.3  # share of the pictures without a whale
SMALLER = 2  # by what the sides are divided


def write_masks(root: Path, seed: int = 0, pictures: int = PICTURES, days: int = DAYS) -> None:
    """Draws the contest into a new folder: the same bytes for the same arguments.

    The folder holds `train.csv` (Image, rle_mask, day), `sample_submission.csv` and `imgs/*.png`; `truth.csv`
    has the masks of the test pictures. Test pictures are of other days.

    Args:
        root: the folder; it appears when it is complete.
        seed: of everything random.
        pictures: training and test pictures together.
        days: likewise.
    """
    unfinished = root.with_name(f".{root.name}.{uuid.uuid4().hex}")
    whales = draw_whales(np.random.default_rng([seed, 1]), WHALES)
    rows: dict[str, list[tuple[str, str, int]]] = {"train": [], "test": []}
    try:
        (unfinished / "imgs").mkdir(parents=True)
        for number in range(pictures):
            day = number % days
            mask = _draw(seed, number, day, whales, unfinished / "imgs" / f"{number:03d}.png")
            side = "test" if day >= days - TEST_DAYS else "train"
            rows[side].append((f"{number:03d}.png", RunLengths().write(mask), day))
        _write(unfinished / "train.csv", ("Image", "rle_mask", "day"), rows["train"])
        _write(unfinished / "truth.csv", ("Image", "rle_mask", "day"), rows["test"])
        asked = [(name, "1 1") for name, *_ in rows["test"]]
        _write(unfinished / "sample_submission.csv", ("Image", "rle_mask"), asked)
        shutil.rmtree(root, ignore_errors=True)
        os.replace(unfinished, root)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _draw(seed: int, number: int, day: int, whales: list[Whale], path: Path) -> np.ndarray:
    """Draws and writes a picture; returns bool (height, width), where a whale shows in it."""
    import cv2

    rng = np.random.default_rng([seed, 4, number])
    weather = Weather.draw(np.random.default_rng([seed, 2, day])).later(rng)
    if rng.random() < EMPTY:
        pixels = draw_empty(rng, weather)
        shown = np.zeros(pixels.shape[:2], np.float32)
    else:
        scene = draw_scene(rng, whales[rng.integers(len(whales))], weather)
        pixels, shown = scene.pixels, scene.outline.astype(np.float32)
    size = (pixels.shape[1] // SMALLER, pixels.shape[0] // SMALLER)
    small, mask = (cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in (pixels, shown))
    cv2.imwrite(str(path), small[..., ::-1])
    return mask > 0.5


def _write(path: Path, columns: tuple[str, ...], rows: list[tuple]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)

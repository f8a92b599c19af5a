"""A generated right-whale competition, in files as Kaggle gives them.

A whale is photographed on few days, and a day has a sea and a light of its own: a network can learn
the sea in place of the whale. The test pictures come from other days, where that is of no use.
"""

from __future__ import annotations

import csv
import os
import shutil
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from competitions.whales.scene import Scene, draw_scene
from competitions.whales.sea import Weather
from competitions.whales.whale import draw_whales
from pipeline.errors import DataError

PICTURES, WHALES, DAYS = 560, 25, 30
TEST_SHARE = 0.22  # of the pictures
TEST_DAYS_SHARE = 0.2  # of the days
DAYS_PER_WHALE = 3  # training days on which a whale is met
TEST_DAYS_PER_WHALE = 2
SINGLES = 2  # whales with one training picture
UNEVENNESS = 0.5  # deviation of the logarithm of how often a whale is photographed
NO_BOX, NO_POINTS = 0.06, 0.08  # shares of the training pictures that nobody annotated
JPEG_QUALITY = (86, 95)


@dataclass(frozen=True)
class Sighting:
    """One picture to be drawn: which whale, on which day, and on which side it is.

    Attributes:
        whale: its position among the whales.
        day: 1 and up.
        is_test: whether the picture belongs to the test side.
    """

    whale: int
    day: int
    is_test: bool


def write_sample(
    root: Path, seed: int = 0, pictures: int = PICTURES, whales: int = WHALES, days: int = DAYS
) -> None:
    """Draws the sample into a new folder: the same bytes for the same arguments.

    The folder holds `train.csv` (Image, whaleID, day), `test.csv` (Image), `sample_submission.csv`,
    `imgs/*.jpg`, `boxes.csv` (Image, x1, y1, x2, y2: around the whole head) and `points.csv` (Image,
    bonnet_x, bonnet_y, blowhole_x, blowhole_y), both in pixels and for most of the training pictures.
    Its `truth/` has the boxes and points of every picture and the test labels; only tests read it.

    Args:
        root: the folder, absent or empty. It appears when it is complete.
        seed: of everything random.
        pictures: training and test pictures together.
        whales: how many; two of them get a single training picture.
        days: training and test days together.

    Raises:
        DataError: `root` holds something.
        ValueError: too few pictures, whales or days.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise DataError(f"The sample needs a folder that is absent or empty. Received: {root}, which is not.")
    rng = np.random.default_rng([seed, 0])
    sightings = _plan(rng, pictures, whales, days)
    unfinished = root.with_name(f".{root.name}.{uuid.uuid4().hex}")
    try:
        (unfinished / "imgs").mkdir(parents=True)
        scenes = _draw(seed, whales, sightings, unfinished / "imgs")
        _write_tables(rng, unfinished, sightings, scenes, _names(rng, whales))
        os.replace(unfinished, root)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _plan(rng: np.random.Generator, pictures: int, whales: int, days: int) -> list[Sighting]:
    """Returns who is photographed when, in the (random) order of the pictures' names."""
    n_test, n_test_days = max(1, round(TEST_SHARE * pictures)), max(1, round(TEST_DAYS_SHARE * days))
    spare = pictures - n_test - SINGLES - DAYS_PER_WHALE * (whales - SINGLES)
    if whales <= SINGLES or spare < 0 or days - n_test_days < DAYS_PER_WHALE:
        raise ValueError(
            f"A sample needs more than {SINGLES} whales, {DAYS_PER_WHALE} training days and "
            f"{DAYS_PER_WHALE} training pictures of nearly every whale. Received: "
            f"pictures={pictures} ({n_test} of them test), whales={whales}, days={days} ({n_test_days} test)."
        )
    order = 1 + rng.permutation(days)
    test_days, train_days = order[:n_test_days], order[n_test_days:]
    often = np.exp(UNEVENNESS * rng.standard_normal(whales - SINGLES))
    counts = DAYS_PER_WHALE + rng.multinomial(spare, often / often.sum())
    counts = rng.permutation(np.append(counts, [1] * SINGLES))
    tested = rng.multinomial(n_test, np.sqrt(counts) / np.sqrt(counts).sum())
    sightings: list[Sighting] = []
    for is_test, numbers, among, at_most in (
        (False, counts, train_days, DAYS_PER_WHALE),
        (True, tested, test_days, TEST_DAYS_PER_WHALE),
    ):
        load = np.zeros(len(among))  # whales met on each day, kept even
        for whale, number in enumerate(numbers):
            met = np.argsort(load + rng.random(len(among)))[: min(at_most, number)]
            load[met] += 1
            sightings += [Sighting(whale, int(among[met[i % len(met)]]), is_test) for i in range(number)]
    return [sightings[position] for position in rng.permutation(len(sightings))]


def _draw(seed: int, n_whales: int, sightings: Sequence[Sighting], folder: Path) -> list[Scene]:
    """Draws and writes every picture; each has its own random numbers, so that order has no say."""
    import cv2

    whales = draw_whales(np.random.default_rng([seed, 1]), n_whales)
    scenes = []
    for number, sighting in enumerate(sightings):
        weather = Weather.draw(np.random.default_rng([seed, 2, sighting.day]))
        weather = weather.later(np.random.default_rng([seed, 3, sighting.day, sighting.whale]))
        rng = np.random.default_rng([seed, 4, number])
        scene = draw_scene(rng, whales[sighting.whale], weather)
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*JPEG_QUALITY, endpoint=True))]
        written, data = cv2.imencode(".jpg", scene.pixels[..., ::-1], quality)
        if not written:
            raise DataError(f"OpenCV cannot write {_image(number)} as JPEG.")
        (folder / _image(number)).write_bytes(data.tobytes())
        scenes.append(scene)
    return scenes


def _image(number: int) -> str:
    return f"w_{number}.jpg"


def _names(rng: np.random.Generator, whales: int) -> list[str]:
    """Returns names as the real competition has them, in no order that means anything."""
    return [f"whale_{number:05d}" for number in rng.choice(100_000, whales, replace=False)]


def _write_tables(
    rng: np.random.Generator,
    folder: Path,
    sightings: Sequence[Sighting],
    scenes: Sequence[Scene],
    names: Sequence[str],
) -> None:
    """Writes every CSV of the sample."""
    labels = [(_image(i), names[seen.whale], seen.day) for i, seen in enumerate(sightings)]
    train = [i for i, seen in enumerate(sightings) if not seen.is_test]
    test = [i for i, seen in enumerate(sightings) if seen.is_test]
    boxes = [(_image(i), *_rounded(scene.box)) for i, scene in enumerate(scenes)]
    points = [(_image(i), *_rounded(scene.bonnet + scene.blowhole)) for i, scene in enumerate(scenes)]
    box_columns = ("Image", "x1", "y1", "x2", "y2")
    point_columns = ("Image", "bonnet_x", "bonnet_y", "blowhole_x", "blowhole_y")
    label_columns = ("Image", "whaleID", "day")
    uniform = [f"{1 / len(names):.6f}"] * len(names)
    _write(folder / "train.csv", label_columns, (labels[i] for i in train))
    _write(folder / "test.csv", ("Image",), ((_image(i),) for i in test))
    _write(folder / "sample_submission.csv", ("Image", *sorted(names)), ((_image(i), *uniform) for i in test))
    _write(folder / "boxes.csv", box_columns, (boxes[i] for i in train if rng.random() >= NO_BOX))
    _write(folder / "points.csv", point_columns, (points[i] for i in train if rng.random() >= NO_POINTS))
    truth = folder / "truth"
    truth.mkdir()
    _write(truth / "labels.csv", label_columns, (labels[i] for i in test))
    _write(truth / "boxes.csv", box_columns, boxes)
    _write(truth / "points.csv", point_columns, points)


def _rounded(numbers: Iterable[float]) -> list[str]:
    return [f"{number:.1f}" for number in numbers]


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)

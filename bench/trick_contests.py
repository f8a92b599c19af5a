"""Contests on which tricks of training are measured: each with the network that plain training is of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import yaml

from competitions.whales.sample import write_sample
from pipeline.config.load import load_config
from pipeline.data.folds import Fold, Folds, make_folds
from pipeline.data.rows import Dataset
from pipeline.data.source import open_source
from pipeline.progress import Progress
from pipeline.registry import MODELS
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.store import Store
from pipeline.tasks.base import make_task
from pipeline.testing import dataset_of
from pipeline.transforms.views import from_axis
from pipeline.transforms.warp import warp
from pipeline.validation.cross_validation import Experiment

TITANIC, LEAVES, SPOKEN = "titanic", "leaves", "digits_spoken"  # zips of these names
STEPS = ("EMA", "SWA", "SAM 0.05", "adversarial 8", "AWP 0.005")
GENERATORS = ("VAE 0.3", "VAE 0.6", "stylize 0.3")
HEADS_AUGMENT = {
    "Affine": {
        "scale": [0.9, 1.1],
        "translate_percent": [-0.05, 0.05],
        "rotate": [-8, 8],
        "border_mode": "BORDER_REFLECT_101",
        "p": 0.9,
    }
}
HEAD = (24, 48)  # height and width of an upright head, pixels
NET = "16C3s BN MP2 32C3s BN MP2 64C3s BN GAP D0.3"
DIGITS_NET = "16C3s MP2 32C3s MP2 FC64"


@dataclass(frozen=True)
class Contest:
    """A contest of classes, and a network of it.

    Attributes:
        section: of the network in the YAML.
        tricks: that suit it, beside plain training.
        seeds: that are enough for an interval in minutes.
        data, folds: sections of the YAML; none of scikit-learn's digits.
        zipped: whether its files are a zip of its name.
        metric: whose answers its sample can hold.
    """

    section: dict[str, Any]
    tricks: tuple[str, ...]
    seeds: int
    data: dict[str, Any]
    folds: dict[str, Any]
    zipped: bool = True
    metric: str = "log_loss"


DIGITS = Contest(
    {"kind": "cnn", "backbone": DIGITS_NET, "epochs": 20, "augment": "none"},
    (*STEPS, "set digits", "RandAugment 1 3", "RandAugment 2 9", *GENERATORS, "pretrain 40", "SimCLR 20"),
    10,
    {},
    {},
    zipped=False,
)
CONTESTS = {
    "digits": DIGITS,
    TITANIC: Contest(
        {"kind": "tabular"},
        ("SAM 0.05", "adversarial 0.1", "AWP 0.005", "noisy student"),
        10,
        {"id": "PassengerId", "target": "Survived"},
        {"n": 5},
    ),
    LEAVES: Contest(
        {"kind": "cnn", "inputs": ["images"], "backbone": NET, "size": 32, "batch_size": 16, "epochs": 40},
        (*STEPS, "set light", "RandAugment 1 3", "RandAugment 2 9", "pretrain 40", "noisy student"),
        4,
        {"id": "id", "target": "species", "images": "images/{id}.jpg"},
        {"n": 5},
    ),
    "whale_heads": Contest(
        {
            "kind": "cnn",
            "backbone": "16C3s BN MP2 32C3s BN MP2 48C3s BN MP2 D0.3 FC128 BN",
            "epochs": 30,
            "batch_size": 16,
            "learning_rate": 0.003,
            "augment": [HEADS_AUGMENT],
        },
        (*STEPS, "RandAugment 1 3", "RandAugment 2 9", "pretrain 40", "noisy student"),
        3,
        {"id": "Image", "target": "whaleID", "images": "imgs/{Image}"},
        {"n": 5, "group": "day"},
        zipped=False,
    ),
    SPOKEN: Contest(
        {
            "kind": "cnn",
            "inputs": ["spectrogram"],
            "backbone": "24C3s BN MP2 48C3s BN MP2 96C3s BN MP2 128C3s BN GAP D0.3",
            "size": [24, 32],
            "augment": "spectrogram",
            "mix": "mixup",
            "batch_size": 32,
            "learning_rate": 0.002,
            "epochs": 15,
        },
        (*STEPS, "pretrain 40", "noisy student"),
        4,
        {
            "id": "id",
            "target": "digit",
            "sound": {
                "path": "train/{id}.wav",
                "test_path": "test/{id}.wav",
                "sample_rate": 8000,
                "seconds": 0.7,
                "hop_length": 88,
                "trim": 25.0,
                "n_mels": 40,
            },
        },
        {"n": 4, "group": "speaker"},
        metric="accuracy",
    ),
}


@dataclass(frozen=True)
class Drawn:
    """Rows of a contest, and how a seed parts them.

    Attributes:
        experiment: the network and its rows; test rows have no answer.
        part: returns, of a seed, the rows that are learned from and those held out.
    """

    experiment: Experiment
    part: Callable[[int], Fold]


@contextmanager
def opened(name: str, root: Path | None, rows: int) -> Iterator[Drawn]:
    """Opens a contest for as long as its rows are needed.

    Args:
        name: one of `CONTESTS`.
        root: its zip, where it has one.
        rows: of the digits, to learn from; the others part by their folds, one after the other.
    """
    contest = CONTESTS[name]
    if not contest.data:
        yield of_digits(contest.section, rows)
        return
    with TemporaryDirectory() as folder:
        place = Path(folder)
        said = {"competition": "tricks", "data": contest.data, "metric": contest.metric, "threads": 1}
        said |= {"folds": contest.folds, "models": {"net": contest.section}}
        path = place / "tricks.yaml"
        path.write_text(yaml.safe_dump(said), encoding="utf-8")
        config, source = load_config(path), open_source(root or write_heads(place / "heads"), "train.csv")
        run = Run(Plan(config, source, Store(place / "run")), Progress())
        competition, experiment, n = run.competition, run.experiment("net"), config.folds.n

        def part(seed: int) -> Fold:
            section = config.folds.model_copy(update={"seed": seed // n})
            drawn = make_folds(section, competition.task, competition.target, competition.splitter)
            return drawn.with_rows(Fold(0, seed % n))

        yield Drawn(experiment, part)


def of_digits(section: dict[str, Any], rows: int) -> Drawn:
    """Returns scikit-learn's digits; a seed draws so many rows to learn from, all others are held out."""
    data, task, kind = digits(), make_task("classification", tuple("0123456789")), MODELS.get("cnn")
    config = kind.Config.model_validate(section)

    def part(seed: int) -> Fold:
        order = np.random.default_rng(seed).permutation(len(data))
        return Fold(0, 0, np.sort(order[:rows]), order[rows:])

    drawn = Folds(np.zeros((1, len(data)), np.int16))
    nothing = replace(data, ids=data.ids[:0], parts={}, target=None)
    return Drawn(Experiment(lambda: kind(config, task), data, nothing, drawn), part)


def digits() -> Dataset:
    """Returns the digits as grey pictures of 8 by 8 pixels, 0 to 255."""
    from sklearn.datasets import load_digits

    found = load_digits()
    pixels = np.round(found.images * (255 / 16)).astype(np.uint8)[..., None]
    ids = np.arange(len(pixels)).astype(str)
    return dataset_of(ids, pixels=pixels, pixels_key="digits", target=found.target)


def write_heads(root: Path) -> Path:
    """Writes the generated whales as upright heads, cut by their true points; returns the folder."""
    import pandas as pd
    from PIL import Image

    write_sample(root)
    points = pd.read_csv(root / "truth" / "points.csv").set_index("Image")
    ends = points[["blowhole_x", "blowhole_y", "bonnet_x", "bonnet_y"]].to_numpy().reshape(-1, 2, 2)
    for name, pair in zip(points.index, ends, strict=True):
        path = root / "imgs" / name
        with Image.open(path) as picture:
            pixels = np.asarray(picture)
        views, _ = from_axis(pair[None], np.array([pixels.shape[:2]]), HEAD, 0.4, 2.0, 1.0)
        Image.fromarray(warp(pixels, views.affines[0], HEAD)).save(path, "JPEG", quality=95)
    return root

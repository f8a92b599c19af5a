"""Cross-validated training of a small network from scratch, against a Keras model built per fold."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from bench.cases import folds
from bench.child import in_child
from bench.generated import draw_pictures
from bench.measure import resident
from bench.plain import finetune as plain
from bench.results import Value
from pipeline.networks.config import CNNConfig
from pipeline.networks.keras_import import load_keras

CLASSES = 10
NETWORK = "16C3 MP2 32C3 MP2 FC64"
SIDE = 32


def run(quick: bool) -> list[Value]:
    """Measures both ways, each in a process of its own; see docs/performance.md."""
    count, sizes = (60, {"n": 2, "epochs": 1}) if quick else (1000, {"n": 10, "epochs": 3})
    with tempfile.TemporaryDirectory() as folder:
        label = draw_pictures(Path(folder) / "pixels.npy", count, SIDE, CLASSES)
        np.save(Path(folder) / "label.npy", label)
        our, other = (in_child(__name__, way, folder=folder, **sizes) for way in ("ours", "the_plain_way"))
    n = sizes["n"]
    what = f"{n} folds x {sizes['epochs']} epochs of {NETWORK}, {count} pictures of {SIDE} px"
    values = [
        Value("finetune.speed", other["seconds"] / our["seconds"], f"{what}: times faster"),
        Value("finetune.accuracy_lost", other["accuracy"] - our["accuracy"], "plain accuracy less ours"),
        Value("finetune.growth", our["growth"], f"ours: memory gained from fold 1 to fold {n}", "MB"),
        Value("finetune.plain_growth", other["growth"], f"plain: memory gained from fold 1 to {n}", "MB"),
    ]
    for name, facts in (("ours", our), ("plain", other)):
        values += [
            Value(f"finetune.{name}_seconds", facts["seconds"], f"{name}: time", "s"),
            Value(f"finetune.{name}_accuracy", facts["accuracy"], f"{name}: accuracy"),
            Value(f"finetune.{name}_log_loss", facts["log_loss"], f"{name}: log loss"),
        ]
    return values


def ours(folder: str, n: int, epochs: int) -> dict[str, float]:
    """Returns seconds, scores and growth of memory of the project's way."""
    pixels, label = folds.open_pictures(folder)
    config = CNNConfig(
        kind="cnn",
        backbone=NETWORK,
        epochs=epochs,
        batch_size=64,
        learning_rate=1e-3,
        optimizer="adam",
        schedule="constant",
        warmup=0.0,
    )
    load_keras(folds.THREADS)
    held: list[float] = []

    def after_fold() -> None:
        held.append(resident())

    facts = folds.timed(lambda: folds.cross_validate(config, pixels, label, n, after_fold).oof, label)
    return facts | {"growth": held[-1] - held[0]}


def the_plain_way(folder: str, n: int, epochs: int) -> dict[str, float]:
    """Returns the same of the plain way on the same folds."""
    pixels, label = folds.open_pictures(folder)
    splits = [(fold.train, fold.valid) for fold in folds.split(label, n)]
    folds.start_keras()
    held: list[float] = []

    def after_fold() -> None:
        held.append(resident())

    facts = folds.timed(
        lambda: plain.cross_validate(pixels, label, CLASSES, splits, epochs, after_fold), label
    )
    return facts | {"growth": held[-1] - held[0]}

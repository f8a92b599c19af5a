"""Cross-validated training of a head on a frozen MobileNetV2, against a Keras model per fold."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from bench.cases import folds
from bench.child import in_child
from bench.generated import draw_pictures
from bench.plain import head as plain
from bench.results import Value
from pipeline.networks.config import CNNConfig
from pipeline.networks.keras_import import load_keras

CLASSES = 4
TINT = 60.0  # random weights see little but colours


def run(quick: bool) -> list[Value]:
    """Measures both ways, each in a process of its own; see docs/performance.md."""
    sizes = {"n": 2, "epochs": 1} if quick else {"n": 5, "epochs": 10}
    count, side = (40, 32) if quick else (1000, 128)
    with tempfile.TemporaryDirectory() as folder:
        in_child(__name__, "prepare", folder=folder, count=count, side=side)
        our, other = (in_child(__name__, way, folder=folder, **sizes) for way in ("ours", "the_plain_way"))
    times, pictures = f"{sizes['n']} folds x {sizes['epochs']} epochs", f"{count} pictures of {side} px"
    what = f"{times} of a head on MobileNetV2, {pictures}"
    values = [
        Value("head.speed", other["seconds"] / our["seconds"], f"{what}: times faster"),
        Value("head.accuracy_lost", other["accuracy"] - our["accuracy"], "plain accuracy less ours"),
    ]
    for name, facts in (("ours", our), ("plain", other)):
        values += [
            Value(f"head.{name}_seconds", facts["seconds"], f"{name}: time", "s"),
            Value(f"head.{name}_accuracy", facts["accuracy"], f"{name}: accuracy"),
            Value(f"head.{name}_log_loss", facts["log_loss"], f"{name}: log loss"),
        ]
    return values


def prepare(folder: str, count: int, side: int) -> None:
    """Draws the pictures and writes a file of weights: random ones, normalised by the pictures.

    For speed any weights do. Statistics of batch normalisation that fit the pictures keep the
    signal from dying on its way up, so that there is something for a head to learn.
    """
    keras = load_keras(folds.THREADS)
    label = draw_pictures(Path(folder) / "pixels.npy", count, side, CLASSES, TINT)
    np.save(Path(folder) / "label.npy", label)
    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(side, side, 3))
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    pictures = np.load(Path(folder) / "pixels.npy", mmap_mode="r")[:64]
    model(keras.applications.mobilenet_v2.preprocess_input(pictures.astype(np.float32)), training=True)
    model.save_weights(_weights(folder))


def ours(folder: str, n: int, epochs: int) -> dict[str, float]:
    """Returns seconds and scores of the project's way."""
    pixels, label = folds.open_pictures(folder)
    config = CNNConfig(
        kind="cnn",
        backbone="mobilenet_v2",
        weights=_weights(folder),
        size=pixels.shape[1],
        finetune="none",
        head_epochs=epochs,
        batch_size=32,
        optimizer="adam",
        schedule="constant",
        warmup=0.0,
    )
    load_keras(folds.THREADS)
    return folds.timed(lambda: folds.cross_validate(config, pixels, label, n).oof, label)


def the_plain_way(folder: str, n: int, epochs: int) -> dict[str, float]:
    """Returns seconds and scores of the plain way on the same folds."""
    pixels, label = folds.open_pictures(folder)
    splits = [(fold.train, fold.valid) for fold in folds.split(label, n)]
    folds.start_keras()
    return folds.timed(
        lambda: plain.cross_validate(pixels, label, CLASSES, splits, _weights(folder), epochs), label
    )


def _weights(folder: str) -> str:
    return str(Path(folder) / "mobilenet_v2.weights.h5")

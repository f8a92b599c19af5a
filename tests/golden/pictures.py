"""Stand-ins for the contests of pictures, and weights for their pretrained networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tests.golden.tables import write_probabilities


def write_leaves(root: Path, seed: int = 4) -> None:
    """Writes leaves: six species, a black shape on white, 192 numbers; a probability per species."""
    from PIL import Image

    rng = np.random.default_rng(seed)
    rows, total, species = 120, 150, 6
    label = rng.permutation(np.arange(total) % species)
    numbers = rng.normal(0, 1, (species, 192))[label] * 0.4 + rng.normal(0, 1, (total, 192))
    names = [f"{part}{k}" for part in ("margin", "shape", "texture") for k in range(1, 65)]
    table = pd.DataFrame(np.round(np.abs(numbers) / 50, 6), columns=names)
    table.insert(0, "id", rng.permutation(np.arange(1, total + 1)))
    table.insert(1, "species", [f"Planta_{'abcdef'[k]}" for k in label])
    write_probabilities(root, table, "id", "species", rows)
    (root / "images").mkdir()
    for name, lobes in zip(table["id"], label, strict=True):
        height, width = (int(side) for side in rng.integers(40, 72, 2))
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        radius, depth, turn = rng.uniform(0.45, 0.7), rng.uniform(0.1, 0.25), rng.uniform(0, 2 * np.pi)
        edge = radius + depth * np.cos((lobes + 1) * np.arctan2(y, x) + turn)
        white = (np.hypot(x, y) > edge).astype(np.uint8) * np.uint8(255)
        Image.fromarray(white).save(root / "images" / f"{name}.jpg")


def write_mnist(root: Path, seed: int = 5) -> None:
    """Writes digits of 28 x 28 pixels: ten kinds of strokes, moved about; the label is asked for."""
    from PIL import Image

    rng = np.random.default_rng(seed)
    rows, total, classes = 250, 300, 10
    label = rng.permutation(np.arange(total) % classes)
    coarse = rng.random((classes, 7, 7)) < 0.35
    strokes = np.kron(coarse, np.ones((3, 3)))  # 21 x 21 pixels
    names = np.array([f"{row:05d}" for row in range(total)])
    train = pd.DataFrame({"id": names[:rows], "label": label[:rows]})
    test = pd.DataFrame({"id": names[rows:]})
    (root / "images").mkdir(parents=True)
    train.to_csv(root / "train.csv", index=False)
    test.to_csv(root / "test.csv", index=False)
    test.assign(label=0).to_csv(root / "sample_submission.csv", index=False)
    for name, kind in zip(names, label, strict=True):
        picture = rng.integers(0, 60, (28, 28), np.uint8)
        top, left = rng.integers(1, 7, 2)
        picture[top : top + 21, left : left + 21] += (strokes[kind] * 160).astype(np.uint8)
        Image.fromarray(picture).save(root / "images" / f"{name}.png")


def write_whale_heads(root: Path, seed: int = 6) -> None:
    """Writes heads: ten whales, eight pictures each, two whales with a single one; of 56 x 56 pixels."""
    from PIL import Image

    rng = np.random.default_rng(seed)
    whales, pictures, singles = 10, 8, 2
    seen = rng.permutation(np.repeat(np.arange(whales), pictures))
    label = np.concatenate([seen, np.arange(whales, whales + singles), rng.integers(0, whales, 24)])
    patterns = np.kron(rng.random((whales + singles, 4, 7)), np.ones((7, 8)))  # 28 x 56 pixels: the band
    table = pd.DataFrame(
        {
            "Image": [f"w_{number}.jpg" for number in rng.permutation(9 * len(label))[: len(label)]],
            "whaleID": [f"whale_{10007 * (k + 3) % 100_000:05d}" for k in label],
        }
    )
    write_probabilities(root, table, "Image", "whaleID", len(seen) + singles)
    (root / "imgs").mkdir()
    for name, whale in zip(table["Image"], label, strict=True):
        picture = rng.integers(20, 90, (56, 56, 3), np.uint8)
        light = rng.integers(80, 140)
        picture[14:42] += (patterns[whale][..., None] * light).astype(np.uint8)
        Image.fromarray(picture).save(root / "imgs" / name, quality=95)


def write_weights(path: Path, backbone: str, alpha: float, seed: int = 7) -> None:
    """Writes weights in the place of ImageNet's, which would have to be fetched: random, but of a good size.

    Args:
        path: a new file, whose name ends in .weights.h5.
        backbone: the class of keras.applications.
        alpha: its width multiplier.
        seed: of the draw.
    """
    from pipeline.networks.keras_import import load_keras

    keras = load_keras()
    model = getattr(keras.applications, backbone)(
        input_shape=(64, 64, 3), alpha=alpha, include_top=False, weights=None
    )
    rng = np.random.default_rng(seed)
    drawn = []
    for value in model.get_weights():
        inputs = np.prod(value.shape[:2] if value.shape[-1] == 1 else value.shape[:-1])
        is_kernel = value.ndim == 4
        drawn.append(rng.normal(0, np.sqrt(2 / inputs), value.shape) if is_kernel else value)
    model.set_weights(drawn)
    model.save_weights(path)

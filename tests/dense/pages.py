"""Stained pages with strokes of ink, and the clean ones, as a contest from picture to picture has them."""

import zipfile

import numpy as np
from PIL import Image

SIZES = ((40, 64), (52, 64))


def page(seed, size):
    """Returns a stained page and the clean one, uint8 (height, width)."""
    random, (height, width) = np.random.default_rng(seed), size
    ink = np.zeros(size, bool)
    for line in range(4, height - 4, 6):
        for start in range(3, width - 8, 9):
            if random.random() < 0.7:
                ink[line : line + 2, start : start + random.integers(2, 7)] = True
    down, across = np.mgrid[:height, :width]
    stain = np.hypot(down - random.uniform(0, height), across - random.uniform(0, width)) < 15
    paper = random.uniform(150, 220) - 40 * stain + random.normal(0, 3, size)
    return np.where(ink, 0.3 * paper, paper).astype(np.uint8), np.where(ink, 0, 255).astype(np.uint8)


def ids_of(name, size, first=1):
    """Returns the ids of all pixels of a picture, column by column."""
    return [f"{name}_{row + first}_{column + first}" for column in range(size[1]) for row in range(size[0])]


def write_pages(root, rows=9, test_rows=3):
    """Writes a contest; returns the clean test pages by name."""
    root.mkdir(parents=True)
    lines, truth = ["id,value"], {}
    for row in range(rows + test_rows):
        name, size = str(row + 1), SIZES[row % 2]
        dirty, clean = page(row, size)
        folders = {"train": dirty, "train_cleaned": clean} if row < rows else {"test": dirty}
        for folder, picture in folders.items():
            (root / folder).mkdir(exist_ok=True)
            Image.fromarray(picture).save(root / folder / f"{name}.png")
        if row >= rows:
            truth[name] = clean
            lines += [f"{key},1" for key in ids_of(name, size)]
    (root / "sampleSubmission.csv").write_text("\n".join(lines) + "\n")
    return truth


def packed(root):
    """Returns a zip of a contest, its sample zipped once more, as Kaggle gives them."""
    path = root.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as whole:
        for file in sorted(root.rglob("*")):
            if file.suffix == ".png":
                whole.write(file, file.relative_to(root))
        inner = root / "sampleSubmission.csv.zip"
        with zipfile.ZipFile(inner, "w") as small:
            small.write(root / "sampleSubmission.csv", "sampleSubmission.csv")
        whole.write(inner, inner.name)
    return path

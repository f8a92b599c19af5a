"""Pictures of bright discs with their masks, as contests hand them out."""

import numpy as np
import pandas as pd
from PIL import Image

from pipeline.tasks.rle import RunLengths

SIDE = 32


def disc(centre, radius, size=(SIDE, SIDE)):
    down, across = np.mgrid[: size[0], : size[1]]
    return (down - centre[0]) ** 2 + (across - centre[1]) ** 2 <= radius**2


def drawn(seed, objects, size=(SIDE, SIDE)):
    """Returns a picture uint8 and the masks of its discs, which do not touch; some have none."""
    random, masks = np.random.default_rng(seed), []
    picture = random.integers(20, 70, (*size, 3))
    for place in range(objects):
        centre = (size[0] // 4 + size[0] // 2 * (place % 2), random.integers(8, size[1] - 8))
        masks.append(disc(centre, random.integers(4, 7), size))
        picture[masks[-1]] += 150
    return picture.astype(np.uint8), masks


def write_picture(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


def write_masks(root, rows=12, test_rows=4, writing=RunLengths()):
    """Writes a contest of one mask per picture, a third of them empty."""
    cells = []
    for row in range(rows + test_rows):
        side = "train" if row < rows else "test"
        picture, masks = drawn(row, 0 if row % 3 == 2 else 1)
        write_picture(root / side / "images" / f"p{row:02d}.png", picture)
        cells.append(writing.write(masks[0]) if masks else "")
    ids = [f"p{row:02d}" for row in range(rows + test_rows)]
    table = pd.DataFrame({"id": ids, "rle_mask": cells})
    table[:rows].to_csv(root / "train.csv", index=False)
    table[rows:].assign(rle_mask="1 1").to_csv(root / "sample_submission.csv", index=False)
    return table


CLASSES = ("dark", "red")


def class_disc(seed):
    """Returns a picture with discs of two classes and their masks, which may overlap; some have none."""
    random = np.random.default_rng(seed)
    picture, masks = random.integers(90, 140, (SIDE, SIDE, 3)), []
    for shift in ((-80, -80, -80), (110, 0, 0)):
        there = random.random() < 0.7
        masks.append(disc(random.integers(8, SIDE - 8, 2), random.integers(5, 8) if there else -1))
        picture[masks[-1]] += np.array(shift)
    return np.clip(picture, 0, 255).astype(np.uint8), dict(zip(CLASSES, masks, strict=True))


def write_class_masks(root, in_ids, rows=12, test_rows=4):
    """Writes a contest of a mask per picture and class; test rows stand class by class in the sample."""
    lines, writing = [], RunLengths()
    for row in range(rows + test_rows):
        side, name = "train" if row < rows else "test", f"p{row:02d}.png"
        picture, masks = class_disc(row)
        write_picture(root / side / "images" / name, picture)
        lines += [(name, label, writing.write(masks[label])) for label in CLASSES]
    table = pd.DataFrame(lines, columns=["image", "class", "rle"])
    if in_ids:
        table["image"] += "_" + table.pop("class")
    train, test = table[: 2 * rows], table[2 * rows :].assign(rle="1 1")
    train.to_csv(root / "train.csv", index=False)
    test = test.iloc[[*range(0, len(test), 2), *range(1, len(test), 2)]]
    test.to_csv(root / "sample_submission.csv", index=False)
    return table


def write_objects(root, rows=12, test_rows=4, table=True):
    """Writes a contest of objects as the 2018 Data Science Bowl did: pictures of two sizes."""
    lines, writing = [], RunLengths()
    for row in range(rows + test_rows):
        name, size = f"n{row:02d}", (SIDE, SIDE) if row % 2 else (SIDE, 40)
        side = "stage1_train" if row < rows else "stage1_test"
        picture, masks = drawn(row, 2, size)
        write_picture(root / side / name / "images" / f"{name}.png", picture)
        for number, mask in enumerate(masks if row < rows else []):
            lines.append((name, writing.write(mask)))
            write_picture(root / side / name / "masks" / f"m{row}_{number}.png", mask.astype(np.uint8) * 255)
    if table:
        labels = pd.DataFrame(lines, columns=["ImageId", "EncodedPixels"])
        labels.to_csv(root / "stage1_train_labels.csv", index=False)
    test = [f"n{row:02d}" for row in range(rows, rows + test_rows)]
    sample = pd.DataFrame({"ImageId": test, "EncodedPixels": "1 1"})
    sample.to_csv(root / "stage1_sample_submission.csv", index=False)

"""Pictures of bright rectangles with their boxes, as contests hand them out."""

import numpy as np
import pandas as pd

from tests.dense.discs import write_picture

SIDE = 64


def drawn(seed, objects, size=(SIDE, SIDE)):
    """Returns a picture uint8 and its boxes (n, 4): left, top, width and height, which do not touch."""
    random, boxes = np.random.default_rng(seed), []
    picture = random.integers(20, 70, (*size, 3))
    for place in range(objects):
        high, wide = random.integers(size[0] // 6, size[0] // 3, 2)
        top = random.integers(0, size[0] - high)
        left = size[1] // 2 * (place % 2) + random.integers(0, size[1] // 2 - wide)
        picture[top : top + high, left : left + wide] += 150
        boxes.append((left, top, wide, high))
    return picture.astype(np.uint8), np.array(boxes, int).reshape(-1, 4)


def write_boxes(root, rows=16, test_rows=4, form="wheat", side=SIDE):
    """Writes a contest of boxes; returns those of all pictures by id.

    Args:
        root: the folder.
        rows: training pictures, a quarter of them without a box where the form has room for that.
        test_rows: test pictures.
        form: "wheat": a row for each box, a list of numbers; "columns": a number in each; "strings": a cell
            for each picture.
        side: pixels of the square pictures.
    """
    lines, known = [], {}
    for row in range(rows + test_rows):
        key, folder = f"p{row:02d}", "train" if row < rows else "test"
        picture, boxes = drawn(
            row, row % 4 if form == "strings" and row % 4 < 2 else 1 + row % 2, (side, side)
        )
        write_picture(root / folder / f"{key}.jpg", picture)
        known[key] = boxes
        if row < rows and form == "wheat":
            lines += [(key, side, side, str([float(one) for one in box]), "src") for box in boxes]
        elif row < rows and form == "columns":
            lines += [(key, *box, f"kind {n % 2}", n % 2) for n, box in enumerate(boxes)]
        elif row < rows:
            lines.append((key, " ".join(" ".join(map(str, box)) for box in boxes)))
    names = {
        "wheat": ["width", "height", "bbox", "source"],
        "columns": ["x", "y", "width", "height", "class_name", "class_id"],
        "strings": ["boxes"],
    }[form]
    pd.DataFrame(lines, columns=["image_id", *names]).to_csv(root / "train.csv", index=False)
    sample = pd.DataFrame({"image_id": list(known)[rows:], "PredictionString": "1.0 0 0 50 50"})
    sample.to_csv(root / "sample_submission.csv", index=False)
    return known

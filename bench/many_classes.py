"""Boxes of very many classes: told by a map for each, or by features at the middles.

    python bench/many_classes.py                                     # 1,500 classes, at the middles
    python bench/many_classes.py --classes 200 --at heatmap,centre   # both ways

Pages are drawn with glyphs of 5 x 5 squares at jittered places; classes are as frequent as Zipf's law says,
so that most are rare. Printed are point_f1 out of fold (a found middle must lie in a true box of its class),
what the true middles would have with the most frequent label at each, how many classes are rare, and the
seconds of two folds.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from pipeline.config.load import load_config
from pipeline.data.source import FolderSource
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.store import Store

GLYPH, DOT = 5, 2  # squares of a glyph's side, pixels of a square's
ROOM = 14  # pixels from one glyph to the next
TEST_PAGES = 2
CONFIG = """\
competition: glyphs
data: {{id: image_id, target: labels, task: boxes, images: "train/{{image_id}}.png",
       test_images: "test/{{image_id}}.png", test: sample_submission.csv, sample: sample_submission.csv}}
metric: point_f1
folds: {{n: 2}}
threads: 1
models:
  net: {{kind: centernet, classes_at: {at}, size: {side}, stride: 2, finest: 2, width: 16, augment: none,
         tta: none, batch_size: 4, epochs: {epochs}, learning_rate: 0.004, decoder: unet}}
ensemble: {{thresholds: false}}
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--classes", type=int, default=1500)
    options.add_argument("--pages", type=int, default=80)
    options.add_argument("--side", type=int, default=128, help="of a page, pixels: a multiple of 32")
    options.add_argument("--epochs", type=int, default=40)
    options.add_argument("--at", default="centre", help="ways, with commas: heatmap, centre")
    said = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "data"
        write_glyphs(root, said.pages, said.classes, said.side)
        for at in said.at.split(","):
            print(_measured(Path(folder), root, at, said.side, said.epochs), flush=True)


def _measured(folder: Path, root: Path, at: str, side: int, epochs: int) -> str:
    config = folder / f"{at}.yaml"
    config.write_text(CONFIG.format(at=at, side=side, epochs=epochs), encoding="utf-8")
    run = Run(Plan(load_config(config), FolderSource(root), Store(folder / at)), Progress())
    begun = time.monotonic()
    run.train_model("net")
    task, rows = run.competition.task, run.competition.target
    truth = [task.boxes_of(int(row)) for row in rows[:, 0]]
    labels = np.concatenate([boxes["label"] for boxes in truth]).astype(np.int64)
    counts = np.bincount(labels)
    score = run.metric()(rows, run.predictions("net").oof)
    return (
        f"{at}: point_f1 {score:.3f} in {time.monotonic() - begun:.0f} s; the most frequent label at "
        f"every true middle: {counts.max() / counts.sum():.3f}; {len(task.outputs):,} classes, "
        f"{int((counts < 5).sum()):,} of them in fewer than 5 of {len(labels):,} boxes"
    )


def write_glyphs(root: Path, pages: int, classes: int, side: int) -> None:
    """Writes a contest of pages of glyphs, whose labels stand in strings `U+4E00 x y width height`."""
    from PIL import Image

    rng = np.random.default_rng(0)
    shapes = rng.integers(0, 2, (classes, GLYPH, GLYPH)).repeat(DOT, axis=1).repeat(DOT, axis=2)
    often = 1.0 / np.arange(2, classes + 2)
    tables = {"train": [["image_id", "labels"]], "sample_submission": [["image_id", "labels"]]}
    for page in range(pages + TEST_PAGES):
        folder, key = "train" if page < pages else "test", f"p{page:03d}"
        picture, words = rng.integers(180, 230, (side, side)).astype(np.uint8), []
        for top in range(1, side - ROOM, ROOM):
            for left in range(1, side - ROOM, ROOM):
                label = int(rng.choice(classes, p=often / often.sum()))
                y, x = np.array([top, left]) + rng.integers(0, ROOM - GLYPH * DOT, 2)
                part = picture[y : y + GLYPH * DOT, x : x + GLYPH * DOT]
                part[shapes[label] > 0] = 40
                words += [f"U+{0x4E00 + label:04X}", str(x), str(y), str(GLYPH * DOT), str(GLYPH * DOT)]
        (root / folder).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(root / folder / f"{key}.png")
        tables["train" if page < pages else "sample_submission"].append(
            [key, " ".join(words) if page < pages else "U+003F 1 1 U+FF2F 2 2"]
        )
    for name, lines in tables.items():
        with (root / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(lines)


if __name__ == "__main__":
    main()

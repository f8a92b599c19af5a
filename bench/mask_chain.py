"""What masks beside a contest of classes are worth: the same network on whole pictures and where masks lie.

    python bench/mask_chain.py                     # 300 generated pictures, 100 of which have a mask
    python bench/mask_chain.py --pictures 600 --seeds 3

A picture is cluttered with striped squares; a red blob at any place has stripes across or down, which is the
class. A third of the training pictures have the blob's mask. Printed are log losses out of fold (chance:
0.693), seconds of both folds, and how far the boxes around the predicted masks are off.
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
from pipeline.metrics import find_metric
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.store import Store

SIDE = 96
TEST_ROWS = 4
CONFIG = """\
competition: blobs
data: {{id: id, target: kind, images: "pictures/{{id}}.png"}}
metric: log_loss
seed: {seed}
folds: {{n: 2}}
threads: 1
models:
  whole: {{kind: cnn, size: 96, {network}}}
  masks: {{kind: unet, annotations: "masks/{{id}}.png", size: 64, width: 8, finest: 2, epochs: 25,
           batch_size: 4, learning_rate: 0.003, tta: none}}
  near: {{kind: cnn, size: 32, view: {{by: masks, margin: 0.2}}, {network}}}
"""
NETWORK = 'backbone: "16C3s BN MP2 24C3s BN MP2 32C3s BN MP2 D0.2 FC48 BN", batch_size: 16, '
NETWORK += "epochs: 30, learning_rate: 0.003, augment: light"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--pictures", type=int, default=300)
    options.add_argument("--seeds", type=int, default=1)
    said = options.parse_args()
    print(f"{'seed':<6}{'whole':>16}{'by mask':>16}  masks")
    for seed in range(said.seeds):
        with tempfile.TemporaryDirectory() as folder:
            print(f"{seed:<6}" + _measured(Path(folder), said.pictures, seed), flush=True)


def _measured(folder: Path, pictures: int, seed: int) -> str:
    """Trains both networks on one draw of pictures; returns a line on them."""
    root = folder / "data"
    write_blobs(root, pictures, seed)
    config = folder / "blobs.yaml"
    config.write_text(CONFIG.format(seed=seed, network=NETWORK), encoding="utf-8")
    run = Run(Plan(load_config(config), FolderSource(root), Store(folder / "runs")), Progress())
    took = {}
    for name in run.plan.models:
        begun = time.monotonic()
        run.train_model(name)
        took[name] = time.monotonic() - begun
    took["near"] += took["masks"]
    loss, target = find_metric("log_loss"), run.competition.target
    cells = [
        f"{loss(target, run.predictions(name).oof):.3f} ({took[name]:.0f} s)" for name in ("whole", "near")
    ]
    return "".join(f"{cell:>16}" for cell in cells) + f"  {run.coordinates('masks').line('boxes')}"


def write_blobs(root: Path, pictures: int, seed: int) -> None:
    """Writes a contest: pictures, masks of a third of them, and tables."""
    import cv2
    from PIL import Image

    rng = np.random.default_rng(seed)
    tables = {"train": [["id", "kind"]], "test": [["id"]], "sample_submission": [["id", "across", "down"]]}
    for name in ("pictures", "masks"):
        (root / name).mkdir(parents=True)
    for row in range(pictures + TEST_ROWS):
        key, kind = f"p{row:04d}", row % 2
        ground = rng.integers(0, 255, (SIDE // 4, SIDE // 4, 3)).astype(np.uint8)
        picture = cv2.resize(ground, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        for _ in range(8):
            half, (y, x) = int(rng.integers(6, 12)), rng.integers(12, SIDE - 12, 2)
            picture[y - half : y + half, x - half : x + half] = _stripes(2 * half, rng.integers(2))[..., None]
        mask = np.zeros((SIDE, SIDE), np.uint8)
        centre, axes = rng.integers(18, SIDE - 18, 2), rng.integers(8, 14, 2)
        cv2.ellipse(mask, centre.tolist(), axes.tolist(), float(rng.uniform(0, 180)), 0, 360, 255, -1)
        bright = _stripes(SIDE, kind) > 100
        picture[(mask > 0) & bright], picture[(mask > 0) & ~bright] = (230, 40, 40), (120, 10, 10)
        Image.fromarray(picture).save(root / "pictures" / f"{key}.png")
        if row >= pictures:
            tables["test"].append([key])
            tables["sample_submission"].append([key, "0.5", "0.5"])
            continue
        tables["train"].append([key, ("across", "down")[kind]])
        if row % 3 == 0:
            Image.fromarray(mask).save(root / "masks" / f"{key}.png")
    for name, lines in tables.items():
        with (root / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(lines)


def _stripes(side: int, axis: int) -> np.ndarray:
    """Returns uint8 (side, side): stripes two pixels wide, along an axis."""
    return (np.indices((side, side))[axis] // 2 % 2 * 160 + 40).astype(np.uint8)


if __name__ == "__main__":
    main()

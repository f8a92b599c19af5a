"""What boxes and points in a chain leak: labels of pure noise, read by the last network of a chain.

    python bench/honesty.py --chain              # four draws of eight labels
    python bench/honesty.py --chain --draws 8

A box and two points decide what the classifier sees of a picture. Its training rows are cropped by
networks that have seen the annotations of the fold that it is scored on, though no label. Eight labels
are drawn independently of the generated whales, once with the annotations as they are, and once with
the worst that an annotator could do: each label moves one of the eight coordinates, so that the
annotations, and nothing else, tell the labels. The truth is an AUC of 0.5 either way: the classifier
is given pictures, and they tell nothing.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from competitions.whales.sample import write_sample
from pipeline.config.load import load_config
from pipeline.data.source import FolderSource
from pipeline.metrics import find_metric
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.store import Store

MOVED = 12.0  # pixels by which a label moves its coordinate; a head is about 80 long
LABELS = [f"label{number}" for number in range(8)]  # one per coordinate
CONFIG = """\
competition: noise
data: {{id: Image, target: [{labels}], task: multilabel, images: "imgs/{{Image}}"}}
metric: log_loss
folds: {{n: 3, kind: plain}}
threads: 1
models:
  box: {{kind: cnn, target: box, annotations: boxes.csv, size: 32, {network}, augment: none, epochs: 15}}
  dots: {{kind: cnn, target: points, annotations: points.csv, view: {{by: box, margin: 0.3}}, size: 32,
          {network}, augment: none, epochs: 15}}
  who: {{kind: cnn, view: {{by: dots, axis: [1, 0], along: 0.4, width: 2.0, height: 1.0}}, size: [16, 32],
         {network}, augment: none, epochs: 15}}
"""
NETWORK = 'backbone: "8C3s MP2 16C3s MP2 FC48", batch_size: 16, learning_rate: 0.003'


def compare(draws: int, pictures: int = 300) -> None:
    """Prints the mean AUC out of fold over the labels, draw by draw."""
    print(f"chain: mean AUC of {len(LABELS)} labels of noise, out of fold, {pictures} pictures; truth 0.5")
    print(f"{'draw':<6}{'annotations as they are':>26}{'annotations that tell':>26}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "whales"
        write_sample(root, 0, pictures)
        found = []
        for seed in range(draws):
            found.append([draw(root, Path(folder), seed, moved) for moved in (0.0, MOVED)])
            print(f"{seed:<6}" + "".join(f"{value:>26.4f}" for value in found[-1]), flush=True)
    means, errors = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(draws)
    print("mean  " + "".join(f"{f'{m:.4f} ± {e:.4f}':>26}" for m, e in zip(means, errors, strict=True)))


def draw(root: Path, scratch: Path, seed: int, moved: float) -> float:
    """Trains the chain on one draw of the labels and returns the mean AUC over them.

    Args:
        root: a drawn sample of whales; its tables are written anew.
        scratch: receives the run.
        seed: of the labels.
        moved: pixels by which a label moves its coordinate.
    """
    labels = write_labels(root, seed, moved)
    name = f"{seed}-{moved:g}"
    config = scratch / f"{name}.yaml"
    config.write_text(CONFIG.format(labels=", ".join(LABELS), network=NETWORK), encoding="utf-8")
    run = Run(Plan(load_config(config), FolderSource(root), Store(scratch / f"runs-{name}")), Progress())
    for model in run.plan.models:
        run.train_model(model)
    oof, auc = run.predictions("who").oof, find_metric("auc")
    return float(np.mean([auc(labels[:, [k]], oof[:, [k]]) for k in range(len(LABELS))]))


def write_labels(root: Path, seed: int, moved: float) -> np.ndarray:
    """Writes noise labels, and annotations that know them by `moved` pixels; float64 (rows, labels)."""
    import pandas as pd

    truth = root / "truth"
    names = pd.read_csv(truth / "boxes.csv")["Image"]
    labels = np.random.default_rng([seed, 9]).integers(0, 2, (len(names), len(LABELS))).astype(np.float64)
    table = pd.DataFrame(labels.astype(int), columns=LABELS)
    table.insert(0, "Image", names)
    new = len(names) // 10  # the last rows stand for a test set
    table[:-new].to_csv(root / "train.csv", index=False)
    table[-new:][["Image"]].to_csv(root / "test.csv", index=False)
    table[-new:].assign(**dict.fromkeys(LABELS, 0.5)).to_csv(root / "sample_submission.csv", index=False)
    for number, file in enumerate(("boxes.csv", "points.csv")):
        known = pd.read_csv(truth / file)[:-new]
        known.iloc[:, 1:] += moved * (2 * labels[:-new, number * 4 : number * 4 + 4] - 1) / 2
        known.to_csv(root / file, index=False)
    return labels[:-new]

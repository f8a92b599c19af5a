"""N-grams, a frozen and a fine-tuned encoder on one fold, and blends: bench/encoders.py DATA.zip FOLDER."""

from __future__ import annotations

import argparse
import io
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from pipeline.context import Context
from pipeline.data.rows import Dataset
from pipeline.registry import MODELS
from pipeline.tasks.base import Task, make_task
from pipeline.testing import dataset_of

THREADS, SMALLEST = 2, 1e-7
INNER = 6  # every sixth training row chooses the strength of the n-grams' penalty


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("data", type=Path, help="zip with a train.csv: a text and one of several classes")
    options.add_argument("weights", type=Path, help="folder of the pretrained encoder")
    options.add_argument("--text", default="text")
    options.add_argument("--target", default="author")
    options.add_argument("--rows", type=int, default=3000, help="to learn from")
    options.add_argument("--scored", type=int, default=1500)
    options.add_argument("--epochs", type=int, default=3)
    said = options.parse_args()
    data, task = read(said.data, said.text, said.target, said.rows + said.scored)
    encoder = {"kind": "transformer", "weights": str(said.weights)}
    sections = {
        "n-grams": {"kind": "ngrams"},
        "frozen": encoder,
        "fine-tuned": {**encoder, "finetune": "all", "epochs": said.epochs},
    }
    truth, found = data.rows(np.arange(said.rows, len(data))).target, {}
    for name, section in sections.items():
        began, used = time.perf_counter(), time.process_time()
        found[name] = predictions(section, data, task, said.rows)
        seconds = (
            f"{time.perf_counter() - began:.0f} s ({time.process_time() - used:.0f} s of the processors)"
        )
        print(f"{name}: log loss {loss(found[name], truth).mean():.4f}, {seconds}", flush=True)
    for name in ("frozen", "fine-tuned"):
        print(f"n-grams and {name}: {blended(found['n-grams'], found[name], truth):.4f}", flush=True)


def read(path: Path, text: str, target: str, rows: int) -> tuple[Dataset, Task]:
    """Returns rows in a random order, and the task."""
    import pandas as pd

    with zipfile.ZipFile(path) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("train.csv")]
        table = pd.read_csv(io.BytesIO(archive.read(name)))
    classes = tuple(sorted(table[target].unique()))
    label = table[target].map({name: place for place, name in enumerate(classes)}).to_numpy()
    at = np.random.default_rng(0).permutation(len(table))[:rows]
    words = pd.DataFrame({"text": table[text].to_numpy()[at]})
    ids = np.arange(len(at)).astype(str)
    return dataset_of(ids, words, target=label[at]), make_task("classification", classes)


def predictions(section: dict[str, Any], data: Dataset, task: Task, rows: int) -> np.ndarray:
    """Returns what a model that has learned from the first rows says of the others."""
    kind = MODELS.get(section["kind"])
    model = kind(kind.Config.model_validate(section), task)
    learned, inner = np.arange(rows), np.arange(rows)[::INNER]
    train, valid = data.rows(learned), None
    if model.wants_inner_split:
        train, valid = data.rows(np.setdiff1d(learned, inner)), data.rows(inner)
    context = Context(threads=THREADS)
    return model.fit(train, valid, context).predict(data.rows(np.arange(rows, len(data))), context)


def loss(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Returns the log loss of each row."""
    values = np.clip(values, SMALLEST, 1.0)
    return -np.log((values / values.sum(axis=1, keepdims=True))[np.arange(len(truth)), truth])


def blended(one: np.ndarray, other: np.ndarray, truth: np.ndarray) -> float:
    """Returns the log loss of a weighted mean, the weight learned on the other half of the rows."""
    half, total = np.arange(len(truth)) % 2, 0.0
    for part in (0, 1):
        learn, asked = half == part, half != part
        shares = np.linspace(0.0, 1.0, 21)
        best = min(shares, key=lambda w: loss(w * other + (1 - w) * one, truth)[learn].mean())
        total += loss(best * other + (1 - best) * one, truth)[asked].sum()
    return total / len(truth)


if __name__ == "__main__":
    main()

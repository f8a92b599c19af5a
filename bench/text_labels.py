"""Several labels of a text by n-grams, a chain, an encoder and blends: bench/text_labels.py DATA.zip."""

from __future__ import annotations

import argparse
import io
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from encoders import predictions

from pipeline.data.rows import Dataset
from pipeline.draft.models import FOR_EXCLUSIVE, OF_LABELS, OTHER_NGRAMS
from pipeline.metrics import find_metric
from pipeline.tasks.base import Task, make_task
from pipeline.testing import dataset_of

PARTS = 5  # by which what a chain learns from is predicted out of fold
NGRAMS: dict[str, dict[str, Any]] = {
    "n-grams": {},
    **{name: section for name, (section, _) in OTHER_NGRAMS.items() if name not in FOR_EXCLUSIVE},
    "logit, case": {"learner": "logistic"},
    "n-grams, lower": {"lowercase": True},
    "drafted": OF_LABELS,
}
CHAIN = {"kind": "lightgbm", "num_leaves": 7, "learning_rate": 0.03, "min_child_samples": 60}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("data", type=Path, help="zip with a train.csv: an id, a text and 0/1 columns")
    options.add_argument("--text", default="comment_text")
    options.add_argument("--rows", type=int, default=20_000, help="to learn from")
    options.add_argument("--scored", type=int, default=5_000)
    options.add_argument("--seeds", type=int, default=1, help="splits of the rows")
    options.add_argument("--only", nargs="*", help="names of models")
    options.add_argument("--weights", type=Path, help="folder of a pretrained encoder")
    options.add_argument("--epochs", type=int, default=2, help="of the encoder that is fine-tuned")
    said = options.parse_args()
    for seed in range(said.seeds):
        data, task = read(said.data, said.text, said.rows + said.scored, seed)
        run(data, task, said, seed)


def run(data: Dataset, task: Task, said: argparse.Namespace, seed: int) -> None:
    """Prints mean AUC of every model and of blends, by the mean of ranks."""
    truth, found, metric = data.rows(np.arange(said.rows, len(data))).target, {}, find_metric("auc").of(task)

    def tell(name: str, make: Callable[[], np.ndarray]) -> None:
        if said.only and name not in said.only:
            return
        began = time.perf_counter()
        found[name] = make()
        print(
            f"split {seed}, {name}: {metric(truth, found[name]):.4f}, {time.perf_counter() - began:.0f} s",
            flush=True,
        )

    def alone(section: dict[str, Any]) -> Callable[[], np.ndarray]:
        return lambda: predictions(section, data, task, said.rows)

    for name, keys in NGRAMS.items():
        tell(name, alone({"kind": "ngrams", **keys}))
    tell("chain on drafted", lambda: chained({"kind": "ngrams", **OF_LABELS}, data, task, said.rows))
    good = [name for name in found if name != "words"]  # naive Bayes ranks rare labels badly
    blends = {
        "drafted and chain": ["drafted", "chain on drafted"],
        "drafted and logit": ["drafted", "logit"],
        "all n-grams but words": good,
    }
    if said.weights:
        encoder = {"kind": "transformer", "weights": str(said.weights)}
        tell("frozen", alone(encoder))
        tell("fine-tuned", alone({**encoder, "finetune": "all", "epochs": said.epochs}))
        blends |= {"n-grams and frozen": [*good, "frozen"], "n-grams and fine-tuned": [*good, "fine-tuned"]}
        blends["everything but words"] = [*good, "frozen", "fine-tuned"]
    for name, members in blends.items():
        if len(members) < 2 or not set(members) <= set(found):
            continue
        ranks = [found[one].argsort(axis=0).argsort(axis=0) for one in members]
        score = metric(truth, np.mean(ranks, axis=0) / len(truth))
        print(f"split {seed}, blend of {name}: {score:.4f}", flush=True)


def chained(section: dict[str, Any], data: Dataset, task: Task, rows: int) -> np.ndarray:
    """Returns what trees say of the scored rows by what a model says of all labels, out of fold."""
    others, parts = np.zeros((len(data), task.n_outputs), np.float32), np.arange(rows) % PARTS
    for part in range(PARTS):
        inside, outside = np.flatnonzero(parts != part), np.flatnonzero(parts == part)
        some = np.concatenate([inside, outside])
        asked = dataset_of(data.ids[some], data.part("text").frame.iloc[some], target=data.target[some])
        others[outside] = predictions(section, asked, task, len(inside))
    others[rows:] = predictions(section, data, task, rows)
    logits = np.log(np.clip(others, 1e-6, 1 - 1e-6) / (1 - np.clip(others, 1e-6, 1 - 1e-6)))
    told = dataset_of(data.ids, target=data.target, others={"logit.prediction": logits})
    return predictions({**CHAIN, "inputs": ["logit.prediction"]}, told, task, rows)


def read(path: Path, text: str, rows: int, seed: int) -> tuple[Dataset, Task]:
    """Returns rows in a random order, and the task: every column but the first and the text is a label."""
    import pandas as pd

    with zipfile.ZipFile(path) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("train.csv")]
        table = pd.read_csv(io.BytesIO(archive.read(name)))
    labels = [name for name in table.columns[1:] if name != text]
    at = np.random.default_rng(seed).permutation(len(table))[:rows]
    words = pd.DataFrame({"text": table[text].fillna("").astype(str).to_numpy()[at]})
    target = table[labels].to_numpy(np.float64)[at]
    return dataset_of(np.arange(len(at)).astype(str), words, target=target), make_task("multilabel", labels)


if __name__ == "__main__":
    main()

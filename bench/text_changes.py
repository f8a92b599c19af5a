"""Words left out and swapped, in training and in readings at prediction: bench/text_changes.py DATA.zip.

    python bench/text_changes.py spooky.zip --seeds 5 --rows 3000

A seed draws the training rows and begins the network; all other rows are held out. A gain is that in log
loss on these, against the network of the same seed that sees texts as they are; its interval is Student's
over the seeds. The held-out rows of the seeds overlap, so that it speaks of these texts and not of others.
With `--weights FOLDER` a fine-tuned encoder is measured in the place of a network from scratch.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from encoders import loss, read
from tricks import PLAIN, line

from pipeline.context import Context
from pipeline.data.rows import Dataset
from pipeline.registry import MODELS
from pipeline.tasks.base import Task

WAYS: dict[str, dict[str, float]] = {
    PLAIN: {},
    "left out 0.1": {"word_dropout": 0.1},
    "left out 0.2": {"word_dropout": 0.2},
    "swapped 0.1": {"word_swap": 0.1},
    "both 0.1": {"word_dropout": 0.1, "word_swap": 0.1},
}
READINGS = 4  # of each text that is answered, beside it as it is


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("data", type=Path, help="zip with a train.csv: a text and one of several classes")
    options.add_argument("--text", default="text")
    options.add_argument("--target", default="author")
    options.add_argument("--rows", type=int, default=3000, help="to learn from")
    options.add_argument("--scored", type=int, default=3000)
    options.add_argument("--seeds", type=int, default=5, help="at least 2")
    options.add_argument("--epochs", type=int, default=None, help="default: that of the model")
    options.add_argument("--weights", type=Path, default=None, help="folder of a pretrained encoder")
    options.add_argument("--only", default="", help="some of them, with commas: " + ", ".join(WAYS))
    options.add_argument("--layers", default=None, help="of a network of words; default: that of the model")
    options.add_argument("--keep", type=Path, default=None, help="file of the fits that are done: to go on")
    said = options.parse_args()
    chosen = [name.strip() for name in said.only.split(",") if name.strip()] or list(WAYS)
    if unknown := set(chosen) - set(WAYS):
        options.error(f"--only: unknown {', '.join(sorted(unknown))}. There are {', '.join(WAYS)}.")
    if said.seeds < 2:
        options.error(f"--seeds: an interval needs two at least. Received: {said.seeds}.")
    data, task = read(said.data, said.text, said.target, said.rows + said.scored)
    section: dict[str, Any] = {"kind": "text_net"}
    if said.weights:
        section = {"kind": "transformer", "weights": str(said.weights), "finetune": "all"}
    section |= {"epochs": said.epochs} if said.epochs else {}
    section |= {"layers": {"word": said.layers}} if said.layers else {}
    base = None
    print("| | log loss | gain | 95 % | errors | seconds |\n|---|---|---|---|---|---|", flush=True)
    for name in [PLAIN, *(name for name in chosen if name != PLAIN)]:
        keys = section | ({"augment": WAYS[name]} if WAYS[name] else {})
        fits = np.array([kept(said.keep, keys, data, task, said.rows, seed) for seed in range(said.seeds)])
        for number, shown in enumerate((name, f"{name}, {READINGS} readings")[: fits.shape[1]]):
            losses, errors, seconds = fits[:, number].T
            base = losses if base is None else base
            print(line(shown, losses, base, errors, seconds), flush=True)


def kept(
    path: Path | None, settings: dict[str, Any], data: Dataset, task: Task, rows: int, seed: int
) -> list[tuple[float, float, float]]:
    """Returns what `fit` does, from the file where it was done before."""
    known: dict[str, Any] = json.loads(path.read_text()) if path and path.exists() else {}
    name = json.dumps([settings, rows, len(data), seed])
    if name not in known:
        known[name] = fit(settings, data, task, rows, seed)
        if path:
            path.write_text(json.dumps(known))
    return known[name]


def fit(
    settings: dict[str, Any], data: Dataset, task: Task, rows: int, seed: int
) -> list[tuple[float, float, float]]:
    """Returns log loss and share of errors on the rows held out, and the processor's seconds of it all.

    Once of the texts as they are; where the fit was shown changed ones, also with readings so changed.
    """
    order = np.random.default_rng(seed).permutation(len(data))
    asked, context, found = data.rows(order[rows:]), Context(seed=seed, threads=1), []
    kind = MODELS.get(settings["kind"])
    model = kind(kind.Config.model_validate(settings), task)
    began = time.process_time()
    model.fit(data.rows(np.sort(order[:rows])), None, context)
    learned, truth = time.process_time() - began, np.asarray(asked.target)
    for readings in (0, READINGS) if "augment" in settings else (0,):
        model.config = kind.Config.model_validate(settings | {"tta": readings})
        began = time.process_time()
        values = model.predict(asked, context)
        seconds = learned + time.process_time() - began
        wrong = float((values.argmax(axis=1) != truth).mean())
        found.append((float(loss(values, truth).mean()), wrong, seconds))
    return found


if __name__ == "__main__":
    main()

"""Averages of weights, steps that look nearby, augmentation, masks: each against plain training, on digits.

    python bench/tricks.py --seeds 10

A seed draws the training rows and begins the network; all other rows are held out. A gain is that in log
loss on these, against the plain network of the same seed; its interval is Student's over the seeds. The
held-out rows of the seeds overlap, so the interval speaks of these digits and not of other data. A
pretraining sees all rows without labels, the held-out ones too; it is made once for all seeds, and its
seconds count in each.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from pipeline.context import Context
from pipeline.data.rows import Dataset
from pipeline.registry import MODELS
from pipeline.tasks.base import make_task
from pipeline.testing import dataset_of

PLAIN = "plain"
TRICKS: dict[str, dict[str, Any]] = {
    PLAIN: {},
    "EMA": {"averaging": "ema"},
    "SWA": {"averaging": "swa"},
    "SAM 0.05": {"sam": 0.05},
    "adversarial 8": {"adversarial": {"size": 8}},
    "AWP 0.005": {"awp": {"size": 0.005}},
    "set digits": {"augment": "digits"},
    "RandAugment 1 3": {"augment": {"randaugment": {"n": 1, "m": 3}}},
    "RandAugment 2 9": {"augment": {"randaugment": {"n": 2, "m": 9}}},
    "VAE 0.3": {"generate": {"share": 0.3}},
    "VAE 0.6": {"generate": {"share": 0.6}},
    "stylize 0.3": {"stylize": {"share": 0.3}},
    "pretrain 40": {"pretrain": {"epochs": 40, "mask": 0.5, "patch": 2}},
    "SimCLR 20": {"pretrain": {"method": "simclr", "epochs": 20, "augment": "digits"}},
}
SMALLEST = 1e-7
TASK = make_task("classification", tuple("0123456789"))


class Kept:
    """A cache for all seeds, which remembers what its arrays cost.

    Attributes:
        owed: seconds of the processor for arrays that were there already; whoever counts begins at 0.
    """

    def __init__(self) -> None:
        self.known: dict[str, tuple[np.ndarray, float]] = {}
        self.owed = 0.0

    def __call__(self, name: str, key: Mapping[str, Any], make: Callable[[], np.ndarray]) -> np.ndarray:
        said = repr((name, sorted(key.items())))
        if said in self.known:
            self.owed += self.known[said][1]
        else:
            began = time.process_time()
            found = make()
            self.known[said] = found, time.process_time() - began
        return self.known[said][0]


KEPT = Kept()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--seeds", type=int, default=10, help="at least 2")
    options.add_argument("--rows", type=int, default=400, help="to learn from, of 1,797")
    options.add_argument("--epochs", type=int, default=20)
    options.add_argument("--backbone", default="16C3s MP2 32C3s MP2 FC64")
    options.add_argument("--only", default="", help="some of them, with commas: " + ", ".join(TRICKS))
    said = options.parse_args()
    chosen = [name.strip() for name in said.only.split(",") if name.strip()] or list(TRICKS)
    if unknown := set(chosen) - set(TRICKS):
        options.error(f"--only: unknown {', '.join(sorted(unknown))}. There are {', '.join(TRICKS)}.")
    if said.seeds < 2:
        options.error(f"--seeds: an interval needs two at least. Received: {said.seeds}.")
    settings = {"backbone": said.backbone, "epochs": said.epochs, "augment": "none"}
    data = digits()
    base = None
    print("| | log loss | gain | 95 % | errors | seconds |\n|---|---|---|---|---|---|", flush=True)
    for name in [PLAIN, *(name for name in chosen if name != PLAIN)]:
        fits = [fit(settings | TRICKS[name], data, said.rows, seed) for seed in range(said.seeds + 1)][1:]
        losses, errors, seconds = np.array(fits).T  # the first fit, which also traces, tells no seconds
        base = losses if base is None else base
        print(line(name, losses, base, errors, seconds), flush=True)


def digits() -> Dataset:
    """Returns the digits as grey pictures of 8 by 8 pixels, 0 to 255."""
    from sklearn.datasets import load_digits

    found = load_digits()
    pixels = np.round(found.images * (255 / 16)).astype(np.uint8)[..., None]
    ids = np.arange(len(pixels)).astype(str)
    return dataset_of(ids, pixels=pixels, pixels_key="digits", target=found.target)


def fit(settings: dict[str, Any], data: Dataset, rows: int, seed: int) -> tuple[float, float, float]:
    """Returns log loss and share of errors on the rows held out, and the processor's seconds of the fit."""
    order = np.random.default_rng(seed).permutation(len(data))
    asked = data.rows(order[rows:])
    kind = MODELS.get("cnn")
    model = kind(kind.Config.model_validate({"kind": "cnn", **settings}), TASK)
    began, KEPT.owed = time.process_time(), 0.0
    model.fit(data.rows(np.sort(order[:rows])), None, Context(seed=seed, threads=1, cache=KEPT))
    seconds = time.process_time() - began + KEPT.owed
    values, truth = model.predict(asked), np.asarray(asked.target)
    right = np.clip(values[np.arange(len(truth)), truth], SMALLEST, 1.0)
    return float(-np.log(right).mean()), float((values.argmax(axis=1) != truth).mean()), seconds


def line(name: str, losses: np.ndarray, base: np.ndarray, errors: np.ndarray, seconds: np.ndarray) -> str:
    """Returns a row of the table; the gain is positive where the plain network is worse."""
    from scipy import stats

    gains = base - losses
    half = stats.t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains))
    low, high = gains.mean() - half, gains.mean() + half
    gain = " | " if name == PLAIN else f"{gains.mean():+.4f} | {low:+.4f} to {high:+.4f}"
    return f"| {name} | {losses.mean():.4f} | {gain} | {errors.mean():.2%} | {np.median(seconds):.1f} |"


if __name__ == "__main__":
    main()

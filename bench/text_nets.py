"""Drafted n-grams, networks of texts from scratch, and blends of them: bench/text_nets.py DATA.zip."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from encoders import blended, loss, predictions, read

from pipeline.draft.models import OTHER_NGRAMS

NGRAMS = {"n-grams": {}, **{name: section for name, (section, _) in OTHER_NGRAMS.items()}}
NETS = {
    "means": {},
    "means, tokens left out": {"layers": {"word": "E64 DT0.2 GA", "subword": "E64 DT0.2 GA"}},
    "convolutions": {"layers": {"word": "E64 DT0.1 C64k3 GM"}, "learning_rate": 0.002, "batch_size": 32},
    "GRU": {"layers": {"word": "E64 DT0.1 G32 GM"}, "learning_rate": 0.002, "batch_size": 32, "epochs": 6},
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("data", type=Path, help="zip with a train.csv: a text and one of several classes")
    options.add_argument("--text", default="text")
    options.add_argument("--target", default="author")
    options.add_argument("--rows", type=int, default=3000, help="to learn from")
    options.add_argument("--scored", type=int, default=1500)
    said = options.parse_args()
    data, task = read(said.data, said.text, said.target, said.rows + said.scored)
    truth = data.rows(np.arange(said.rows, len(data))).target
    drafted = [predictions({"kind": "ngrams", **keys}, data, task, said.rows) for keys in NGRAMS.values()]
    alone = ", ".join(f"{loss(one, truth).mean():.4f}" for one in drafted)
    print(f"{', '.join(NGRAMS)}: {alone}; all of them {weighed(drafted, truth):.4f}", flush=True)
    for name, keys in NETS.items():
        began, used = time.perf_counter(), time.process_time()
        net = predictions({"kind": "text_net", **keys}, data, task, said.rows)
        seconds, of_cpu = time.perf_counter() - began, time.process_time() - used
        both, all_of = blended(drafted[0], net, truth), weighed([*drafted, net], truth)
        print(
            f"{name}: {loss(net, truth).mean():.4f}, with n-grams {both:.4f}, with all of them {all_of:.4f}, "
            f"{seconds:.0f} s ({of_cpu:.0f} s of the processors)",
            flush=True,
        )


def weighed(members: list[np.ndarray], truth: np.ndarray) -> float:
    """Returns the log loss of a mean of several, its weights learned on the other half of the rows."""
    from scipy.optimize import minimize

    def mean(raw: np.ndarray) -> np.ndarray:
        weights = np.exp(raw) / np.exp(raw).sum()
        return np.tensordot(weights, np.stack(members), axes=1)

    half, total = np.arange(len(truth)) % 2, 0.0
    for part in (0, 1):
        learn = half == part
        found = minimize(
            lambda raw, learn=learn: loss(mean(raw), truth)[learn].mean(),
            np.zeros(len(members)),
            method="Nelder-Mead",
            options={"maxiter": 1500},
        )
        total += loss(mean(found.x), truth)[~learn].sum()
    return total / len(truth)


if __name__ == "__main__":
    main()

"""Measures the exact ensemble weights against a direct search, and their cost on many rows.

    python bench/ensemble.py            # both parts; the direct search takes many minutes
    python bench/ensemble.py --part large
    python bench/ensemble.py --rows 10000

The direct search is what competitors usually write: Nelder and Mead's method of SciPy, with its
default tolerances, over `sklearn.metrics.log_loss` of the weighted mean.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from pipeline.ensemble.blend import blend
from pipeline.ensemble.simplex import log_loss_weights
from pipeline.ensemble.split import Split
from pipeline.ensemble.stack import Stack
from pipeline.metrics import find_metric
from pipeline.tasks.base import make_task
from pipeline.validation.predictions import Predictions


def make_classes(models: int, rows: int, classes: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Returns members' probabilities (rows, classes) that share some of their errors, and the truth."""
    random = np.random.default_rng(0)
    target = random.integers(classes, size=rows)
    shared = random.normal(size=(rows, classes)).astype(np.float32)
    members = []
    for _ in range(models):
        own = random.normal(size=(rows, classes)).astype(np.float32)
        logits = 0.7 * shared + random.uniform(0.7, 1.5) * own
        logits[np.arange(rows), target] += random.uniform(1.5, 3.0)
        power = np.exp(logits - logits.max(axis=1, keepdims=True))
        members.append(power / power.sum(axis=1, keepdims=True))
    return members, target


def nelder_mead(members: list[np.ndarray], target: np.ndarray) -> tuple[np.ndarray, int]:
    """Returns the weights that the usual direct search finds, and its number of evaluations."""
    from scipy.optimize import minimize
    from sklearn.metrics import log_loss

    labels = np.arange(members[0].shape[1])
    flat = np.stack(members).reshape(len(members), -1)

    def loss(numbers: np.ndarray) -> float:
        weights = np.abs(numbers) / np.abs(numbers).sum()
        blended = (weights.astype(np.float32) @ flat).reshape(members[0].shape)
        return log_loss(target, blended / blended.sum(axis=1, keepdims=True), labels=labels)

    start = np.full(len(members), 1.0 / len(members))
    # Only the cap on evaluations is lifted: the search ends by its own tolerance.
    found = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 10**6, "maxfev": 10**6})
    return np.abs(found.x) / np.abs(found.x).sum(), found.nfev


def compare(models: int, rows: int, classes: int) -> None:
    members, target = make_classes(models, rows, classes)
    stack, metric = Stack.of(members), find_metric("log_loss")
    log_loss_weights(stack.take(np.arange(100)).probability_of_truth(target[:100]))  # imports SciPy
    tracemalloc.start()
    exact_seconds, solution = timed(lambda: log_loss_weights(stack.probability_of_truth(target)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    matrix = rows * models * np.dtype(np.float32).itemsize
    search_seconds, (weights, evaluations) = timed(lambda: nelder_mead(members, target))
    losses = [metric(target, stack.combine(w)) for w in (solution.weights, weights)]
    print(f"{models} models x {rows} rows x {classes} classes")
    print(f"  exact        {exact_seconds:9.3f} s  loss {losses[0]:.9f}  gap {solution.gap:.1e}")
    print(f"  Nelder-Mead  {search_seconds:9.3f} s  loss {losses[1]:.9f}  {evaluations} evaluations")
    print(f"  ratio of times {search_seconds / exact_seconds:.0f}, loss gained {losses[1] - losses[0]:.2e}")
    print(f"  peak extra memory {peak / 1e6:.1f} MB, {peak / matrix:.2f} times the rows x models matrix")


def large(models: int, rows: int) -> None:
    """Weights, cross-fitted over five folds, for 0/1 labels."""
    random = np.random.default_rng(0)
    target = random.integers(2, size=(rows, 1))
    ids, task = np.arange(rows).astype(str), make_task("multilabel", ("label",))
    members = []
    for number in range(models):
        wrong = random.uniform(0.7, 2.0) * random.standard_normal((rows, 1), np.float32)
        oof = 1.0 / (1.0 + np.exp(-(2.0 * target - 1.0 + wrong)))
        oof = oof.astype(np.float32)
        members.append(Predictions(f"m{number}", task, oof, oof[:1], ids, ids[:1], "folds"))
    stack = Stack.of([member.oof for member in members])
    before = peak_memory()
    seconds, solution = timed(lambda: log_loss_weights(stack.probability_of_truth(target)))
    print(f"{models} models x {rows} rows")
    print(f"  exact weights             {seconds:7.1f} s  gap {solution.gap:.1e}")
    folds = np.arange(rows) % 5
    seconds, result = timed(lambda: blend(members, target, find_metric("log_loss"), Split(folds), "convex"))
    matrix = models * rows * 4 / 1e6
    print(f"  blend, cross-fitted 5 x   {seconds:7.1f} s  gap {result.gap:.1e}")
    print(f"  peak extra memory {peak_memory() - before:.0f} MB; the rows x models matrix is {matrix:.0f} MB")


def timed(function):
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def peak_memory() -> float:
    """Returns the largest memory that the process has had, in MB."""
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--part", choices=["compare", "large", "both"], default="both")
    parser.add_argument("--rows", type=int, default=None, help="rows of both parts (100000 and 1000000)")
    options = parser.parse_args()
    if options.part != "large":
        compare(16, options.rows or 100_000, 20)
    if options.part != "compare":
        large(100, options.rows or 1_000_000)


if __name__ == "__main__":
    main()

"""Which score of an ensemble can be believed? In-sample, cross-fitted and held-out, side by side.

    python bench/honesty.py NAME [NAME ...]        # competitions that have been trained: runs/NAME
    python bench/honesty.py otto --draws 1         # fewer held-out fifths, where a blend takes long
    python bench/honesty.py leaves --folds 5       # weights learned on four fifths, as in a run of five folds
    python bench/honesty.py --chain                # and of a chain of networks: see bench/noise_chain.py
    python bench/honesty.py --search               # and of a search: see bench/noise_search.py
    python bench/honesty.py --noise                # where the truth is known: no gain, rows in groups

A fifth of the rows is held out, method by method the weights are learned on the others, and scored
in three ways: on the rows that they were learned on, cross-fitted among these, and on the fifth. One
fifth says little, for its rows may be easy or hard; so every fifth takes its turn and the held-out
predictions of all are scored together, under several draws. The table holds means over the draws.
What is blended are the models' out-of-fold predictions: no model has seen a row that its prediction
is judged on.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import noise_chain, noise_search
from bench.noise import print_claims, print_coverage
from pipeline.ensemble.blend import blend
from pipeline.ensemble.split import Split
from pipeline.metrics import Metric, find_metric
from pipeline.validation.predictions import Predictions, load_predictions

FIFTHS = 5


def main() -> None:
    """Prints a table per competition."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument(
        "--draws", type=int, help="times that every fifth is held out (2), draws of noise (4 or 8)"
    )
    parser.add_argument("--noise", type=int, nargs="?", const=150, metavar="DRAWS",
                        help="experiments with a known truth (default: 150 draws)")  # fmt: skip
    parser.add_argument("--folds", type=int, default=10, help="of the cross-fitting")
    parser.add_argument("--chain", action="store_true", help="what boxes and points leak of noise labels")
    parser.add_argument("--search", action="store_true", help="what a search says of noise")
    options = parser.parse_args()
    if options.noise:
        print_claims(options.noise)
        print_coverage(options.noise)
    for name in options.names:
        compare(name, options.draws or 2, options.folds)
    if options.chain:
        noise_chain.compare(options.draws or 4)
    if options.search:
        noise_search.compare(options.draws or 8)


def compare(name: str, draws: int, inner_folds: int) -> None:
    """Prints the mean scores of every method on one competition."""
    root = Path("runs") / name
    manifest = json.loads((root / "submission.json").read_text(encoding="utf-8"))
    members = find_members(root, manifest)
    newest = max(root.glob("products/competition-*"), key=lambda path: path.stat().st_mtime)
    target, metric = np.load(newest / "target.npy"), find_metric(manifest["metric"])
    scored = np.logical_and.reduce([member.scored for member in members])
    rows, found = np.flatnonzero(scored), {}
    for draw in range(draws):
        part = np.random.default_rng(draw).permutation(len(rows)) % FIFTHS
        for method, scores in score_draw(members, target, metric, rows, part, inner_folds).items():
            found.setdefault(method, []).append(scores)
    print(f"\n{name}: {metric.name}, {len(rows)} rows, {len(members)} models,", end=" ")
    print(f"{draws * FIFTHS} held-out fifths, cross-fitted on {inner_folds} folds")
    print(f"{'method':<16}{'in-sample':>12}{'cross-fitted':>14}{'held-out':>12}  nearer to held-out")
    for method, scores in found.items():
        if len(scores) == draws:
            inside, crossed, outside = np.mean(scores, axis=0)
            nearer = "cross-fitted" if abs(crossed - outside) <= abs(inside - outside) else "in-sample"
            print(f"{method:<16}{inside:>12.5f}{crossed:>14.5f}{outside:>12.5f}  {nearer}", flush=True)


def score_draw(
    members: list[Predictions],
    target: np.ndarray,
    metric: Metric,
    rows: np.ndarray,
    part: np.ndarray,
    inner_folds: int,
) -> dict[str, tuple[float, float, float]]:
    """Returns by method: in-sample and cross-fitted score, means over the fifths, and held-out score.

    The held-out predictions of all fifths are scored together: the mean of five roots of a squared
    error would lie below the root over all rows.
    """
    inside: dict[str, list[tuple[float, float]]] = {}
    outside: dict[str, list[np.ndarray]] = {}
    held = [rows[part == fifth] for fifth in range(FIFTHS)]
    for fifth in range(FIFTHS):
        kept = rows[part != fifth]
        for method, (*scores, predicted) in score(
            members, target, metric, (kept, held[fifth]), fifth, inner_folds
        ).items():
            inside.setdefault(method, []).append(tuple(scores))
            outside.setdefault(method, []).append(predicted)
    order = np.concatenate(held)
    return {
        method: (*np.mean(inside[method], axis=0), metric(target[order], np.concatenate(predicted)))
        for method, predicted in outside.items()
        if len(predicted) == FIFTHS
    }


def find_members(root: Path, manifest: dict) -> list[Predictions]:
    """Returns the newest predictions of the models of a run's submission."""
    found: dict[str, Predictions] = {}
    for path in sorted(root.glob("products/*-predictions-*"), key=lambda path: path.stat().st_mtime):
        predictions = load_predictions(path)
        if predictions.name in manifest["models"] and predictions.folds_hash == manifest["folds"]:
            found[predictions.name] = predictions
    return list(found.values())


def score(
    members: list[Predictions],
    target: np.ndarray,
    metric: Metric,
    sides: tuple[np.ndarray, np.ndarray],
    seed: int,
    inner_folds: int,
) -> dict[str, tuple[float, float, np.ndarray]]:
    """Returns by method: in-sample score, cross-fitted score, and the predictions of the held-out rows."""
    kept, held = sides
    parts = [
        replace(m, oof=m.oof[kept], ids=m.ids[kept], test=m.oof[held], test_ids=m.ids[held]) for m in members
    ]
    folds = np.random.default_rng(100 + seed).permutation(len(kept)) % inner_folds
    blended = blend(parts, target[kept], metric, Split(folds), "auto", seed)
    inside = {row.name: row.in_sample for row in blended.table}
    scores = {
        method: (inside[method], metric(target[kept], oof), test)
        for method, (oof, test) in blended.alternatives.items()
    }
    return scores | {"auto": (blended.in_sample_score, blended.cross_fitted_score, blended.test)}


if __name__ == "__main__":
    main()

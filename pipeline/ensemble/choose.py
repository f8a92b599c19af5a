"""Second submission beside the first, where a competition counts the better of two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.ensemble.resampling import bootstrap_scores
from pipeline.ensemble.split import Split
from pipeline.ensemble.threads import single_threaded
from pipeline.metrics import Metric

REPLICATES = 400


@dataclass(frozen=True)
class Complement:
    """Complement: the second file, beside one that is submitted anyway.

    A replicate draws folds with replacement, then rows (or whole groups) within each: another test
    set that the two could have met.

    Attributes:
        name: of the second file.
        wins: share of the replicates in which it is better than the first; equal is not better.
        gain: mean gain of handing in both over the first alone, in the metric's units.
    """

    name: str
    wins: float
    gain: float


@single_threaded
def complement(
    first: np.ndarray,
    others: Mapping[str, np.ndarray],
    target: np.ndarray,
    metric: Metric,
    split: Split,
    seed: int = 0,
) -> Complement | None:
    """Returns the other that gains most where the better of two counts, None without others.

    Args:
        first: what is submitted anyway: cross-fitted answers (rows, outputs), or labels.
        others: by name, answers of the same rows.
        target: of the same rows.
        split: of the same rows.
    """
    if not others:
        return None
    names = list(others)
    draws = bootstrap_scores(
        metric, target, [first, *others.values()], split, by_fold=True, replicates=REPLICATES, seed=seed
    )
    draws = draws[~np.isnan(draws).any(axis=1)] * (-1.0 if metric.greater_is_better else 1.0)
    if not len(draws):
        return Complement(names[0], float("nan"), float("nan"))
    better = draws[:, [0]] - draws[:, 1:]
    gains = np.maximum(better, 0.0).mean(axis=0)
    best = int(np.lexsort((better.mean(axis=0), gains))[-1])  # of equal gains, the better alone
    return Complement(names[best], float(np.mean(better[:, best] > 0)), float(gains[best]))

"""A score that no subgroup of the rows may drag down: of each one alone, and of it against all others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

POWER = -5.0  # of the mean over subgroups: the worst ones count most
SMALLEST = 1e-9


def over_subgroups(
    score: Callable[[np.ndarray, np.ndarray], float],
    target: np.ndarray,
    prediction: np.ndarray,
    subgroups: np.ndarray,
) -> float:
    """Returns the mean of a score of two classes and three power means over subgroups.

    Borkan et al., "Nuanced Metrics for Measuring Unintended Bias", WWW 2019, put together as Jigsaw's
    contest of 2019 did: the whole; the rows of a subgroup; its negatives with all other positives; its
    positives with all other negatives. A subgroup without a score in one of them is left out there.

    Args:
        score: of a target and predictions, NaN where it has none.
        target: int (rows,) of 0 and 1.
        subgroups: bool (rows, subgroups).
    """
    positive = target == 1
    found: list[list[float]] = [[], [], []]
    for inside in subgroups.T:
        crossed = inside != positive  # negatives of the subgroup, positives of all others
        for scores, rows in zip(found, (inside, crossed, ~crossed), strict=True):
            scores.append(score(target[rows], prediction[rows]) if rows.any() else float("nan"))
    means = [_power_mean(np.array(scores)) for scores in found]
    return float(np.mean([score(target, prediction), *means]))


def _power_mean(scores: np.ndarray) -> float:
    known = np.maximum(scores[~np.isnan(scores)], SMALLEST)
    return float(np.mean(known**POWER) ** (1.0 / POWER)) if len(known) else float("nan")

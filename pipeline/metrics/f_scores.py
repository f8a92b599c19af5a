"""F scores: precision and recall in one number.

F-beta is (1 + b^2) * right / (b^2 * true + found), where `right` counts labels that are true and found:
recall counts b times as much as precision (van Rijsbergen, "Information Retrieval", 1979).
"""

from __future__ import annotations

import numpy as np

from pipeline.metrics.base import RowMeans, Score
from pipeline.metrics.classification import confusion
from pipeline.metrics.register import family, metric


def of_second(beta: float) -> Score:
    """F-beta of the second of two classes (`data.positive`); 0 where neither side has it."""

    def score(target: np.ndarray, label: np.ndarray) -> float:
        truth, found = target == 1, label == 1
        return float(_ratio(np.sum(truth & found), truth.sum(), found.sum(), beta))

    return score


def micro(beta: float) -> Score:
    """F-beta over all decisions counted together."""

    def score(target: np.ndarray, label: np.ndarray) -> float:
        right, true, found = (counts.sum() for counts in _counts(target, label))
        return float(_ratio(right, true, found, beta))

    return score


def macro(beta: float) -> Score:
    """F-beta of each class or label, averaged; classes that neither side has are left out."""

    def score(target: np.ndarray, label: np.ndarray) -> float:
        right, true, found = _counts(target, label)
        scores = _ratio(right, true, found, beta)
        return float(np.mean(scores[true + found > 0] if target.ndim == 1 else scores))

    return score


def samples(beta: float) -> Score:
    """F-beta of the labels of each row, averaged; a row that has none and is given none counts as right."""

    def terms(target: np.ndarray, label: np.ndarray) -> np.ndarray:
        truth, found = target > 0.5, label > 0.5
        right, true, given = (marks.sum(axis=1) for marks in (truth & found, truth, found))
        return np.where(true + given > 0, _ratio(right, true, given, beta), 1.0)[:, None]

    return RowMeans(terms)


metric("f1", True, "label", "c", binary=True)(of_second(1.0))
metric("f1_micro", True, "label", "cm")(micro(1.0))
metric("f1_macro", True, "label", "cm")(macro(1.0))
metric("f1_samples", True, "label", "m")(samples(1.0))
family("fbeta@B", True, "label", "c", binary=True)(of_second)
family("fbeta_micro@B", True, "label", "cm")(micro)
family("fbeta_macro@B", True, "label", "cm")(macro)
family("fbeta_samples@B", True, "label", "m")(samples)


@metric("f1_probabilistic", True, "probability", "c", binary=True)
def f1_probabilistic(target: np.ndarray, probability: np.ndarray) -> float:
    """F1 of the second of two classes, of probabilities instead of counts (Yacouby and Axman, 2020).

    A row adds its probability to what is found and, where it is of the class, to what is right.
    """
    found, truth = np.asarray(probability[:, 1], np.float64), target == 1
    return float(_ratio(found[truth].sum(), truth.sum(), found.sum(), 1.0))


def _ratio(right: np.ndarray, true: np.ndarray, found: np.ndarray, beta: float) -> np.ndarray:
    """Returns F-beta of counts, 0 where nothing is true and nothing found."""
    counted = beta**2 * true + found
    return np.asarray((1.0 + beta**2) * right / np.where(counted > 0, counted, 1.0))


def _counts(target: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns per class or label how many are right, are true, and are found."""
    if target.ndim == 2:
        truth, found = target > 0.5, label > 0.5
        return (truth & found).sum(axis=0), truth.sum(axis=0), found.sum(axis=0)
    table = confusion(target, label)
    return np.diag(table), table.sum(axis=1), table.sum(axis=0)

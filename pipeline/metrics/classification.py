"""Metrics of labels, and of probabilities as such: how many are right, and how sure of it."""

from __future__ import annotations

import numpy as np

from pipeline.metrics.base import SMALLEST_PROBABILITY
from pipeline.metrics.register import metric, metric_of_rows


@metric_of_rows("accuracy", True, "label", "cm")
def accuracy(target: np.ndarray, label: np.ndarray) -> np.ndarray:
    """The share of rows whose label is right (multilabel: of all single labels)."""
    return (target == label).reshape(len(target), -1).mean(axis=1, keepdims=True)


@metric_of_rows("error", False, "label", "cm")
def error(target: np.ndarray, label: np.ndarray) -> np.ndarray:
    """The share of rows whose label is wrong: 1 - accuracy."""
    return (target != label).reshape(len(target), -1).mean(axis=1, keepdims=True)


@metric("balanced_accuracy", True, "label", "c")
def balanced_accuracy(target: np.ndarray, label: np.ndarray) -> float:
    """The share of each class's rows whose label is right, mean over the classes that have a row."""
    counts = np.bincount(target)
    right = np.bincount(target[target == label], minlength=len(counts))
    return float(np.mean(right[counts > 0] / counts[counts > 0]))


@metric_of_rows("log_loss", False, "probability", "cm")
def log_loss(target: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Mean of -log p(true class), rows brought to a sum of one, p clipped at 1e-15."""
    return _surprise(target, probability).mean(axis=1, keepdims=True)


@metric("log_loss_balanced", False, "probability", "cm")
def log_loss_balanced(target: np.ndarray, probability: np.ndarray) -> float:
    """Log loss in which every class counts the same: the mean over classes of that of their rows.

    Several labels: of each label the mean of both its sides. A side that has no row is left out.
    """
    surprise = _surprise(target, probability)
    if target.ndim == 1:
        counts = np.bincount(target)
        sums = np.bincount(target, surprise[:, 0])
        return float(np.mean(sums[counts > 0] / counts[counts > 0]))
    found = []
    for truth, column in zip(target.T > 0.5, surprise.T, strict=True):
        found.append(np.mean([column[side].mean() for side in (truth, ~truth) if side.any()]))
    return float(np.mean(found))


def _surprise(target: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Returns -log p(truth): float64 (rows, 1) of classes, (rows, labels) of labels."""
    probability = np.asarray(probability, np.float64)
    if target.ndim == 1:
        chosen = (probability[np.arange(len(target)), target] / probability.sum(axis=1))[:, None]
    else:
        chosen = np.where(target > 0.5, probability, 1.0 - probability)
    return np.asarray(-np.log(np.clip(chosen, SMALLEST_PROBABILITY, 1.0)))


@metric_of_rows("brier", False, "probability", "cm")
def brier(target: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Mean squared error of probabilities (Brier, 1950).

    Several classes: summed over them, from 0 to 2. Two classes: of the second one; labels: mean over
    them, both from 0 to 1.
    """
    if target.ndim == 2:
        return np.asarray(((target - probability) ** 2).mean(axis=1, keepdims=True))
    truth = target[:, None] == np.arange(probability.shape[1])
    squares = ((truth - probability) ** 2).sum(axis=1, keepdims=True)
    return np.asarray(squares / 2.0 if probability.shape[1] == 2 else squares)


def confusion(target: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Returns float64 (classes, classes): how often each class was given each label."""
    classes = int(max(target.max(), label.max())) + 1
    pairs = np.bincount(target.astype(np.int64) * classes + label.astype(np.int64), minlength=classes**2)
    return pairs.reshape(classes, classes).astype(np.float64)


@metric("mcc", True, "label", "c")
def mcc(target: np.ndarray, label: np.ndarray) -> float:
    """Matthews correlation coefficient (the multiclass form of Gorodkin, 2004); 0 for one label."""
    table = confusion(target, label)
    true, given, rows = table.sum(axis=1), table.sum(axis=0), table.sum()
    both = np.trace(table) * rows - true @ given
    alone = (rows**2 - true @ true) * (rows**2 - given @ given)
    return float(both / np.sqrt(alone)) if alone > 0 else 0.0


@metric("cohen_kappa", True, "label", "c")
def cohen_kappa(target: np.ndarray, label: np.ndarray) -> float:
    """Agreement beyond chance (Cohen, 1960); 1 where target and labels are one and the same class."""
    table = confusion(target, label) / len(target)
    by_chance = float(table.sum(axis=1) @ table.sum(axis=0))
    return float((np.trace(table) - by_chance) / (1.0 - by_chance)) if by_chance < 1.0 else 1.0


@metric("qwk", True, "label", "c", ordinal=True)
def qwk(target: np.ndarray, label: np.ndarray) -> float:
    """Cohen's kappa with quadratic weights, of values: the classes' own where they are numbers.

    One less the mean squared difference over what it would be by chance, were the labels dealt out
    to other rows. 1 where target and labels are one and the same value.
    """
    # By chance: both variances and the squared difference of the means, which is what both spread about
    # the target's mean. Sums of products, for a search of cut points asks thousands of times.
    truth, said = target - target.mean(), label - target.mean()
    by_chance, off = truth @ truth + said @ said, truth - said
    return float(1.0 - off @ off / by_chance) if by_chance > 0 else 1.0

"""From probabilities to labels: decision rules fitted to a metric."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pipeline.ensemble.postprocessing import Postprocessor
from pipeline.ensemble.weights import sample
from pipeline.metrics import Metric

Kind = Literal["class_weights", "thresholds", "cut_points"]
CANDIDATES = 25  # places that are tried for one number, a sweep
SWEEPS = 3
PRIOR_ROWS = 50.0  # that ask for a weight of one: best or near it on new rows, from 300 rows to 1,500
VALUES = 200_000  # rows * outputs that the search looks at, at most
SMALLEST = 1e-12


@dataclass(frozen=True)
class Decision(Postprocessor):
    """Decision rule: labels made of probabilities by weights, thresholds or cut points.

    Attributes:
        kind: "class_weights": the class of largest probability * weight; "thresholds": labels
            above their own; "cut_points": the expected class number, cut (for ordered classes).
        rule: (classes,) weights, (labels,) thresholds or (classes - 1,) cut points.
    """

    kind: Kind
    rule: np.ndarray

    def labels(self, prediction: np.ndarray) -> np.ndarray:
        return apply_rule(self.kind, self.rule, prediction)

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "rule": self.rule.tolist()}

    def describe(self) -> str:
        return self.kind.replace("_", " ")


def fit_decision(prediction: np.ndarray, target: np.ndarray, metric: Metric, seed: int = 0) -> Decision:
    """Returns the decision of best score on these rows; class weights are drawn toward one.

    Args:
        prediction: probabilities (rows, outputs).
        target: int (rows,) classes or 0/1 (rows, labels).
    """
    kind = rule_kind(metric, target)
    rule = fit_rule(kind, prediction.astype(np.float64), target, metric, seed)
    return Decision(kind, shrunk(rule, target) if kind == "class_weights" else rule)


def shrunk(weights: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Returns class weights drawn toward one, as if PRIOR_ROWS more rows of each class asked for one.

    A weight moves the border between its class and all others: the rows that speak for it are those
    of the smaller side. Means are geometric, for it is ratios that count.
    """
    counts = np.bincount(target, minlength=len(weights))
    counts = np.minimum(counts, len(target) - counts)
    return weights ** (counts / (counts + PRIOR_ROWS))


def rule_kind(metric: Metric, target: np.ndarray) -> Kind:
    """Returns the form of rule that suits the metric."""
    if target.ndim == 2:
        return "thresholds"
    return "cut_points" if metric.ordinal else "class_weights"


def apply_rule(kind: Kind, values: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Returns the labels that a rule makes of (rows, outputs)."""
    if kind == "thresholds":
        return (prediction > values).astype(np.int64)
    if kind == "cut_points":
        return np.searchsorted(values, _expected_class(prediction)).astype(np.int64)
    return (prediction * values).argmax(axis=1)


def fit_rule(kind: Kind, prediction: np.ndarray, target: np.ndarray, metric: Metric, seed: int) -> np.ndarray:
    """Returns the rule's numbers, found by search along one coordinate after the other."""
    rows = sample(len(target), max(VALUES // prediction.shape[1], 2000), seed)
    prediction, target = prediction[rows], target[rows]

    def loss(labels: np.ndarray) -> float:
        return metric.loss(target, labels)

    # The loss is a step function: no gradient, so that places between neighbouring values are tried.
    starts, line = _SEARCHES[kind](prediction, target)

    def tried(values: np.ndarray, k: int) -> Tried:
        places, labels_at = line(values, k)
        return places, np.array([loss(labels_at(place)) for place in places])

    if kind == "class_weights" and metric.row_means and not metric.sees:
        tried = functools.partial(_counted, prediction, target, metric)
    found = [_search(loss(apply_rule(kind, start, prediction)), start, tried) for start in starts]
    return min(found, key=lambda pair: pair[0])[1]


Line = tuple[np.ndarray, Callable[[float], np.ndarray]]  # places to try for one number; labels at each
Tried = tuple[np.ndarray, np.ndarray]  # places to try for one number; the loss at each


def _search(
    least: float, start: np.ndarray, tried: Callable[[np.ndarray, int], Tried]
) -> tuple[float, np.ndarray]:
    """Returns the least loss, and the values that no move of one betters; equal losses keep what was."""
    values = start.copy()
    for _ in range(SWEEPS):
        before = least
        for k in range(len(values)):
            places, losses = tried(values, k)
            if len(places) and losses.min() < least:
                values[k], least = places[losses.argmin()], losses.min()
        if least == before:
            break
    return least, values


def _rivals(prediction: np.ndarray, values: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns by row the weight above which class k wins, and the class that does below; weights to try."""
    scores = prediction * values
    scores[:, k] = -np.inf
    rival = scores.argmax(axis=1)
    # prediction_k * weight > rival's score, solved for the weight.
    needed = scores.max(axis=1) / np.maximum(prediction[:, k], SMALLEST)
    places = _between(needed[(needed > 0.02) & (needed < 50.0)])
    if len(values) == 2 and k == 0:
        places = np.empty(0)  # only the ratio counts
    return needed, rival, places


def _counted(prediction: np.ndarray, target: np.ndarray, metric: Metric, values: np.ndarray, k: int) -> Tried:
    """Returns weights to try for class k and the loss at each, of a metric that is made of means over rows.

    Every row changes hands once, at the weight above which class k wins it: sums over the rows before
    serve all weights.
    """
    needed, rival, places = _rivals(prediction, values, k)
    means: Any = metric.row_means
    lost, won = means.terms(target, rival), means.terms(target, np.full_like(rival, k))
    order = np.argsort(needed)
    gained = np.cumsum((won - lost)[order], axis=0, dtype=np.float64)
    gained = np.concatenate([np.zeros_like(gained[:1]), gained])
    below = np.searchsorted(needed[order], places)  # rows that class k has won at each
    scores = means.of_means((lost.sum(axis=0) + gained[below]) / len(target))
    return places, -scores if metric.greater_is_better else scores


def _class_weight_search(prediction: np.ndarray, target: np.ndarray) -> tuple:
    """A class wins a row where its weight passes the best other's score over its probability."""

    def line(values: np.ndarray, k: int) -> Line:
        needed, rival, places = _rivals(prediction, values, k)
        return places, lambda weight: np.where(needed < weight, k, rival)

    return [np.ones(prediction.shape[1])], line


def _threshold_search(prediction: np.ndarray, target: np.ndarray) -> tuple:
    def line(values: np.ndarray, k: int) -> Line:
        labels = apply_rule("thresholds", values, prediction)

        def labels_at(threshold: float) -> np.ndarray:
            labels[:, k] = prediction[:, k] > threshold
            return labels

        return _between(prediction[:, k]), labels_at

    return [np.full(prediction.shape[1], 0.5)], line


def _cut_point_search(prediction: np.ndarray, target: np.ndarray) -> tuple:
    expected = _expected_class(prediction)
    classes = prediction.shape[1]
    # Two starts: halfway between the numbers, and cuts that give the classes their shares in the target.
    shares = np.cumsum(np.bincount(target, minlength=classes))[:-1] / len(target)
    starts = [np.arange(classes - 1) + 0.5, np.quantile(expected, shares)]

    def line(values: np.ndarray, k: int) -> Line:
        # A cut stays between its neighbours, so that the cuts remain in order.
        low = values[k - 1] if k else -np.inf
        high = values[k + 1] if k + 1 < len(values) else np.inf
        # A row's label is how many cuts lie below it: all others are counted once.
        below = np.searchsorted(np.delete(values, k), expected)

        def labels_at(cut: float) -> np.ndarray:
            return below + (expected > cut)

        return _between(expected[(expected >= low) & (expected <= high)]), labels_at

    return starts, line


_SEARCHES: dict[str, Callable] = {
    "class_weights": _class_weight_search,
    "thresholds": _threshold_search,
    "cut_points": _cut_point_search,
}


def _between(values: np.ndarray) -> np.ndarray:
    """Returns places between neighbouring distinct values, evenly spread over their ranks."""
    values = np.unique(values)
    if len(values) < 2:
        return np.empty(0)
    at = np.unique(np.linspace(0, len(values) - 2, CANDIDATES).astype(np.int64))
    return (values[at] + values[at + 1]) / 2.0


def _expected_class(prediction: np.ndarray) -> np.ndarray:
    return prediction @ np.arange(prediction.shape[1]) / prediction.sum(axis=1)

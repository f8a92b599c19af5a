"""From probabilities to labels: decision rules fitted to a metric out-of-fold, with a guard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.ensemble.resampling import bootstrap_scores
from pipeline.ensemble.threads import single_threaded
from pipeline.ensemble.weights import inner_folds, sample
from pipeline.errors import ConfigError
from pipeline.metrics import Metric, find_metric, labels

Kind = Literal["class_weights", "thresholds", "cut_points"]
CANDIDATES = 25  # places that are tried for one number, a sweep
SWEEPS = 3
VALUES = 200_000  # rows * outputs that the search looks at, at most
SMALLEST = 1e-12


@dataclass(frozen=True)
class Decision:
    """How labels are made of probabilities.

    Attributes:
        kind: "class_weights": the class of largest probability * weight; "thresholds": labels
            above their own; "cut_points": the expected class number, cut (for ordered classes).
        values: (classes,) weights, (labels,) thresholds or (classes - 1,) cut points.
        plain_score: of the most probable class, or thresholds of one half.
        cross_fitted_score: of numbers that were fitted without the fold they are scored on.
        used: whether the cross-fitted score is better by more than the standard error of the
            difference. Where it is not, `labels` decides plainly.
    """

    kind: Kind
    values: np.ndarray
    plain_score: float
    cross_fitted_score: float
    used: bool

    def labels(self, prediction: np.ndarray) -> np.ndarray:
        """Returns int64 class numbers (rows,), or 0/1 (rows, labels), for (rows, outputs)."""
        if self.used:
            return apply_rule(self.kind, self.values, prediction)
        return _plain(self.kind, prediction)


@single_threaded
def decide(
    prediction: np.ndarray, target: np.ndarray, metric: Metric, folds: np.ndarray, seed: int = 0
) -> Decision:
    """Fits a decision rule to a metric of labels.

    Args:
        prediction: out-of-fold or cross-fitted probabilities (rows, outputs); rows with NaN or
            in no fold (-1) are ignored.
        target: int (rows,) classes or 0/1 (rows, labels).

    Raises:
        ConfigError: the metric does not want labels.
    """
    if metric.wants != "label":
        raise ConfigError(f"metric: {metric.name!r} wants no labels, so there is no decision to fit.")
    rows = (folds >= 0) & ~np.isnan(prediction).any(axis=1)
    prediction, target = prediction[rows].astype(np.float64), target[rows]
    numbers = inner_folds(folds[rows], len(target), seed)
    kind = rule_kind(metric, target)
    plain = _plain(kind, prediction)
    crossed = plain.copy()
    for fold in np.unique(numbers):
        out = numbers == fold
        if not out.all():
            values = fit_rule(kind, prediction[~out], target[~out], metric, seed)
            crossed[out] = apply_rule(kind, values, prediction[out])
    draws = bootstrap_scores(metric, target, [crossed, plain], seed=seed)
    gain = metric.loss(target, plain) - metric.loss(target, crossed)
    return Decision(
        kind=kind,
        values=fit_rule(kind, prediction, target, metric, seed),
        plain_score=metric(target, plain),
        cross_fitted_score=metric(target, crossed),
        used=bool(gain > np.nanstd(draws[:, 0] - draws[:, 1])),
    )


def rule_kind(metric: Metric, target: np.ndarray) -> Kind:
    """Returns the form of rule that suits the metric."""
    if target.ndim == 2:
        return "thresholds"
    return "cut_points" if metric == find_metric("qwk") else "class_weights"


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

    def loss(values: np.ndarray) -> float:
        return metric.loss(target, apply_rule(kind, values, prediction))

    starts, places = _SEARCHES[kind](prediction, target)
    found = [_search(loss, start, places) for start in starts]
    return min(found, key=loss)


def _search(
    loss: Callable[[np.ndarray], float], start: np.ndarray, places: Callable[[np.ndarray, int], np.ndarray]
) -> np.ndarray:
    """Returns the values that no move of one of them betters; equal losses keep what was."""
    values, least = start.copy(), loss(start)
    for _ in range(SWEEPS):
        before = least
        for k in range(len(values)):
            for place in places(values, k):
                tried = values.copy()
                tried[k] = place
                if (tried_loss := loss(tried)) < least:
                    values, least = tried, tried_loss
        if least == before:
            break
    return values


def _class_weight_search(prediction: np.ndarray, target: np.ndarray) -> tuple:
    """A class wins a row where its weight passes the best other's score over its probability."""

    def places(values: np.ndarray, k: int) -> np.ndarray:
        if len(values) == 2 and k == 0:
            return np.empty(0)  # only the ratio counts
        scores = prediction * values
        scores[:, k] = -np.inf
        needed = scores.max(axis=1) / np.maximum(prediction[:, k], SMALLEST)
        return _between(needed[(needed > 0.02) & (needed < 50.0)])

    return [np.ones(prediction.shape[1])], places


def _threshold_search(prediction: np.ndarray, target: np.ndarray) -> tuple:
    def places(values: np.ndarray, k: int) -> np.ndarray:
        return _between(prediction[:, k])

    return [np.full(prediction.shape[1], 0.5)], places


def _cut_point_search(prediction: np.ndarray, target: np.ndarray) -> tuple:
    expected = _expected_class(prediction)
    classes = prediction.shape[1]
    shares = np.cumsum(np.bincount(target, minlength=classes))[:-1] / len(target)
    starts = [np.arange(classes - 1) + 0.5, np.quantile(expected, shares)]

    def places(values: np.ndarray, k: int) -> np.ndarray:
        low = values[k - 1] if k else -np.inf
        high = values[k + 1] if k + 1 < len(values) else np.inf
        return _between(expected[(expected >= low) & (expected <= high)])

    return starts, places


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


def _plain(kind: Kind, prediction: np.ndarray) -> np.ndarray:
    shape = (len(prediction), 1) if kind == "thresholds" else (len(prediction),)
    return labels(np.empty(shape), prediction)

"""The last touch for log loss: power, floor and class priors, fitted out-of-fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.ensemble.resampling import bootstrap_scores
from pipeline.ensemble.threads import single_threaded
from pipeline.ensemble.weights import inner_folds, sample
from pipeline.metrics import SMALLEST_PROBABILITY, find_metric

FLOORS = (1e-9, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
ROWS = 50_000  # enough for three numbers


@dataclass(frozen=True)
class Touch:
    """Probabilities p become (p + floor)^power * ratio^strength, brought to a sum of one.

    Labels (multilabel) are treated as two classes each.

    Attributes:
        power: above one sharpens, below one softens (the inverse of a temperature).
        floor: keeps one confident error from costing everything.
        strength: how much of the class-prior correction is applied, 0 to 2.
        log_ratio: (outputs,) log of the share of a class in the target over its mean probability;
            for labels, of its odds. 0 for classes without a scored row.
    """

    power: float
    floor: float
    strength: float
    log_ratio: np.ndarray
    classes: bool

    def __call__(self, prediction: np.ndarray) -> np.ndarray:
        """Returns the finished probabilities, float32 (rows, outputs)."""
        from scipy.special import expit, softmax

        logits = self.power * _logits(prediction, self.floor, self.classes) + self.strength * self.log_ratio
        return (softmax(logits, axis=1) if self.classes else expit(logits)).astype(np.float32)


@dataclass(frozen=True)
class Finish:
    """A touch and what it is worth.

    Attributes:
        touch: fitted on all scored rows.
        oof: cross-fitted finished probabilities where `used`, else the given ones.
        plain_score: log loss of the given probabilities.
        cross_fitted_score: log loss of those finished by numbers fitted without the scored fold.
        gain: the difference; positive is better.
        gain_error: its standard error, paired by rows.
        used: whether the gain is above its standard error. Where it is not, `apply` does nothing.
    """

    touch: Touch
    oof: np.ndarray
    plain_score: float
    cross_fitted_score: float
    gain: float
    gain_error: float
    used: bool

    def apply(self, prediction: np.ndarray) -> np.ndarray:
        """Returns finished probabilities (rows, outputs), or the same where it does not help."""
        return self.touch(prediction) if self.used else prediction


@single_threaded
def finish(prediction: np.ndarray, target: np.ndarray, folds: np.ndarray, seed: int = 0) -> Finish:
    """Fits the last touch for log loss.

    Args:
        prediction: out-of-fold or cross-fitted probabilities (rows, outputs); rows with NaN or
            in no fold (-1) are ignored.
        target: int (rows,) classes or 0/1 (rows, labels).
    """
    rows = (folds >= 0) & ~np.isnan(prediction).any(axis=1)
    given, truth = prediction[rows], target[rows]
    numbers = inner_folds(folds[rows], len(truth), seed)
    finished = given.astype(np.float32)
    for fold in np.unique(numbers):
        out = numbers == fold
        if not out.all():
            finished[out] = fit_touch(given[~out], truth[~out], seed)(given[out])
    metric = find_metric("log_loss")
    draws = bootstrap_scores(metric, truth, [given, finished], seed=seed)
    plain, crossed = metric(truth, given), metric(truth, finished)
    error = float(np.std(draws[:, 0] - draws[:, 1]))
    used = plain - crossed > error
    oof = prediction.astype(np.float32)
    if used:
        oof[rows] = finished
    touch = fit_touch(given, truth, seed)
    return Finish(touch, oof, plain, crossed, plain - crossed, error, used)


def fit_touch(prediction: np.ndarray, target: np.ndarray, seed: int = 0) -> Touch:
    """Returns the touch of least log loss on these rows.

    For a given floor the loss is convex in power and strength; the floor is tried on a grid.
    """
    rows = sample(len(target), ROWS, seed)
    classes = target.ndim == 1
    ratio = _log_ratio(prediction, target)
    fits = [_fit_power(prediction[rows], target[rows], floor, ratio) for floor in FLOORS]
    _, floor, power, strength = min(fits)
    return Touch(power, floor, strength, ratio, classes)


def _fit_power(
    prediction: np.ndarray, target: np.ndarray, floor: float, ratio: np.ndarray
) -> tuple[float, float, float, float]:
    """Returns (loss, floor, power, strength)."""
    from scipy.optimize import minimize
    from scipy.special import expit, log_expit, log_softmax

    classes = target.ndim == 1
    logits = _logits(prediction, floor, classes)
    truth = np.eye(prediction.shape[1])[target] if classes else target.astype(np.float64)
    decisions = len(target) if classes else target.size

    def loss_and_gradient(numbers: np.ndarray) -> tuple[float, np.ndarray]:
        total = numbers[0] * logits + numbers[1] * ratio
        if classes:
            logs = log_softmax(total, axis=1)
            loss, error = -(logs * truth).sum(), np.exp(logs) - truth
        else:
            loss = -np.where(truth > 0.5, log_expit(total), log_expit(-total)).sum()
            error = expit(total) - truth
        return loss / decisions, np.array([(error * logits).sum(), (error @ ratio).sum()]) / decisions

    bounds: Any = [(0.1, 10.0), (0.0, 2.0)]
    found = minimize(loss_and_gradient, [1.0, 0.0], jac=True, method="L-BFGS-B", bounds=bounds)
    return float(found.fun), floor, float(found.x[0]), float(found.x[1])


def _logits(prediction: np.ndarray, floor: float, classes: bool) -> np.ndarray:
    prediction = np.asarray(prediction, np.float64)
    logs = np.log(np.maximum(prediction + floor, SMALLEST_PROBABILITY))
    return logs if classes else logs - np.log(np.maximum(1.0 - prediction + floor, SMALLEST_PROBABILITY))


def _log_ratio(prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Returns (outputs,): how much more often an output is true than was predicted, in logs."""
    outputs, rows = prediction.shape[1], len(target)
    if target.ndim == 1:
        counts = np.bincount(target, minlength=outputs).astype(np.float64)
        predicted = prediction.sum(axis=0, dtype=np.float64)
        ratio = np.log((counts + 1.0) / (predicted + 1.0))
        return np.where(counts > 0, ratio, 0.0)
    counts, predicted = target.sum(axis=0), prediction.sum(axis=0, dtype=np.float64)
    true_odds = (counts + 1.0) / (rows - counts + 1.0)
    return np.log(true_odds * (rows - predicted + 1.0) / (predicted + 1.0))

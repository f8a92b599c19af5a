"""Solvers against the clock: as many steps of a linear model's solver as a time allows."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from pipeline.clock import Clock

PROBED = 10


def fit_quietly(estimator: Any, features: Any, label: np.ndarray, weights: np.ndarray | None) -> None:
    """Fits; a solver that stops at its last step is no fault where steps or penalty are being chosen."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(features, label, sample_weight=weights)


def fit_until(
    estimator: Any,
    features: Any,
    label: np.ndarray,
    weights: np.ndarray | None,
    end: float,
    probed: int = PROBED,
) -> None:
    """Fits a scikit-learn estimator; where the time has an end, with the steps of its solver that fit.

    Args:
        estimator: has `max_iter`, `warm_start` and, once it is fitted, `n_iter_`.
        features: (rows, features), dense or CSR.
        label: (rows,).
        weights: of the rows, or None.
        end: by `Clock.now`; infinity for none.
        probed: steps that are made in any case, and tell how fast it is; it begins anew from where they led.
    """
    if math.isinf(end):
        fit_quietly(estimator, features, label, weights)
        return
    left, steps = estimator.max_iter, min(probed, estimator.max_iter)
    estimator.set_params(warm_start=True)
    while steps:
        began = Clock.now()
        estimator.set_params(max_iter=steps)
        fit_quietly(estimator, features, label, weights)
        now, left = Clock.now(), left - steps
        if estimator.n_iter_.max() < steps:
            return
        fitting = (end - now) * steps / (now - began) if now > began else math.inf
        steps = int(min(max(fitting, 0.0), left))

"""Cross-fitting: every row is blended by weights that were learned without its fold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.ensemble.method import Method
from pipeline.ensemble.stack import Stack


def cross_fit(make: Callable[[], Method], stack: Stack, target: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Returns float32 (rows, outputs): each fold blended by a method that was fitted on the others.

    Args:
        make: returns a fresh method.
        stack: the members' out-of-fold predictions, without NaN.
        target: as `Method.fit_stack` takes it.
        folds: (rows,) fold numbers, at least two distinct ones.
    """
    blended = np.empty((len(stack), stack.n_outputs), np.float32)
    for fold in np.unique(folds):
        out, rest = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        method = make().fit_stack(stack.take(rest), target[rest], folds[rest])
        blended[out] = method.combine_stack(stack.take(out))
    return blended

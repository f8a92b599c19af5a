"""Cross-fitting: every row is blended by weights that were learned without its fold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.data import dense
from pipeline.ensemble.method import Method
from pipeline.ensemble.split import Split
from pipeline.ensemble.stack import Stack


def cross_fit(make: Callable[[], Method], stack: Stack, target: np.ndarray, split: Split) -> np.ndarray:
    """Returns float32 (rows, outputs), of pictures float16: each fold blended by a fit on the others.

    Where folds are ordered in time, "the others" are those before it; the first, which has none,
    gets the members' plain mean.

    Args:
        make: returns a fresh method.
        stack: the members' out-of-fold predictions, without NaN.
        target: as `Method.fit_stack` takes it.
        split: of the same rows; at least two folds.
    """
    blended = dense.room((len(stack), stack.n_outputs), kind=stack.values_type)
    for out, rest in split:
        if len(rest):
            method = make().fit_stack(stack.take(rest), target[rest], split.take(rest))
            blended[out] = method.combine_stack(stack.take(out))
        else:
            blended[out] = stack.take(out).mean()
    return blended

"""The order in which pictures are looked at where a rule is chosen by some of them."""

from __future__ import annotations

import numpy as np


def picture_order(target: np.ndarray, total: int, seed: int) -> np.ndarray:
    """Returns positions of all rows of a target: the same pictures go first whoever asks.

    So a fold that is left out changes few of those looked at, and what was worked out once need not be again.

    Args:
        target: numbers of pictures (rows, 1).
        total: how many pictures there are.
        seed: of their order.
    """
    place = np.random.default_rng(seed).permutation(total)[target[:, 0].astype(np.int64)]
    return np.argsort(place, kind="stable")

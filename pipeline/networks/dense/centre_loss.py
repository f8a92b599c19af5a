"""Loss of a map of middles with offsets and sizes, written with `keras.ops`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

FOCUS, FADE = 2.0, 4.0  # alpha and beta of the paper
PRIOR = -math.log(99.0)  # added to logits: before anything is learned a middle has a chance of one in 100


def make_centre_loss(keras: Any, classes: int) -> Callable:
    """Returns the loss of "Objects as Points" (Zhou, Wang and Krahenbuhl, 2019), equations 1 to 4.

    Sizes are logarithms here, so that one percent weighs alike whatever the size of a box.

    Args:
        keras: the library.
        classes: number of them.

    Returns:
        A loss (n,) of truth (n, h, w, classes + 5) - how near a cell is to a middle, 1 at it, for each
        class; offset and size; 1 where there is a box - and logits (n, h, w, classes + 4).
    """
    ops = keras.ops

    def total(truth: Any, said: Any) -> Any:
        near, beside, mark = truth[..., :classes], truth[..., classes:-1], truth[..., -1:]
        logits = said[..., :classes] + PRIOR
        chance = ops.sigmoid(logits)
        sure, unsure = -ops.softplus(-logits), -ops.softplus(logits)  # logarithms of chance and its rest
        middle = ops.cast(near >= 1.0, "float32")
        found = middle * ops.power(1.0 - chance, FOCUS) * sure
        empty = (1.0 - middle) * ops.power(1.0 - near, FADE) * ops.power(chance, FOCUS) * unsure
        boxes = ops.maximum(ops.sum(middle, axis=(1, 2, 3)), 1.0)
        heat = -ops.sum(found + empty, axis=(1, 2, 3)) / boxes
        off = ops.sum(mark * ops.abs(said[..., classes:] - beside), axis=(1, 2, 3))
        return heat + off / ops.maximum(ops.sum(mark, axis=(1, 2, 3)), 1.0)

    return total

"""Losses over raw outputs, written with `keras.ops` so that every backend runs them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

POINTER = "pointer"  # loss of a network that points at places, and has an answer to each


def make_loss(keras: Any, name: str, smoothing: float = 0.0, bins: int = 0) -> Any:
    """Returns a loss: softmax or sigmoid (of logits), mse, mae, huber (of values) or bins."""
    if name == "softmax":
        return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    if name == "sigmoid":
        return keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=smoothing)
    if name == "bins":
        return bin_cross_entropy(keras, bins)
    known = {"mse": "MeanSquaredError", "mae": "MeanAbsoluteError", "huber": "Huber"}
    return getattr(keras.losses, known[name])()


def loss_of_each(keras: Any, name: str) -> Callable:
    """Returns the mean loss of several answers to the same row, each by itself.

    The loss takes targets (n, 1, k) and raw outputs (n, answers, k); it returns (n,).

    Args:
        keras: the module.
        name: softmax or sigmoid (of logits), mse, mae or huber (of values); or POINTER, see `pointer_loss`.
    """
    if name == POINTER:
        return pointer_loss(keras)
    ops = keras.ops

    def loss(target: Any, output: Any) -> Any:
        if name == "softmax":
            return ops.mean(-ops.sum(target * ops.log_softmax(output, axis=-1), axis=-1), axis=-1)
        if name == "sigmoid":
            return ops.mean(ops.softplus(output) - target * output, axis=(-2, -1))
        off = ops.abs(target - output)
        if name == "huber":
            off = ops.where(off <= 1.0, 0.5 * ops.square(off), off - 0.5)
        elif name == "mse":
            off = ops.square(off)
        return ops.mean(off, axis=(-2, -1))

    return loss


def pointer_loss(keras: Any) -> Callable:
    """Returns the cross-entropy of places, averaged over first and last (Vinyals et al., NeurIPS 2015).

    The loss takes targets (n, places, 2), a one at the first and one at the last, and logits of the same
    shape; it returns (n,).
    """
    ops = keras.ops

    def loss(target: Any, output: Any) -> Any:
        return ops.mean(-ops.sum(target * ops.log_softmax(output, axis=1), axis=1), axis=-1)

    return loss


def bin_cross_entropy(keras: Any, bins: int) -> Callable:
    """Returns the cross-entropy of bins, averaged over coordinates.

    The loss takes positions float32 (n, k), counted in bins from 0 to bins - 1 (between two bins
    both get their share), and logits (n, k * bins); it returns (n,).
    """
    ops = keras.ops

    def loss(position: Any, logits: Any) -> Any:
        distance = ops.expand_dims(position, -1) - ops.arange(bins, dtype="float32")
        share = ops.maximum(0.0, 1.0 - ops.abs(distance))
        logits = ops.reshape(logits, (-1, position.shape[-1], bins))
        return ops.mean(-ops.sum(share * ops.log_softmax(logits, axis=-1), axis=-1), axis=-1)

    return loss


def arcface(keras: Any, scale: float, margin: float, smoothing: float = 0.0) -> Callable:
    """Returns the additive angular margin loss (Deng et al., CVPR 2019, equation 3).

    It takes `scale` times the cosines as logits, as a cosine head gives them, and adds the margin
    (radians) to the angle of the true class. Where that would pass 180 degrees, where the cosine
    rises again, the logit falls linearly instead, as in the authors' code.
    """
    ops = keras.ops
    cross_entropy = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=smoothing, reduction=None
    )

    def loss(one_hot: Any, logits: Any) -> Any:
        cosine = ops.clip(logits / scale, -1.0, 1.0)
        sine = ops.sqrt(ops.maximum(1.0 - ops.square(cosine), 1e-9))
        moved = cosine * math.cos(margin) - sine * math.sin(margin)
        beyond = cosine < math.cos(math.pi - margin)
        moved = ops.where(beyond, cosine - math.sin(math.pi - margin) * margin, moved)
        return cross_entropy(one_hot, scale * (cosine + one_hot * (moved - cosine)))

    return loss

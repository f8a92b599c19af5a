"""Losses of masks over logits, written with `keras.ops` so that every backend runs them.

Each takes what is true, (n, height, width, layers) of 0 and 1, and logits of that shape; it returns (n,).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

GAMMA, ALPHA = 2.0, 0.5  # of the focal loss: how much the sure pixels fade, the weight of the masks' pixels


Parts = Sequence[tuple[str, float]]
SUMS: dict[str, Parts] = {
    "bce_dice": (("bce", 1.0), ("dice", 1.0)),
    "lovasz": (("bce", 1.0), ("hinge", 1.0)),
}
"""Losses that are sums of others, by the name that stands for them."""


def make_mask_loss(keras: Any, loss: str | Parts) -> Callable:
    """Returns a loss by its name (bce, dice, bce_dice, focal, lovasz or mse), or a sum of weighted parts.

    Args:
        keras: the library.
        loss: a name, or parts (bce, dice, focal, hinge) with their weights.
    """
    ops = keras.ops
    known = {"bce": _bce, "dice": _dice, "focal": _focal, "hinge": _lovasz, "mse": _mse}
    parts = SUMS.get(loss, ((loss, 1.0),)) if isinstance(loss, str) else loss

    def total(truth: Any, logits: Any) -> Any:
        truth = ops.cast(truth, "float32")
        return sum(weight * known[name](ops, truth, logits) for name, weight in parts)

    return total


def deeply(keras: Any, loss: Callable, layers: int, factor: float) -> Callable:
    """Returns the weighted mean of a loss over logits of several resolutions.

    So every depth of a decoder learns directly (Lee et al., "Deeply-Supervised Nets", AISTATS 2015); weights
    that fall with the resolution, and sum to one, are those of nnU-Net (Isensee et al., Nature Methods 2021).

    Args:
        keras: the library.
        loss: takes truth and logits (n, height, width, layers).
        layers: numbers per pixel.
        factor: of a loss in that of the next finer resolution.

    Returns:
        A loss of logits (n, height, width, layers * resolutions), the finest first.
    """

    def total(truth: Any, logits: Any) -> Any:
        weights = [factor**place for place in range(logits.shape[-1] // layers)]
        parts = keras.ops.split(logits, len(weights), axis=-1)
        found = sum(weight * loss(truth, part) for weight, part in zip(weights, parts, strict=True))
        return found / sum(weights)

    return total


def _cross_entropy(ops: Any, truth: Any, logits: Any) -> Any:
    """Returns the cross-entropy of every pixel, from logits so that none is infinite."""
    return ops.maximum(logits, 0.0) - logits * truth + ops.log1p(ops.exp(-ops.abs(logits)))


def _bce(ops: Any, truth: Any, logits: Any) -> Any:
    return ops.mean(_cross_entropy(ops, truth, logits), axis=(1, 2, 3))


def _mse(ops: Any, truth: Any, greys: Any) -> Any:
    """Squared error of greys from 0 to 1, the truth in 0 to 255; 100 times, as large as other losses."""
    return 100.0 * ops.mean(ops.square(truth / 255.0 - greys), axis=(1, 2, 3))


def _dice(ops: Any, truth: Any, logits: Any) -> Any:
    """1 - Dice of probabilities (Milletari et al., "V-Net", 2016); one pixel is added to either side.

    So an empty mask is learned, too.
    """
    chance = ops.sigmoid(logits)
    both = ops.sum(truth * chance, axis=(1, 2))
    sides = ops.sum(truth, axis=(1, 2)) + ops.sum(chance, axis=(1, 2))
    return ops.mean(1.0 - (2.0 * both + 1.0) / (sides + 1.0), axis=-1)


def _focal(ops: Any, truth: Any, logits: Any) -> Any:
    """Cross-entropy of which sure pixels fade (Lin et al., ICCV 2017, equation 5)."""
    chance = ops.sigmoid(logits)
    right = truth * chance + (1.0 - truth) * (1.0 - chance)
    weight = truth * ALPHA + (1.0 - truth) * (1.0 - ALPHA)
    return ops.mean(
        weight * ops.power(1.0 - right, GAMMA) * _cross_entropy(ops, truth, logits), axis=(1, 2, 3)
    )


def _lovasz(ops: Any, truth: Any, logits: Any) -> Any:
    """The Lovasz hinge: a convex bound of 1 - IoU (Berman, Triki and Blaschko, CVPR 2018, section 3)."""
    pixels = logits.shape[1] * logits.shape[2]
    total = 0.0
    for layer in range(logits.shape[3]):
        flat, true = (ops.reshape(side[..., layer], (-1, pixels)) for side in (logits, truth))
        errors = 1.0 - flat * (2.0 * true - 1.0)
        order = ops.argsort(-errors, axis=-1)
        errors, true = (ops.take_along_axis(side, order, axis=-1) for side in (errors, true))
        all_true = ops.sum(true, axis=-1, keepdims=True)
        left = all_true - ops.cumsum(true, axis=-1)
        either = all_true + ops.cumsum(1.0 - true, axis=-1)
        jaccard = 1.0 - left / either
        steps = ops.concatenate([jaccard[:, :1], jaccard[:, 1:] - jaccard[:, :-1]], axis=-1)
        total = total + ops.sum(ops.relu(errors) * ops.stop_gradient(steps), axis=-1)
    return total / logits.shape[3]

"""Losses of masks over logits, written with `keras.ops` so that every backend runs them.

Each takes what is true, (n, height, width, layers) of 0 and 1, and logits of that shape; it returns (n,).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

GAMMA, ALPHA = 2.0, 0.5  # of the focal loss: how much the sure pixels fade, the weight of the masks' pixels


def make_mask_loss(keras: Any, name: str) -> Callable:
    """Returns a loss by its name: bce, dice, bce_dice, focal, lovasz or mse."""
    ops = keras.ops
    known: dict[str, list[Callable]] = {
        "bce": [_bce],
        "dice": [_dice],
        "bce_dice": [_bce, _dice],
        "focal": [_focal],
        "lovasz": [_bce, _lovasz],
        "mse": [_mse],
    }
    parts = known[name]

    def loss(truth: Any, logits: Any) -> Any:
        truth = ops.cast(truth, "float32")
        total = parts[0](ops, truth, logits)
        for part in parts[1:]:
            total = total + part(ops, truth, logits)
        return total

    return loss


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

"""Mixing pictures of a batch with one another, their targets with them."""

from __future__ import annotations

from typing import Literal

import numpy as np

from pipeline.errors import ConfigError, did_you_mean

Mix = Literal["none", "mixup", "cutmix"]
MIXES: tuple[str, ...] = ("none", "mixup", "cutmix")


def mix_batch(
    kind: str, images: np.ndarray, targets: np.ndarray, rng: np.random.Generator, alpha: float = 0.2
) -> tuple[np.ndarray, np.ndarray]:
    """Mixes each picture of a batch with another one of it, drawn at random.

    mixup (Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018, arXiv:1710.09412, eq. 2)
    takes a weighted mean; cutmix (Yun et al., "CutMix", 2019, arXiv:1905.04899, eq. 1 and 2) lays a
    rectangle of the other over the picture. Weights are drawn from Beta(alpha, alpha), one for each
    picture rather than one for the batch. Targets take the share that is seen.

    Args:
        kind: "mixup", "cutmix" or "none".
        images: uint8 or float (n, height, width, channels).
        targets: float (n, k): probabilities or values; a mean of coordinates means nothing.
        rng: where the weights and partners come from.
        alpha: over 0; larger mixes more evenly. Usual: 0.2 for mixup, 1 for cutmix.

    Returns:
        New images of the same type and new targets.

    Raises:
        ConfigError: an unknown kind, or alpha of 0 or less.
    """
    if kind not in MIXES:
        raise ConfigError(f"Unknown mix {kind!r}.{did_you_mean(kind, MIXES)} Known: {', '.join(MIXES)}.")
    if kind == "none":
        return images, targets
    if not alpha > 0:
        raise ConfigError(f"The alpha of {kind} must be over 0. Received: {alpha}.")
    count = len(images)
    partners = rng.permutation(count)
    share = rng.beta(alpha, alpha, size=count)
    if kind == "mixup":
        mixed = _mean(images, images[partners], share.astype(np.float32))
    else:
        mixed, share = _patched(images, partners, share, rng)
    weight = share.astype(targets.dtype).reshape(-1, *[1] * (targets.ndim - 1))
    return mixed, weight * targets + (1 - weight) * targets[partners]


def _mean(images: np.ndarray, others: np.ndarray, share: np.ndarray) -> np.ndarray:
    weight = share[:, None, None, None]
    mean = weight * images + (1 - weight) * others
    return np.rint(mean).astype(np.uint8) if images.dtype == np.uint8 else mean.astype(images.dtype)


def _patched(
    images: np.ndarray, partners: np.ndarray, share: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Returns pictures with a rectangle of their partner's, and the share of them still seen."""
    count, height, width = images.shape[:3]
    side = np.sqrt(1.0 - share)  # of the rectangle, as a fraction of the picture's
    centres = rng.random((count, 2)) * [height, width]
    half = side[:, None] * [height, width] / 2.0
    low = np.clip(np.rint(centres - half), 0, [height, width]).astype(int)
    high = np.clip(np.rint(centres + half), 0, [height, width]).astype(int)
    mixed = images.copy()
    for row, ((top, left), (bottom, right)) in enumerate(zip(low, high, strict=True)):
        mixed[row, top:bottom, left:right] = images[partners[row], top:bottom, left:right]
    return mixed, 1.0 - (high - low).prod(axis=1) / (height * width)

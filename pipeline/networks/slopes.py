"""Slopes of a network's loss by the pixels of a picture: which way each must move for the loss to grow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pipeline.networks.building import of_floats
from pipeline.networks.keras_import import load_keras
from pipeline.networks.network import Network

Loss = Callable[[Any], Any]


def slope_signs(network: Network, pictures: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Returns int8 (n, height, width, channels): the sign of the slope of the loss by each pixel.

    Goodfellow, Shlens and Szegedy, "Explaining and Harnessing Adversarial Examples", ICLR 2015, equation
    in section 4. Dropout is off, and batch normalisation as at prediction.

    Args:
        network: its weights are set.
        pictures: uint8 (n, height, width, channels).
        targets: float32 (n, k), as its loss wants them.
    """
    keras = load_keras()
    body = of_floats(network.extractor)

    def loss(x: Any) -> Any:
        raw = network.head(body(x, training=False), training=False)
        return keras.ops.sum(network.head.loss(keras.ops.convert_to_tensor(targets), raw))

    return np.sign(slopes(loss, pictures.astype(np.float32))[1]).astype(np.int8)


def slopes(total: Loss, pictures: np.ndarray) -> tuple[float, np.ndarray]:
    """Returns a total of pictures, and its slope by each pixel, float32 (n, height, width, channels).

    Args:
        total: a function of pictures, tensors of the backend, that returns one number.
        pictures: float32 (n, height, width, channels).
    """
    kinds = {"tensorflow": _by_tensorflow, "jax": _by_jax, "torch": _by_torch}
    value, slope = kinds[load_keras().backend.backend()](total, pictures)
    return float(value), np.asarray(slope, np.float32)


def _by_tensorflow(loss: Loss, pictures: np.ndarray) -> tuple[Any, Any]:
    import tensorflow as tf

    x = tf.constant(pictures)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        total = loss(x)
    return total, tape.gradient(total, x)


def _by_jax(loss: Loss, pictures: np.ndarray) -> tuple[Any, Any]:
    import jax

    found: tuple[Any, Any] = jax.value_and_grad(loss)(jax.numpy.asarray(pictures))
    return found


def _by_torch(loss: Loss, pictures: np.ndarray) -> tuple[Any, Any]:
    import torch

    x = torch.tensor(pictures, requires_grad=True)
    total = loss(x)
    (found,) = torch.autograd.grad(total, x)
    return total.detach().cpu(), found.cpu()

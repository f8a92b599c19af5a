"""Weights of a network as one vector, one after the other, as a product holds them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pipeline.errors import ModelError


def flat(weights: Iterable[np.ndarray]) -> np.ndarray:
    """Returns float32 (numbers,): weights, one after the other."""
    return np.concatenate([np.asarray(value, np.float32).ravel() for value in weights])


def unpacked(vector: np.ndarray, shapes: Iterable[tuple[int, ...]]) -> list[np.ndarray]:
    """Returns the first weights of a network as what `flat` made a vector of; as many as that holds.

    Args:
        vector: float32 (numbers,).
        shapes: of the network's weights, in their order.

    Raises:
        ModelError: the vector does not end where a weight does.
    """
    found, place = [], 0
    for shape in shapes:
        if place == len(vector):
            break
        end = place + int(np.prod(shape))
        if end > len(vector):
            break
        found.append(np.asarray(vector[place:end]).reshape(shape))
        place = end
    if place != len(vector):
        raise ModelError("The weights belong to another network.")
    return found

"""Blocks of a pretrained encoder: which learn, at which part of the rate, and which begin at random."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.errors import ModelError
from pipeline.networks.structure import ALL

NUMBERED = re.compile(r"_layer_(\d+)$")  # as KerasHub names the blocks of its backbones, from 0 at the bottom
SPREAD = 0.02  # of BERT's first weights, and of its heirs' (Devlin et al., 2019): a normal within two of it


def blocks_of(backbone: Any) -> list[Any]:
    """Returns the blocks of attention of a backbone, the lowest first.

    Raises:
        ModelError: its layers have other names.
    """
    layers = [layer for layer in backbone.layers if layer.weights]
    found = {int(match[1]): layer for layer in layers if (match := NUMBERED.search(layer.name))}
    if not found:
        raise ModelError(f"weights: {type(backbone).__name__} has no blocks that are known by their names.")
    return [found[number] for number in sorted(found)]


def word_table(backbone: Any) -> Any:
    """Returns the variable with a vector for each token."""
    return backbone.token_embedding.embeddings


def depths(backbone: Any) -> dict[str, int]:
    """Returns by a variable's path how far it lies below the head: 1 in the top block, most in embeddings."""
    blocks = blocks_of(backbone)
    last = backbone.layers.index(blocks[-1])
    found: dict[str, int] = {}
    for place, layer in enumerate(backbone.layers):
        known = [number for number, block in enumerate(blocks) if block is layer]
        depth = len(blocks) - known[0] if known else 1 if place > last else len(blocks) + 1
        found |= {variable.path: depth for variable in layer.weights}
    return found


def rate_factors(backbone: Any, decay: float) -> dict[str, float]:
    """Returns the factor of the rate of each variable (Howard and Ruder, ACL 2018, section 3.2)."""
    if decay == 1.0:
        return {}
    return {path: decay**depth for path, depth in depths(backbone).items()}


def settle(backbone: Any, top: int) -> None:
    """Says which layers learn: the top blocks and what comes after them, or all.

    Raises:
        ModelError: there are fewer blocks.
    """
    if top == ALL:
        return
    if top > (there := len(blocks_of(backbone))):
        raise ModelError(f"finetune: the encoder has {there} layers. Received: {top}.")
    depth = depths(backbone)
    for layer in backbone.layers:
        layer.trainable = all(depth[variable.path] <= top for variable in layer.weights)


def begin_anew(blocks: Sequence[Any], seed: int) -> None:
    """Gives blocks the weights that a network has which was never trained.

    The top layers of a pretrained encoder have learned most of its own task and least of others (Zhang et
    al., "Revisiting Few-sample BERT Fine-tuning", ICLR 2021, section 5).
    """
    rng = np.random.default_rng([seed, 1])
    for block in blocks:
        for variable in block.weights:
            if variable.name in ("bias", "beta"):
                variable.assign(np.zeros(variable.shape, np.float32))
            elif variable.name == "gamma":
                variable.assign(np.ones(variable.shape, np.float32))
            else:
                variable.assign(np.clip(rng.normal(0, SPREAD, variable.shape), -2 * SPREAD, 2 * SPREAD))

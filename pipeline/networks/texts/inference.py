"""Outputs of a network of texts for windows, in batches of like length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pipeline.networks.texts.windows import Windows, buckets


def run(
    model: Any, windows: Windows, longest: int, pad: int, report: Callable[[float, str], None]
) -> np.ndarray:
    """Returns float32 (windows, width): a Keras model's outputs.

    Args:
        model: from `token_ids`, `segment_ids` and `padding_mask`, as far as it has them, to (windows, width),
            or to (windows, 1, width).
        windows: of the texts.
        longest: tokens of a window.
        pad: the token that fills up.
        report: told of the share that is done.
    """
    values = np.empty((len(windows), model.output_shape[-1]), np.float32)
    names, done = input_names(model), 0
    for chosen, length, size in buckets(windows.lengths, longest):
        filled = np.concatenate([chosen, np.repeat(chosen[-1:], size - len(chosen))])
        seen = {name: one for name, one in windows.padded(filled, length, pad).items() if name in names}
        said = np.asarray(model.predict_on_batch(seen))[: len(chosen)]
        values[chosen] = said.reshape(len(chosen), -1)
        done += len(chosen)
        report(done / len(windows), f"{done:,} of {len(windows):,} windows")
    return values


def input_names(model: Any) -> list[str]:
    """Returns the names of what a model takes."""
    inputs = model.input
    return list(inputs) if isinstance(inputs, dict) else [one.name for one in model.inputs]

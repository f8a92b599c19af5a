"""A pretrained encoder of texts: a folder of weights, KerasHub's backbone and the folder's own tokenizer."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import ModelError
from pipeline.networks.keras_import import load_keras
from pipeline.networks.texts.windows import Tokenizer, Windows, buckets, mean_by_text, windows_of

PACKAGES = ("keras_hub", "tokenizers", "safetensors")
HOW_TO_INSTALL = "needs KerasHub, which is not installed: run `make setup TEXT=1`."
TOKENIZER, CONFIG = "tokenizer.json", "config.json"
SECTION = 1 << 20  # bytes hashed at once


def installed() -> bool:
    """Says whether the packages are there, without importing them."""
    return all(importlib.util.find_spec(name) is not None for name in PACKAGES)


def misfit(folder: Path) -> str:
    """Returns what a folder lacks of a pretrained encoder, or ""."""
    if not folder.is_dir():
        return f"there is no folder {str(folder)!r} ({folder.absolute()})"
    if lacking := [name for name in (CONFIG, TOKENIZER) if not (folder / name).is_file()]:
        return f"{folder} lacks {' and '.join(lacking)}: it must be a folder in Hugging Face's form"
    if not any(folder.glob("*.safetensors")):
        return f"{folder} has no weights: a file that ends in .safetensors"
    return ""


def identity_of(folder: Path) -> str:
    """Returns a hash that names weights, sizes and vocabulary of a folder."""
    files = sorted([folder / CONFIG, folder / TOKENIZER, *folder.glob("*.safetensors")])
    return _hashed(tuple((str(path.absolute()), path.stat().st_mtime_ns) for path in files))


@functools.lru_cache(maxsize=4)
def _hashed(files: tuple[tuple[str, int], ...]) -> str:
    total = hashlib.sha256()
    for name, _ in files:
        total.update(Path(name).name.encode())
        with open(name, "rb") as file:
            while part := file.read(SECTION):
                total.update(part)
    return total.hexdigest()


class Encoder:
    """A frozen network from texts to features.

    Attributes:
        tokenizer: cuts windows of at most `longest` tokens.
        model: Keras model from `token_ids`, `segment_ids` and `padding_mask`, as far as it has them, to
            float32 (windows, width).
        longest: tokens of a window.
        pad: the token that fills up.
    """

    def __init__(self, tokenizer: Tokenizer, model: Any, longest: int, pad: int = 0) -> None:
        self.tokenizer, self.model, self.longest, self.pad = tokenizer, model, longest, pad

    def features(self, texts: Sequence[Any], most: int, report: Callable[[float, str], None]) -> np.ndarray:
        """Returns float32 (texts, width): the mean over a text's windows, each by its number of tokens.

        Args:
            texts: a text or a pair of texts each.
            most: windows of a text.
            report: told of the share that is done.
        """
        windows = windows_of(self.tokenizer, texts, most)
        if not len(windows):
            return np.zeros((0, self.model.output_shape[-1]), np.float32)
        values = self._values(windows, report)
        return mean_by_text(values, windows.lengths.astype(np.float64), windows.texts, len(texts))

    def _values(self, windows: Windows, report: Callable[[float, str], None]) -> np.ndarray:
        values = np.empty((len(windows), self.model.output_shape[-1]), np.float32)
        names, done = _names(self.model), 0
        for chosen, length, size in buckets(windows.lengths, self.longest):
            filled = np.concatenate([chosen, np.repeat(chosen[-1:], size - len(chosen))])
            seen = {k: v for k, v in windows.padded(filled, length, self.pad).items() if k in names}
            values[chosen] = np.asarray(self.model.predict_on_batch(seen))[: len(chosen)]
            done += len(chosen)
            report(done / len(windows), f"features of {done:,} of {len(windows):,} windows")
        return values


def _names(model: Any) -> list[str]:
    inputs = model.input
    return list(inputs) if isinstance(inputs, dict) else [one.name for one in model.inputs]


def pooled(keras: Any, backbone: Any, pooling: str) -> Any:
    """Returns a Keras model from a backbone's inputs to one vector a window.

    Args:
        keras: the module.
        backbone: from `token_ids` and `padding_mask` to (windows, tokens, width), or to a dict that holds
            it as `sequence_output`.
        pooling: "mean" of the tokens that are none of padding, or "cls", the first token.
    """
    output = backbone.output
    tokens = output["sequence_output"] if isinstance(output, dict) else output
    if pooling == "cls":
        return keras.Model(backbone.input, tokens[:, 0, :])
    mask = keras.ops.cast(backbone.input["padding_mask"], "float32")[:, :, None]
    count = keras.ops.maximum(keras.ops.sum(mask, axis=1), 1.0)
    return keras.Model(backbone.input, keras.ops.sum(tokens * mask, axis=1) / count)


def open_encoder(folder: Path, pooling: str, longest: int, stride: int, threads: int) -> Encoder:
    """Returns the encoder of a folder, its weights read once in a process.

    Args:
        folder: in Hugging Face's form.
        pooling: as `pooled` knows it.
        longest: tokens of a window; not more than the encoder knows places for.
        stride: tokens that two windows of a text share.
        threads: that the backend may start.

    Raises:
        ModelError: the package or the folder is missing, or KerasHub cannot read it.
    """
    if not installed():
        raise ModelError(f"`kind: transformer` {HOW_TO_INSTALL}")
    if problem := misfit(folder):
        raise ModelError(f"weights: {problem}.")
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    longest = min(longest, config.get("max_position_embeddings") or longest)
    from tokenizers import Tokenizer as Known

    tokenizer = Known.from_file(str(folder / TOKENIZER))
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest, stride=min(stride, longest // 2))
    load_keras(threads)
    model = _model(str(folder.absolute()), identity_of(folder), pooling)
    return Encoder(tokenizer, model, longest, config.get("pad_token_id") or 0)


@functools.lru_cache(maxsize=2)
def _model(folder: str, identity: str, pooling: str) -> Any:
    import keras_hub

    try:
        backbone = keras_hub.models.Backbone.from_preset(folder)
    except (ValueError, KeyError, OSError) as error:
        raise ModelError(f"weights: KerasHub cannot read {folder}: {str(error).splitlines()[0]}") from error
    backbone.trainable = False
    return pooled(load_keras(), backbone, pooling)

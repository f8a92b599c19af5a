"""A pretrained encoder of texts: a folder of weights, KerasHub's backbone and the folder's own tokenizer."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import ModelError
from pipeline.networks.keras_import import load_keras
from pipeline.networks.texts.head import pool_tokens
from pipeline.networks.texts.inference import run
from pipeline.networks.texts.windows import Tokenizer, mean_by_text, windows_of

PACKAGES = ("keras_hub", "tokenizers", "safetensors")
HOW_TO_INSTALL = "needs KerasHub, which is not installed: run `make setup TEXT=1`."
TOKENIZER, CONFIG = "tokenizer.json", "config.json"
FIRST = 4  # of a pair whose second text is cut the first may fill one part in so many of a window
SECTION = 1 << 20  # bytes hashed at once


def installed() -> bool:
    """Says whether the packages are there, without importing them."""
    return all(importlib.util.find_spec(name) is not None for name in PACKAGES)


def start(threads: int) -> None:
    """Imports what a process imports once."""
    load_keras(threads)
    with contextlib.suppress(ImportError):  # the fit says that it is missing
        import keras_hub  # noqa: F401


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
        tokens: how texts are taken apart.
        model: Keras model from `token_ids`, `segment_ids` and `padding_mask`, as far as it has them, to
            float32 (windows, width).
    """

    def __init__(self, tokens: Tokens, model: Any) -> None:
        self.tokens, self.model = tokens, model

    def features(self, texts: Sequence[Any], most: int, report: Callable[[float, str], None]) -> np.ndarray:
        """Returns float32 (texts, width): the mean over a text's windows, each by its number of tokens.

        Args:
            texts: a text or a pair of texts each.
            most: windows of a text.
            report: told of the share that is done.
        """
        tokens = self.tokens
        windows = windows_of(tokens.tokenizer, texts, most)
        if not len(windows):
            return np.zeros((0, self.model.output_shape[-1]), np.float32)
        values = run(self.model, windows, tokens.longest, tokens.pad, report)
        return mean_by_text(values, windows.lengths.astype(np.float64), windows.texts, len(texts))


@dataclass(frozen=True)
class Tokens:
    """A tokenizer, and what a network must know of it.

    Attributes:
        tokenizer: cuts windows of at most `longest` tokens.
        longest: tokens of a window.
        pad: the token that fills up.
    """

    tokenizer: Tokenizer
    longest: int
    pad: int = 0


def states_of(backbone: Any) -> Any:
    """Returns what a backbone says of each token, (windows, tokens, width)."""
    output = backbone.output
    return output["sequence_output"] if isinstance(output, dict) else output


def pooled(keras: Any, backbone: Any, pooling: str) -> Any:
    """Returns a Keras model from a backbone's inputs to one vector a window.

    Args:
        keras: the module.
        backbone: from `token_ids` and `padding_mask` to (windows, tokens, width), or to a dict that holds
            it as `sequence_output`.
        pooling: "mean" of the tokens that are none of padding, or "cls", the first token.
    """
    tokens, mask = states_of(backbone), backbone.input["padding_mask"]
    return keras.Model(backbone.input, pool_tokens(keras, [tokens], mask, pooling))


def open_encoder(folder: Path, pooling: str, longest: int, stride: int, threads: int) -> Encoder:
    """Returns the frozen encoder of a folder, its weights read once in a process.

    Args:
        folder: in Hugging Face's form.
        pooling: as `pooled` knows it.
        longest: tokens of a window; not more than the encoder knows places for.
        stride: tokens that two windows of a text share.
        threads: that the backend may start.

    Raises:
        ModelError: the package or the folder is missing, or KerasHub cannot read it.
    """
    tokens = read_tokens(folder, longest, stride)
    load_keras(threads)
    return Encoder(tokens, _frozen(str(folder.absolute()), identity_of(folder), pooling))


def read_tokens(folder: Path, longest: int, stride: int) -> Tokens:
    """Returns the folder's own tokenizer, which cuts windows; see `open_encoder`."""
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
    return Tokens(tokenizer, longest, config.get("pad_token_id") or 0)


def read_pair_tokens(folder: Path, longest: int, stride: int) -> Tokens:
    """Returns the folder's own tokenizer, which cuts windows of the second text of a pair.

    The first stands before each of them, and is cut where it is longer than a part of a window.

    Args:
        folder: in Hugging Face's form.
        longest: tokens of a window.
        stride: tokens of the second text that two windows share.

    Raises:
        ModelError: the package or the folder is missing.
    """
    whole, cutting = read_tokens(folder, longest, stride), read_tokens(folder, longest, stride)
    whole.tokenizer.no_truncation()  # type: ignore[attr-defined]
    longest = cutting.longest
    most = longest // FIRST
    left = longest - most - cutting.tokenizer.num_special_tokens_to_add(True)  # type: ignore[attr-defined]
    shared = min(stride, left // 2)
    cutting.tokenizer.enable_truncation(longest, stride=shared, strategy="only_second")  # type: ignore[attr-defined]
    return replace(cutting, tokenizer=Pairs(whole.tokenizer, cutting.tokenizer, most))


@dataclass(frozen=True)
class Pairs:
    """A tokenizer of pairs whose first text has a limit.

    Attributes:
        whole: cuts nothing.
        cutting: cuts windows of the second text.
        most: tokens of the first text.
    """

    whole: Any
    cutting: Tokenizer
    most: int

    def encode_batch(self, input: list[Any]) -> list[Any]:
        found = self.whole.encode_batch([first for first, _ in input], add_special_tokens=False)
        pairs = zip(input, found, strict=True)
        return self.cutting.encode_batch([(self._cut(first, one), second) for (first, second), one in pairs])

    def _cut(self, text: str, found: Any) -> str:
        return text if len(found.ids) <= self.most else text[: found.offsets[self.most - 1][1]]


def read_backbone(folder: Path) -> Any:
    """Returns a new Keras model with the folder's weights, by KerasHub.

    Raises:
        ModelError: KerasHub cannot read it.
    """
    import keras_hub

    try:
        return keras_hub.models.Backbone.from_preset(str(folder))
    except (ValueError, KeyError, OSError) as error:
        raise ModelError(f"weights: KerasHub cannot read {folder}: {str(error).splitlines()[0]}") from error


@functools.lru_cache(maxsize=2)
def _frozen(folder: str, identity: str, pooling: str) -> Any:
    backbone = read_backbone(Path(folder))
    backbone.trainable = False
    return pooled(load_keras(), backbone, pooling)

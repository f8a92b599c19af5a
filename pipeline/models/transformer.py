"""Pretrained encoders of texts, frozen: features that are computed once, and a linear model on them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from pipeline.context import no_cache
from pipeline.data.rows import Dataset, Rows
from pipeline.errors import ModelError, listing
from pipeline.inputs.outputs import Values
from pipeline.inputs.text import text_columns, texts_of
from pipeline.models.base import MODELS, AnytimeConfig, Context, Model
from pipeline.models.linear import Linear
from pipeline.models.ngrams import Ngrams
from pipeline.models.size import Size
from pipeline.networks.brought import weights_at
from pipeline.networks.texts import encoder as encoders

VERSION = 1  # of the features: raise it when the same weights would say something else of a text
PART = "encoder.embedding"  # what the linear model reads
PER_CHARACTER = 5.4e-5  # seconds, all folds together: 2.9 million characters by MiniLM, two cores: 158 s


class TransformerConfig(AnytimeConfig):
    """Keys of `kind: transformer`."""

    weights: str | None = Field(
        default=None,
        description="folder of the pretrained encoder, in Hugging Face's form: config.json, tokenizer.json, "
        "*.safetensors",
    )
    columns: list[str] | None = Field(
        default=None, min_length=1, description="text columns that it reads; default: all that are text"
    )
    pair: bool = Field(
        default=False, description="whether its two columns are read as one, as a question and its answer"
    )
    pooling: Literal["mean", "cls"] = Field(
        default="mean", description="of the tokens: their mean, or the first one"
    )
    max_length: int = Field(default=128, ge=8, description="tokens of a window")
    stride: int = Field(default=16, ge=0, description="tokens that two windows of a long text share")
    max_windows: int = Field(default=4, ge=1, description="windows of a text, from its beginning")

    @property
    def weights_kind(self) -> Literal["folder", "none"]:
        """The kind of thing that `weights` names; it is read again when rows are predicted."""
        return "none" if self.weights is None else "folder"

    def space(self) -> dict[str, dict[str, Any]]:
        return {"pooling": {"choice": ["mean", "cls"]}, "max_length": {"choice": [64, 128, 256]}}

    def problems(self, where: str) -> list[str]:
        """Returns what is wrong, and what is missing, before any work starts."""
        if not self.enabled or (self.weights is not None and weights_at(self.weights) is None):
            return []
        if not encoders.installed():
            return [f"`{where}.kind: transformer` {encoders.HOW_TO_INSTALL}"]
        found = []
        if self.weights is None:
            found.append(f"`{where}.weights` must be the folder of a pretrained encoder.")
        elif problem := encoders.misfit(weights_at(self.weights) or Path(self.weights)):
            found.append(f"`{where}.weights`: {problem}.")
        if self.pair and self.columns is not None and len(self.columns) != 2:
            found.append(f"`{where}.pair` needs two `columns`. Received: {self.columns}.")
        if self.stride * 2 > self.max_length:
            found.append(
                f"`{where}.stride` must be at most half of `max_length`, {self.max_length}. "
                f"Received: {self.stride}."
            )
        if set(self.inputs) - {"auto", *Transformer.sees}:
            found.append(f"`{where}.inputs`: it reads texts alone. Received: {self.inputs}.")
        return found


@MODELS.register("transformer")
class Transformer(Model):
    """A pretrained encoder, frozen, and a logistic or ridge regression on its features.

    The encoder learns nothing, so that its features of all rows are computed once and shared by every fold;
    which columns are text, scales and weights of the linear model come from the fold's training rows.

    Attributes:
        columns_: that it reads.
        identity_: names the encoder's weights.
        head_: the linear model.
    """

    Config: ClassVar[type[AnytimeConfig]] = TransformerConfig
    sees = Ngrams.sees
    tasks = Linear.tasks
    embeds = True
    seeded = False
    anytime = True
    config: TransformerConfig

    @classmethod
    def seconds(cls, size: Size) -> float:
        return PER_CHARACTER * (size.rows + size.test_rows) * size.characters

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> Model:
        self.columns_ = text_columns(train, self.config.columns, self.config.kind)
        if self.config.pair and len(self.columns_) != 2:
            raise ModelError(f"`pair` needs two columns of text. Received: {listing(self.columns_)}.")
        self.identity_ = encoders.identity_of(self._folder)
        features = self._features(train, context)
        learned = Dataset(train.ids, {PART: Values(features)}, train.target, train.weights)
        self.head_ = self._head().fit(learned.rows(), None, context)
        return self

    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        asked = Dataset(rows.ids, {PART: Values(self.embed(rows, context))})
        return self.head_.predict(asked.rows(), context)

    def embed(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        """Returns float32 (rows, width): the encoder's features of each column, or of the pair."""
        if encoders.identity_of(self._folder) != self.identity_:
            raise ModelError(f"weights: {self._folder} holds other weights than the fit has seen.")
        return self._features(rows, context)

    def save(self, folder: Path) -> None:
        facts = {"columns": self.columns_, "identity": self.identity_}
        (folder / "transformer.json").write_text(json.dumps(facts), encoding="utf-8")
        self.head_.save(folder)

    def load(self, folder: Path) -> Model:
        facts = json.loads((folder / "transformer.json").read_text(encoding="utf-8"))
        self.columns_, self.identity_ = facts["columns"], facts["identity"]
        self.head_ = self._head()
        self.head_.load(folder)
        return self

    def notes(self) -> dict[str, Any]:
        return {**self.head_.notes(), "columns": self.columns_}

    @property
    def _folder(self) -> Path:
        if self.config.weights is None:
            raise ModelError("`weights` must be the folder of a pretrained encoder.")
        return weights_at(self.config.weights) or Path(self.config.weights)

    def _head(self) -> Linear:
        section = AnytimeConfig(kind="linear", inputs=[PART], max_seconds=self.config.max_seconds)
        return Linear(section, self.task)

    def _features(self, rows: Rows, context: Context) -> np.ndarray:
        """Returns the features of rows: of the whole side at once where they are kept."""
        if context.cache is no_cache:
            return self._computed(texts_of(rows, self.columns_), context)
        texts = texts_of(rows.dataset.rows(), self.columns_)
        config = self.config
        key = {
            "version": VERSION,
            "weights": self.identity_,
            "texts": _digest(texts),
            "pair": config.pair,
            "pooling": config.pooling,
            "windows": [config.max_length, config.stride, config.max_windows],
        }
        found = context.cache("texts", key, lambda: self._computed(texts, context))
        return np.asarray(found[rows.positions], np.float32)

    def _computed(self, texts: dict[str, list[str]], context: Context) -> np.ndarray:
        config = self.config
        asked = (config.pooling, config.max_length, config.stride, context.threads)
        encoder = encoders.open_encoder(self._folder, *asked)
        columns = list(texts.values())
        parts = [list(zip(*columns, strict=True))] if config.pair else columns
        found = [encoder.features(part, config.max_windows, context.report) for part in parts]
        return np.concatenate(found, axis=1)


def _digest(texts: dict[str, list[str]]) -> str:
    """Returns a hash of texts in their order; where one ends counts."""
    total = hashlib.sha256()
    for name, column in texts.items():
        total.update(json.dumps([name, column]).encode())
    return total.hexdigest()

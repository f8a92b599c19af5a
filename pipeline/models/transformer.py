"""Pretrained encoders of texts: frozen with a linear model on their features, or fine-tuned."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pipeline.context import no_cache
from pipeline.data.rows import Dataset, Rows
from pipeline.data.target import coder_of
from pipeline.errors import ModelError, listing
from pipeline.inputs.outputs import Values
from pipeline.inputs.text import ALONE, columns_for, texts_of
from pipeline.models.base import MODELS, AnytimeConfig, Context, Model, ModelConfig
from pipeline.models.linear import Linear
from pipeline.models.size import Size
from pipeline.networks.brought import weights_at
from pipeline.networks.texts import encoder as encoders
from pipeline.networks.texts.augment import TextAugmenter, readings
from pipeline.networks.texts.batches import Again
from pipeline.networks.texts.config import TransformerConfig
from pipeline.networks.texts.fitting import TextFit, network_of, predicted, represented
from pipeline.networks.texts.network import TextNetwork
from pipeline.networks.texts.pointing import pointed
from pipeline.networks.texts.pointing_fit import PointingFit, PointingNetwork
from pipeline.networks.texts.saved import TunedText
from pipeline.networks.texts.span_windows import span_windows_of
from pipeline.networks.texts.structure import TextStructure, make_text_structure
from pipeline.tasks.span import Span

VERSION = 1  # of the features: raise it when the same weights would say something else of a text
PART = "encoder.embedding"  # what the linear model reads
PER_CHARACTER = 5.4e-5  # seconds, all folds together: 2.9 million characters by MiniLM, two cores: 158 s
FACTS = "transformer.json"


@MODELS.register("transformer")
class Transformer(Model):
    """A pretrained encoder: frozen, with a logistic or ridge regression on its features, or fine-tuned.

    A frozen one learns nothing, so that its features of all rows are computed once and shared by every fold;
    which columns are text, scales and weights of the linear model come from the fold's training rows. One
    that is fine-tuned belongs to its fold, and what it learned is saved with it.

    Attributes:
        columns_: that it reads.
        identity_: names the encoder's pretrained weights.
        head_: the linear model, of a frozen one.
        tuned_: what was learned, of a fine-tuned one.
    """

    Config: ClassVar[type[AnytimeConfig]] = TransformerConfig
    sees = ALONE
    tasks = (*Linear.tasks, Span.kind)
    embeds = True
    anytime = True
    config: TransformerConfig

    @classmethod
    def seconds(cls, size: Size) -> float:
        return PER_CHARACTER * (size.rows + size.test_rows) * size.characters

    @classmethod
    def start(cls, threads: int) -> None:
        encoders.start(threads)

    @classmethod
    def varies(cls, section: ModelConfig) -> bool:
        return isinstance(section, TransformerConfig) and section.fine_tuned

    @property
    def wants_inner_split(self) -> bool:
        return self.config.fine_tuned and self.config.patience is not None

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> Model:
        self.columns_ = columns_for(self.task, train, self.config.columns, self.config.kind)
        if self.config.pair and len(self.columns_) != 2:
            raise ModelError(f"`pair` needs two columns of text. Received: {listing(self.columns_)}.")
        self.identity_ = encoders.identity_of(self._folder)
        if self.config.fine_tuned:
            self.start(context.threads)  # no part of a fit's time
            tokens = self._tokens()
            again = self._again if self.config.augment else None
            make = PointingFit if isinstance(self.task, Span) else TextFit
            fit = make(self.config, self.task, self._structure, tokens, self._texts, context, again)
            self.tuned_ = fit.run(train, inner)
            return self
        features = self._features(train, context)
        learned = Dataset(train.ids, {PART: Values(features)}, train.target, train.weights)
        self.head_ = self._head().fit(learned.rows(), None, context)
        return self

    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        if isinstance(self.task, Span):
            self._same_weights()
            return self._pointed(self.task, rows, context)
        if self.config.fine_tuned:
            self._same_weights()
            coder, tokens = coder_of(self.task).restore(self.tuned_.target), self._tokens()
            network, most = self._network(context), self._most
            columns = list(texts_of(rows, self.columns_).values())
            said = [
                predicted(network, tokens, self._joined(texts), most, self.task, coder, context.report)
                for texts in readings(self.config, columns)
            ]
            return np.mean(said, axis=0)
        asked = Dataset(rows.ids, {PART: Values(self.embed(rows, context))})
        return self.head_.predict(asked.rows(), context)

    def embed(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        """Returns float32 (rows, width): features, frozen ones of each column or of the pair."""
        if isinstance(self.task, Span):
            raise ModelError("An encoder that points at words has an embedding of each, and none of a row.")
        self._same_weights()
        if self.config.fine_tuned:
            network, most = self._network(context), self._most
            return represented(network, self._tokens(), self._texts(rows), most, context)
        return self._features(rows, context)

    def save(self, folder: Path) -> None:
        facts = {"columns": self.columns_, "identity": self.identity_}
        (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")
        if self.config.fine_tuned:
            self.tuned_.save(folder)
        else:
            self.head_.save(folder)

    def load(self, folder: Path) -> Model:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        self.columns_, self.identity_ = facts["columns"], facts["identity"]
        if self.config.fine_tuned:
            self.tuned_ = TunedText.load(folder)
        else:
            self.head_ = self._head()
            self.head_.load(folder)
        return self

    def notes(self) -> dict[str, Any]:
        found = self.tuned_.notes if self.config.fine_tuned else self.head_.notes()
        return {**found, "columns": self.columns_}

    @property
    def _most(self) -> int:
        return self.config.most_windows(self.task)

    @property
    def _folder(self) -> Path:
        if self.config.weights is None:
            raise ModelError("`weights` must be the folder of a pretrained encoder.")
        return weights_at(self.config.weights) or Path(self.config.weights)

    def _same_weights(self) -> None:
        if encoders.identity_of(self._folder) != self.identity_:
            raise ModelError(f"weights: {self._folder} holds other weights than the fit has seen.")

    # fine-tuned

    def _texts(self, rows: Rows) -> Sequence[Any]:
        """Returns a text of each row, or a pair: several columns are one text, in their order.

        Of a span what stands beside the text is the first of a pair, and the text is the second.
        """
        columns = list(texts_of(rows, self.columns_).values())
        if isinstance(self.task, Span) and len(columns) > 1:
            return list(zip(self._joined(columns[1:]), columns[0], strict=True))
        return self._joined(columns)

    def _joined(self, columns: Sequence[Sequence[str]]) -> Sequence[Any]:
        together = list(zip(*columns, strict=True))
        return together if self.config.pair else ["\n".join(parts) for parts in together]

    def _again(self, rows: Rows) -> Again:
        """Returns what changes training texts."""
        if self.config.augment is None:
            raise ValueError("Nothing changes the texts.")
        augmenter = TextAugmenter.of(self.config.augment, self.columns_)
        columns, ids = list(texts_of(rows, self.columns_).values()), rows.ids.tolist()

        def changed(texts: np.ndarray, seeds: np.ndarray) -> Sequence[Any]:
            some = [[column[text] for text in texts.tolist()] for column in columns]
            named = [ids[text] for text in texts.tolist()]
            return self._joined(augmenter.changed(some, named, seeds.tolist()))

        return changed

    def _tokens(self) -> encoders.Tokens:
        beside = isinstance(self.task, Span) and len(self.columns_) > 1
        read = encoders.read_pair_tokens if beside else encoders.read_tokens
        return read(self._folder, self.config.max_length, self.config.stride)

    def _structure(self, outputs: int) -> TextStructure:
        return make_text_structure(self.config, self.task, outputs, self._folder.absolute(), self.identity_)

    def _network(self, context: Context) -> TextNetwork:
        coder = coder_of(self.task).restore(self.tuned_.target)
        structure = self._structure(coder.n_classes or self.task.n_outputs)
        return network_of(structure, self.tuned_.values, context.threads)

    def _pointed(self, task: Span, rows: Rows, context: Context) -> np.ndarray:
        tokens = self._tokens()
        network = network_of(self._structure(2), self.tuned_.values, context.threads, PointingNetwork)
        windows = span_windows_of(tokens.tokenizer, self._texts(rows), self._most, task.width)
        told = (tokens.longest, tokens.pad, context.report)
        return pointed(network.full, windows, len(rows), task, *told)

    # frozen

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
            "windows": [config.max_length, config.stride, self._most],
        }
        found = context.cache("texts", key, lambda: self._computed(texts, context))
        return np.asarray(found[rows.positions], np.float32)

    def _computed(self, texts: dict[str, list[str]], context: Context) -> np.ndarray:
        config = self.config
        asked = (config.pooling, config.max_length, config.stride, context.threads)
        encoder = encoders.open_encoder(self._folder, *asked)
        columns = list(texts.values())
        parts = [list(zip(*columns, strict=True))] if config.pair else columns
        found = [encoder.features(part, self._most, context.report) for part in parts]
        return np.concatenate(found, axis=1)


def _digest(texts: dict[str, list[str]]) -> str:
    """Returns a hash of texts in their order; where one ends counts."""
    total = hashlib.sha256()
    for name, column in texts.items():
        total.update(json.dumps([name, column]).encode())
    return total.hexdigest()

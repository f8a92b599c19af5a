"""Networks of texts from scratch: words, characters and parts of words in layer notation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pipeline.data.rows import Rows
from pipeline.data.target import coder_of
from pipeline.errors import ModelError
from pipeline.inputs.text import ALONE, columns_for, texts_of
from pipeline.models.base import MODELS, AnytimeConfig, Context, Model
from pipeline.models.linear import Linear
from pipeline.networks.keras_import import load_keras
from pipeline.networks.texts.augment import TextAugmenter, readings
from pipeline.networks.texts.saved import TunedText
from pipeline.networks.tokens.config import TextNetConfig
from pipeline.networks.tokens.fitting import TokenFit, network_of, predicted, represented
from pipeline.networks.tokens.network import TokenNetwork
from pipeline.networks.tokens.pointing import PointerFit, told_of, word_windows
from pipeline.networks.tokens.vocabulary import Vocabulary
from pipeline.tasks.span import Span
from pipeline.tasks.words import in_lower_case

FACTS = "text_net.json"


@MODELS.register("text_net")
class TextNet(Model):
    """A network of tokens; vocabularies, scale of the target and weights come from the fold's training rows.

    Attributes:
        columns_: that it reads.
        vocabularies_: by the reader.
        learned_: weights, coder of the target, notes.
    """

    Config: ClassVar[type[AnytimeConfig]] = TextNetConfig
    sees = ALONE
    version = 2
    tasks = (*Linear.tasks, Span.kind)
    embeds = True
    anytime = True
    config: TextNetConfig

    @classmethod
    def start(cls, threads: int) -> None:
        load_keras(threads)

    @property
    def wants_inner_split(self) -> bool:
        return self.config.patience is not None

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> Model:
        self.start(context.threads)  # no part of a fit's time
        self.columns_ = columns_for(self.task, train, self.config.columns, self.config.kind)
        make = PointerFit if isinstance(self.task, Span) else TokenFit
        augment = self.config.augment
        augmenter = TextAugmenter.of(augment, self.columns_) if augment else None
        fit = make(self.config, self.task, self._texts, context, augmenter)
        self.vocabularies_, self.learned_ = fit.run(train, inner)
        return self

    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        network = self._network(context)
        if isinstance(self.task, Span):
            windows = word_windows(self.vocabularies_, self._texts(rows), self.config.max_length)
            return told_of(network, windows, len(rows), self.task, context.report)
        coder = coder_of(self.task).restore(self.learned_.target)
        said = [
            predicted(network, self._sequences(texts), self.task, coder, context.report)
            for texts in readings(self.config, self._texts(rows))
        ]
        return np.mean(said, axis=0)

    def embed(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        """Returns float32 (rows, width): what the layers say, joined."""
        if isinstance(self.task, Span):
            raise ModelError("A network that points at words has an embedding of each, and none of a row.")
        return represented(self._network(context), self._read(rows), context.report)

    def save(self, folder: Path) -> None:
        facts = {
            "columns": self.columns_,
            "vocabularies": {name: one.tokens for name, one in self.vocabularies_.items()},
        }
        (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")
        self.learned_.save(folder)

    def load(self, folder: Path) -> Model:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        self.columns_ = facts["columns"]
        self.vocabularies_ = {
            reading.reader: Vocabulary(reading, facts["vocabularies"][reading.reader])
            for reading in self.config.readings(self.task)
        }
        self.learned_ = TunedText.load(folder)
        return self

    def notes(self) -> dict[str, Any]:
        return {**self.learned_.notes, "columns": self.columns_}

    def _texts(self, rows: Rows) -> list[list[str]]:
        texts = list(texts_of(rows, self.columns_).values())
        if isinstance(self.task, Span) and self.config.lowercase:
            return [list(map(in_lower_case, one)) for one in texts]
        return texts

    def _read(self, rows: Rows) -> dict[str, Any]:
        return self._sequences(self._texts(rows))

    def _sequences(self, texts: Sequence[Sequence[str]]) -> dict[str, Any]:
        return {name: one.read(texts) for name, one in self.vocabularies_.items()}

    def _network(self, context: Context) -> TokenNetwork:
        """Returns the process's network of this structure, with what was learned."""
        coder = coder_of(self.task).restore(self.learned_.target)
        sizes = {name: len(one) for name, one in self.vocabularies_.items()}
        network = network_of(self.config, self.task, coder, sizes, context.threads)
        network.assign(self.learned_.values)
        return network

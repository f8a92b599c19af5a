"""Denoising autoencoders of tables, with a linear model on their codes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pipeline.data.encode import TableEncoder
from pipeline.data.rows import Dataset, Rows
from pipeline.data.saved import read_estimator, write_estimator
from pipeline.inputs.base import expanded
from pipeline.inputs.outputs import Values
from pipeline.models.base import MODELS, AnytimeConfig, Context, Model, ModelConfig
from pipeline.models.linear import Linear
from pipeline.models.size import Size
from pipeline.networks.autoencoder import Shape, codes, train
from pipeline.networks.keras_import import load_keras

VERSION = 1  # of the codes: raise it when the same rows would get others
PART = "autoencoder.embedding"  # what the linear model reads
PER_NUMBER = 2e-7  # seconds for each row, epoch and number that a layer holds of it, two cores
FACTS, WEIGHTS, ENCODER, HEAD = "autoencoder.json", "autoencoder.npy", "encoder.skops", "head"


class AutoencoderConfig(ModelConfig):
    """Keys of `kind: autoencoder`."""

    units: int = Field(default=256, ge=1, description="width of a hidden layer")
    layers: int = Field(default=2, ge=1, description="hidden layers before the code, and as many after it")
    width: int = Field(default=64, ge=1, description="of the code, which is `NAME.embedding`")
    noise: float = Field(
        default=0.15, gt=0, lt=1, description="share of a row's cells that take another row's value"
    )
    epochs: int = Field(default=40, ge=1, description="over training and test rows, once for all folds")
    learning_rate: float = Field(default=0.001, gt=0, description="of AdamW, at its highest")

    instead: ClassVar[Mapping[str, str]] = {
        "dropout": "The noise is of cells that are swapped: `noise`.",
        "patience": "Nothing is scored while it learns: it runs `epochs`.",
    }

    def space(self) -> dict[str, dict[str, Any]]:
        return {
            "width": {"choice": [16, 32, 64, 128, 256]},
            "noise": {"float": [0.05, 0.4]},
            "learning_rate": {"float": [3e-4, 3e-3], "log": True},
        }


@MODELS.register("autoencoder")
class Autoencoder(Model):
    """A denoising autoencoder of all rows, and a logistic or ridge regression on the codes of the fold's.

    Rows of training and test are looked at, scored ones among them, and no row's target, so that one network
    serves all folds. Its codes are what other models read.

    Attributes:
        encoder_: makes numbers of the columns, by all rows and no target.
        shape_: of the network.
        weights_: of the network, float32, one after the other.
        head_: the linear model.
    """

    Config: ClassVar[type[ModelConfig]] = AutoencoderConfig
    tasks = Linear.tasks
    embeds = True
    transductive = True
    seeded = False
    config: AutoencoderConfig

    @classmethod
    def seconds(cls, size: Size) -> float:
        epochs = AutoencoderConfig.model_fields["epochs"].default
        return PER_NUMBER * epochs * (size.rows + size.test_rows) * (256 + 2 * size.columns)

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> Model:
        """Learns codes of all rows, or takes those that a fold before has learned; then what they mean."""
        known = train.dataset.rows()
        self.encoder_ = TableEncoder("dense", expanded(self.config.inputs, self.sees))
        sides = [self.encoder_.fit_transform(known, np.zeros((len(known), 1)))]
        if context.unlabelled is not None:
            sides.append(self.encoder_.transform(context.unlabelled.rows()))
        self.weights_ = self._learned(np.concatenate(sides), context)
        learned = Dataset(train.ids, {PART: Values(self.embed(train))}, train.target, train.weights)
        self.head_ = self._head()
        self.head_.fit(learned.rows(), None, context)
        return self

    def _learned(self, features: np.ndarray, context: Context) -> np.ndarray:
        """Returns the weights of a network that restores these rows; sets its shape."""
        config = self.config
        self.shape_ = Shape(features.shape[1], config.units, config.layers, config.width)
        asked = (config.noise, config.epochs, config.learning_rate, config.seed)
        key = {
            "version": VERSION,
            "shape": asdict(self.shape_),
            "asked": list(asked),
            "rows": hashlib.sha256(features.tobytes()).hexdigest(),
        }

        def make() -> np.ndarray:
            return train(features, self.shape_, *asked, context.threads, context.report)

        found = context.cache("autoencoder", key, make)
        load_keras(context.threads)
        return np.array(found)

    def _head(self) -> Linear:
        return Linear(AnytimeConfig(kind="linear", inputs=[PART]), self.task)

    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        asked = Dataset(rows.ids, {PART: Values(self.embed(rows, context))})
        return self.head_.predict(asked.rows(), context)

    def embed(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        """Returns float32 (rows, width): the codes of rows."""
        return codes(self.encoder_.transform(rows), self.shape_, self.weights_)

    def save(self, folder: Path) -> None:
        write_estimator(self.encoder_, folder / ENCODER)
        np.save(folder / WEIGHTS, self.weights_)
        (folder / FACTS).write_text(json.dumps(asdict(self.shape_)), encoding="utf-8")
        (folder / HEAD).mkdir()
        self.head_.save(folder / HEAD)

    def load(self, folder: Path) -> Model:
        self.encoder_ = read_estimator(folder / ENCODER)
        self.weights_ = np.load(folder / WEIGHTS, allow_pickle=False)
        self.shape_ = Shape(**json.loads((folder / FACTS).read_text(encoding="utf-8")))
        self.head_ = self._head()
        self.head_.load(folder / HEAD)
        return self

    def notes(self) -> dict[str, Any]:
        return {**self.head_.notes(), "features": self.shape_.features}

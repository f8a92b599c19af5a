"""A neural net on tables: an ensemble of small networks trained as one."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pipeline.clock import Clock
from pipeline.data.rows import Rows
from pipeline.models.base import MODELS, Context, Model
from pipeline.models.size import Size
from pipeline.models.table import Table, TableModel
from pipeline.networks.config import NET_INSTEAD
from pipeline.networks.keras_import import load_keras
from pipeline.networks.losses import loss_of_each
from pipeline.networks.tabm import Shape, bin_edges, build_tabm
from pipeline.networks.training.batches import Arrays, Batches
from pipeline.networks.training.checkpoint import Checkpoint, name_fit
from pipeline.networks.training.config import NetworkConfig
from pipeline.networks.training.phase import Phase
from pipeline.networks.training.schedule import Schedule
from pipeline.networks.training.step import take_steps
from pipeline.networks.training.trainer import Trainer

PREDICT_BATCH = 4096
BATCHES = ((2_000, 64), (10_000, 128), (50_000, 256), (1_000_000, 512))  # rows up to -> batch

START = 8.0  # seconds before the first epoch
PER_ROW = 6e-4  # seconds per row, all epochs
LEAST_PER_ROW = 2e-4  # otto in 15 s a fit on a busy machine: log loss 0.51, where XGBoost has 0.50 in 20 s
FEWEST_EPOCHS = 25  # with fewer, a smaller network is better: otto in 15 s a fit 0.553, a small one 0.510
FLOPS = 6e10  # of two cores of a 2020s server, in layers of this size
SMALL: dict[str, Any] = {"members": 2, "embedding": 0}  # where fewer epochs fit; what the user has set stays
SEARCH_SHARE = 0.6  # of the reported progress, where small data are learned again
REFIT = "refit"  # the phase in which they are


class TabularConfig(NetworkConfig):
    """Keys of `kind: tabular`."""

    members: int = Field(default=8, ge=1, le=64, description="networks; 2 where `max_seconds` are few")
    units: int = Field(default=256, ge=1, description="width of a hidden layer")
    layers: int = Field(default=2, ge=1, description="hidden layers")
    dropout: float = Field(default=0.15, ge=0, lt=1, description="share of units left out in training")
    embedding: int = Field(
        default=4, ge=0, description="width of a number's piecewise-linear embedding; 0 for none"
    )
    bins: int = Field(default=16, ge=2, description="pieces of an embedding")
    learning_rate: float = Field(default=0.002, gt=0, description="of AdamW")
    weight_decay: float = Field(default=0.0003, ge=0, description="of AdamW")
    batch_size: int | None = Field(
        default=None, ge=1, description="rows of a step; default: from 64 (small data) to 1024"
    )
    epochs: int = Field(
        default=200,
        ge=1,
        description="most epochs: early stopping finds how many; with `patience: null` exactly so many",
    )
    patience: int | None = Field(
        default=8,
        ge=1,
        description="epochs without a gain on an inner split before it stops; null: no split and no stop",
    )
    refit_below: int = Field(
        default=20_000,
        ge=0,
        description="with fewer rows, train again on all of them once the epochs are found",
    )

    instead: ClassVar[Mapping[str, str]] = NET_INSTEAD

    def space(self) -> dict[str, dict[str, Any]]:
        return {
            "units": {"choice": [64, 128, 256, 512]},
            "layers": {"int": [1, 4]},
            "dropout": {"float": [0.0, 0.5]},
            "embedding": {"choice": [0, 4, 8, 16]},
            "learning_rate": {"float": [3e-4, 1e-2], "log": True},
            "weight_decay": {"float": [1e-5, 1e-1], "log": True},
        }


@dataclass(frozen=True)
class Terms:
    """Seed, checkpoint and limit in time of all training of one fit.

    Attributes:
        context: the fit's.
        until: when its time is over, by `Clock.now`.
        checkpoint: where its progress is kept.
    """

    context: Context
    until: float
    checkpoint: Checkpoint


@MODELS.register("tabular")
class Tabular(TableModel):
    """TabM-mini on the dense encoding (see `pipeline.networks.tabm`)."""

    Config: ClassVar[type[NetworkConfig]] = TabularConfig
    version = 3  # the encoder's words are packed
    anytime = True
    side_by_side = False  # the seed of Keras is one for the whole process
    config: TabularConfig

    @classmethod
    def seconds(cls, size: Size) -> float:
        return START + PER_ROW * size.rows

    @classmethod
    def start(cls, threads: int) -> None:
        load_keras(threads)

    @classmethod
    def least_seconds(cls, size: Size) -> float:
        return LEAST_PER_ROW * size.rows

    @property
    def wants_inner_split(self) -> bool:
        return self.config.patience is not None

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> Model:
        """Finds the epochs on the inner rows; small data are then learned again with them, in time.

        A fit that goes on from a checkpoint has all its time again.

        Raises:
            ValueError: it shall stop early, and there are no inner rows that tell when.
            ModelError: a loss became NaN or infinite.
        """
        self.start(context.threads)  # no part of a fit's time
        started, begun = time.perf_counter(), Clock.now()
        end = begun + (self.config.max_seconds or math.inf)
        config, whole, valid = self.config, train, None
        self.history_: list[dict[str, Any]] = []
        if inner is not None and config.validate_on == "inner":
            whole = train.join(inner)
        table = self._encode(whole if config.patience is None else train, context)
        self.settings_ = config if self._trivial else self._affordable(table)
        if config.patience is not None:
            if inner is None:
                raise ValueError(f"{config.kind}: with `patience`, inner rows must tell when to stop.")
            valid = self._valid(inner)
        again = valid is not None and whole is not train and len(whole) < config.refit_below
        terms = Terms(context, end, Checkpoint(context.checkpoint, self._name(table, valid, context)))
        saved = terms.checkpoint.facts()
        if saved.get("phase") == REFIT:  # the search was over
            epochs = saved["epochs"]
        else:
            share = (0.0, SEARCH_SHARE) if again else (0.0, 1.0)
            epochs = self._train("network", share, table, config.epochs, terms, valid)
            second = (Clock.now() - begun) * len(whole) / len(train)  # seconds that it would take, at most
            again = again and Clock.now() + second <= end
        if again:
            table = self._encode(whole, context)
            epochs = self._train(REFIT, (SEARCH_SHARE, 1.0), table, epochs, terms)
        seconds = round(time.perf_counter() - started, 2)
        self.notes_ |= {"epochs": epochs, "seconds": seconds, "history": self.history_}
        return self

    def _valid(self, inner: Rows) -> tuple[np.ndarray, np.ndarray]:
        """Returns features and encoded target of the inner rows whose class the training rows hold."""
        inner = inner.take(np.flatnonzero(self.coder_.known(inner.target)))
        target = self.coder_.matrix(self.coder_.encode(inner.target)).astype(np.float32)
        return self.encoder_.transform(inner), target

    def _name(self, table: Table, valid: tuple[np.ndarray, ...] | None, context: Context) -> str:
        """Returns what the fit depends on, hashed; "" where nothing is kept."""
        if context.checkpoint is None:
            return ""
        seen = (table.features, table.target, table.weights, *(valid or ()))
        return name_fit(self.config.model_dump_json(), self.task, context.seed, *seen)

    def _train(
        self,
        name: str,
        share: tuple[float, float],
        table: Table,
        epochs: int,
        terms: Terms,
        valid: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> int:
        """Trains a new network, or goes on with that of the phase `name`.

        Returns:
            The whole epochs after which its weights were taken; 0 where there was no time for one.
        """
        if self._trivial:
            return 1
        target = self.coder_.matrix(table.target).astype(np.float32)
        self._build(table.features, target.shape[1], terms.context)
        rows, config = len(target), self.config
        size = config.batch_size or next((size for most, size in BATCHES if rows <= most), 1024)
        source = Arrays(table.features, target[:, None], table.weights)
        batches = Batches(source, rows, min(size, rows), terms.context.seed)
        schedule = Schedule(config.learning_rate, epochs * len(batches), "constant", warmup=0.0)
        patience = None if valid is None else config.patience
        trainer = Trainer(
            self.network_,
            Phase(name, epochs, schedule, patience=patience, share=share),
            batches,
            terms.context.report,
            terms.checkpoint,
            judge=None if valid is None else lambda: self._inner_loss(*valid, terms.context),
            until=terms.until,
            advice="Lower `learning_rate`, and look for extreme values in the numeric columns.",
            before=self.history_,
        )
        trainer.resume()
        [weights] = trainer.train()
        self.history_ = trainer.history()
        self.network_.set_weights(weights)
        return trainer.progress.best_epoch or trainer.progress.epoch

    def _build(self, features: np.ndarray, outputs: int, context: Context) -> None:
        """Makes a network for the features, compiled and at its beginning."""
        keras = load_keras(context.threads)
        keras.utils.set_random_seed(context.seed)
        self.shape_ = self._shape(self.settings_, features, outputs)
        edges = bin_edges(features[:, list(self.shape_.embedded)], self.shape_.bins)
        self.network_ = build_tabm(keras, self.shape_, edges)
        optimizer = keras.optimizers.AdamW(self.config.learning_rate, weight_decay=self.config.weight_decay)
        self.network_.compile(optimizer, loss=self._loss(keras))
        optimizer.build(self.network_.trainable_variables)
        take_steps(self.network_, self.config.step(), self.network_)

    def _affordable(self, table: Table) -> TabularConfig:
        """Returns the settings of a network: the small one's where `max_seconds` hold few epochs."""
        outputs = self.coder_.matrix(table.target[:1]).shape[1]
        work = len(table.features) * self._shape(self.config, table.features, outputs).flops
        work *= self.config.step().passes
        if FEWEST_EPOCHS * work / FLOPS <= (self.config.max_seconds or math.inf):
            return self.config
        free = {key: value for key, value in SMALL.items() if key not in self.config.model_fields_set}
        return self.config.model_copy(update=free)

    @staticmethod
    def _shape(config: TabularConfig, features: np.ndarray, outputs: int) -> Shape:
        """Embeds what takes more than two values: the others are indicators."""
        several = np.any((features != features.min(axis=0)) & (features != features.max(axis=0)), axis=0)
        return Shape(
            features=features.shape[1],
            embedded=tuple(np.flatnonzero(several).tolist()) if config.embedding else (),
            bins=config.bins,
            embedding=config.embedding,
            members=config.members,
            units=config.units,
            layers=config.layers,
            dropout=config.dropout,
            outputs=outputs,
        )

    def _loss(self, keras: Any) -> Any:
        """Returns the mean loss of the members, each by itself: they must not learn to lean on others."""
        task = self.task
        name = "softmax" if task.exclusive else "sigmoid" if task.probabilities else "mse"
        return loss_of_each(keras, name)

    def _answer(self, features: np.ndarray, context: Context) -> np.ndarray:
        parts = np.split(features, range(PREDICT_BATCH, len(features), PREDICT_BATCH))
        outputs = np.concatenate([self.network_.predict_on_batch(part) for part in parts]).astype(np.float64)
        if self.task.exclusive:
            outputs = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
            outputs /= outputs.sum(axis=-1, keepdims=True)
        elif self.task.probabilities:
            outputs = 1.0 / (1.0 + np.exp(-outputs))
        return outputs.mean(axis=1)

    def _inner_loss(self, features: np.ndarray, target: np.ndarray, context: Context) -> float:
        """Returns the ensemble's loss on encoded rows, from which early stopping decides."""
        answer = self._answer(features, context)
        if self.task.probabilities:
            answer = np.clip(answer, 1e-7, 1.0 - 1e-7)
        return self.task.loss(target, answer)

    def _learn(self, table: Table, context: Context, end: float) -> None:
        raise TypeError("The net learns in `fit`, in epochs.")

    def _write(self, folder: Path) -> None:
        (folder / "network.json").write_text(json.dumps(self.shape_.facts()), encoding="utf-8")
        np.savez(folder / "network.npz", *self.network_.get_weights())

    def _read(self, folder: Path) -> None:
        facts = json.loads((folder / "network.json").read_text(encoding="utf-8"))
        self.shape_ = Shape(**facts | {"embedded": tuple(facts["embedded"])})
        self.network_ = build_tabm(load_keras(), self.shape_)
        with np.load(folder / "network.npz", allow_pickle=False) as saved:
            self.network_.set_weights([saved[name] for name in saved.files])

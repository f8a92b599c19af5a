"""A fit from beginning to end: head on cached features, whole network, statistics, a last look."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pipeline.clock import Clock
from pipeline.context import Context
from pipeline.data.lesson import with_lesson
from pipeline.data.rows import Rows
from pipeline.errors import ModelError
from pipeline.inputs.images.part import pictures_of
from pipeline.inputs.images.pixels import pixel_statistics
from pipeline.networks.batch_norm import measure_again
from pipeline.networks.config import CNNConfig
from pipeline.networks.drawn import drawn_for
from pipeline.networks.health import warnings_of
from pipeline.networks.inference import Frozen, batch_size, run
from pipeline.networks.keras_import import load_keras
from pipeline.networks.network import Values, get_network
from pipeline.networks.picture_batches import Features, PixelBatches
from pipeline.networks.plan import TrainingPlan, make_plan
from pipeline.networks.pretrained import digest, read_pretrained
from pipeline.networks.pretraining import begin_with, with_pretrained, without_labels
from pipeline.networks.saved import TrainedNetwork
from pipeline.networks.structure import make_structure
from pipeline.networks.targets import Targets
from pipeline.networks.training.batches import Batches, BatchSource
from pipeline.networks.training.checkpoint import Checkpoint, name_fit
from pipeline.networks.training.guard import NOT_A_NUMBER, guarded
from pipeline.networks.training.phase import Phase
from pipeline.networks.training.schedule import Schedule
from pipeline.networks.training.trainer import Trainer
from pipeline.tasks.base import Task
from pipeline.transforms.augment import make_augmenter

HEAD_TIME = 0.3  # of a limit in time, until when the head is trained where the whole network is after it
HEAD_SHARE = 0.15  # of the reported progress, where the whole network is trained after it
LOOKED_AT = 512  # training pictures that the finished network is tried on


class Fit:
    """One fit of a network.

    Args:
        config: the model's section.
        task: what is asked for.
        targets: layout of the targets; it learns their scale.
        train: rows to learn from.
        inner: rows that decide when to stop, or None.
        context: seed, checkpoint, caches.
    """

    def __init__(
        self,
        config: CNNConfig,
        task: Task,
        targets: Targets,
        train: Rows,
        inner: Rows | None,
        context: Context,
    ) -> None:
        self.config, self.task, self.targets, self.context = config, task, targets, context
        self.train, self.inner = _usable(train, targets), inner and _usable(inner, targets)
        seen = pictures_of(self.train)
        self.pixels, self.pixels_key = seen.pixels, seen.key
        self.target = self.train.target
        self.history: list[dict[str, Any]] = []
        targets.learn(self.target)
        self.plan: TrainingPlan = make_plan(config, self.target)
        self.learned = with_lesson(self.train, config, task, self.target)

    def run(self) -> TrainedNetwork:
        """Trains and returns what was learned."""
        keras = load_keras(self.context.threads)
        self.begun = Clock.now()
        keras.utils.set_random_seed(self.context.seed % 2**32)
        shape, values = self.pixels.shape[1:], str(self.pixels.dtype)
        structure = make_structure(self.config, self.plan, self.targets, shape, values)
        self.network = get_network(structure, self.context.threads)
        pretrained = read_pretrained(self.config, structure.extractor, self.context.siblings)
        statistics = None
        if self.config.from_scratch and pretrained is None:
            statistics = pixel_statistics(self.pixels, self.train.positions)
        begun = without_labels(
            self.config, structure.extractor, self.train.dataset, pretrained, self.plan.batch, self.context
        )
        if begun is not None and pretrained:
            pretrained = with_pretrained(begun, pretrained)
        self._reset(pretrained, statistics)
        if begun is not None and not pretrained:
            begin_with(self.network.extractor, begun)
        self.begin = self.network.extractor.get_weights() if self.config.stylize else []
        frozen = Frozen(self.network, pretrained or [], digest(pretrained) if pretrained else "")
        trainer, found = self._train(frozen)
        return self._finish(trainer, found, frozen)

    def _reset(self, pretrained: Values | None, statistics: tuple | None) -> None:
        try:
            self.network.reset(self.context.seed, pretrained, statistics)
        except ValueError as error:
            raise ModelError(f"weights: they do not fit the network: {error}") from error

    def _train(self, frozen: Frozen) -> tuple[Trainer, list[Values]]:
        """Runs the phases, from where a checkpoint left them."""
        train, config = self.train, self.config
        fit = name_fit(
            config.model_dump_json(),
            self.task,
            self.context.seed,
            train.positions,
            self.learned,
            self.pixels_key,
        )
        checkpoint = Checkpoint(self.context.checkpoint, fit)
        begun = checkpoint.facts().get("phase")
        phases = [("head", lambda: self._head_trainer(frozen, checkpoint))] if self.plan.head_epochs else []
        if self.plan.epochs:
            phases.append(("network", lambda: self._full_trainer(checkpoint)))
        for name, make in phases:
            if name == "head" and begun == "network":
                continue
            trainer = make()
            trainer.resume()
            found = guarded(trainer)
            self.history = trainer.history()
            if name == "head":
                self.network.head.set_weights(found[0])
        return trainer, found

    def _head_trainer(self, frozen: Frozen, checkpoint: Checkpoint) -> Trainer:
        last = not self.network.learns
        features, places = self._head_features(frozen)
        source = Features(features, places, self.learned, self.targets, self._weights())

        def predict(rows: Rows) -> np.ndarray:
            features, at = frozen.features(self.pixels, self.pixels_key, rows.positions, self.context)
            return self.targets.decode(run(self.network.head, features, at, 256))

        rate, epochs = self.config.head_learning_rate, self.plan.head_epochs
        return self._trainer("head", source, epochs, rate, predict if last else None, checkpoint)

    def _head_features(self, frozen: Frozen) -> tuple[np.ndarray, np.ndarray]:
        """Returns features, and where in them the training rows are.

        Where the whole network will normalise by these pictures, the features do so already
        (Li et al., "Revisiting Batch Normalization for Practical Domain Adaptation", 2016): a head
        trained on others would begin with a large loss. Such features belong to the fold.
        """
        positions = self.train.positions
        if not self.plan.adapt:
            return frozen.features(self.pixels, self.pixels_key, positions, self.context)
        measure_again(self.network, self.pixels, positions, self.plan.batch, self.context.seed)
        features = run(self.network.extractor, self.pixels, positions, batch_size(self.pixels.shape[1:]))
        return features, np.arange(len(positions))

    def _full_trainer(self, checkpoint: Checkpoint) -> Trainer:
        config = self.config
        coordinates = config.target if config.target in ("box", "points") else ""
        pairs = [(pair[0], pair[1]) for pair in config.swap_points]
        augmenter = make_augmenter(self.plan.augment, swap=pairs)
        begun = self.network.structure.extractor, self.begin
        drawn = drawn_for(config, self.train, self.pixels, self.pixels_key, *begun, self.context)
        source = PixelBatches(
            self.pixels,
            self.train.positions,
            self.learned,
            self.targets,
            self._weights(),
            augmenter,
            coordinates,
            config.mix,
            config.mix_alpha,
            drawn,
        )

        def predict(rows: Rows) -> np.ndarray:
            size = batch_size(self.pixels.shape[1:])
            return self.targets.decode(run(self.network.full, self.pixels, rows.positions, size))

        return self._trainer("network", source, self.plan.epochs, self.plan.rate, predict, checkpoint)

    def _trainer(
        self,
        name: str,
        source: BatchSource,
        epochs: int,
        rate: float,
        predict: Callable[[Rows], np.ndarray] | None,
        checkpoint: Checkpoint,
    ) -> Trainer:
        """Returns the trainer of a phase.

        Averages, stopping and being watched are for the last one, which therefore says how to
        `predict` rows by the network as it is.
        """
        config, last = self.config, predict is not None
        threads = self.context.threads if name == "network" else 0
        batches = Batches(source, len(self.train), self.plan.batch, self.context.seed, threads)
        averaging = config.averaging if last else "none"
        cycles = min(config.snapshots, epochs) if last else 1
        schedule = Schedule(
            rate, epochs * len(batches), config.schedule, config.warmup, cycles, averaging == "swa"
        )
        share = (0.0, 1.0) if last and not self.plan.head_epochs else (HEAD_SHARE, 1.0)
        if name == "head":
            share = (0.0, 1.0) if last else (0.0, HEAD_SHARE)
        phase = Phase(name, epochs, schedule, averaging, cycles, config.patience if last else None, share)
        model = self.network.head if name == "head" else self.network.full
        judge, watch = self._onlookers(predict) if predict else (None, None)
        until = self.begun + (config.max_seconds or math.inf) * (1.0 if last else HEAD_TIME)
        report = self.context.report
        onlookers = (judge, watch, until, NOT_A_NUMBER)
        return Trainer(model, phase, batches, report, checkpoint, *onlookers, before=self.history)

    def _onlookers(
        self, predict: Callable[[Rows], np.ndarray]
    ) -> tuple[Callable[[], float] | None, Callable[[float], None] | None]:
        """Returns who decides on stopping, by the inner rows, and who watches from outside."""
        inner, watch = self.inner, self.context.watch

        def judge() -> float:
            return self.targets.error(inner.target, predict(inner))  # type: ignore[union-attr, arg-type]

        def show(fraction: float) -> None:
            watch(fraction, predict)  # type: ignore[misc]

        return judge if inner else None, show if watch else None

    def _weights(self) -> np.ndarray | None:
        """Returns float32 (n,): the rows' own weights times those of their class, mean 1."""
        weights = self.train.weights
        if self.config.class_weights == "balanced" and self.task.exclusive:
            counts = np.bincount(self.target, minlength=self.task.n_outputs)
            by_class = len(self.target) / (np.count_nonzero(counts) * np.maximum(counts, 1))
            weights = by_class[self.target] * (1.0 if weights is None else weights)
        if weights is None:
            return None
        return (weights / weights.mean()).astype(np.float32)

    def _finish(self, trainer: Trainer, found: list[Values], frozen: Frozen) -> TrainedNetwork:
        """Measures statistics again and looks at what the network says of its own training rows."""
        network, values = self.network, []
        for weights in found:
            trainer.model.set_weights(weights)
            if network.learns:
                measure_again(network, self.pixels, self.train.positions, self.plan.batch, self.context.seed)
                values.append(network.values())
            else:
                values.append([*frozen.values, *network.head.get_weights()])
        notes: dict[str, Any] = {"pictures": len(self.train), "decided": dict(self.plan.reasons)}
        notes |= {**trainer.notes(), "history": self.history}
        if warnings := self._look(frozen):
            notes["warnings"] = warnings
        return TrainedNetwork(
            network.structure,
            values,
            len(network.extractor.weights),
            "" if network.learns else frozen.identity,
            self.targets.facts(),
            notes,
        )

    def _look(self, frozen: Frozen) -> list[str]:
        chosen = np.random.default_rng(self.context.seed).permutation(len(self.train))[:LOOKED_AT]
        positions = self.train.positions[chosen]
        if self.network.learns:
            raw = run(self.network.full, self.pixels, positions, batch_size(self.pixels.shape[1:]))
        else:
            features, at = frozen.features(self.pixels, self.pixels_key, positions, self.context)
            raw = run(self.network.head, features, at, 256)
        return warnings_of(self.task, self.target[chosen], self.targets.decode(raw))


def _usable(rows: Rows, targets: Targets) -> Rows:
    """Returns the rows that have a target to learn from.

    Raises:
        ModelError: there is none.
    """
    kept = np.flatnonzero(targets.usable(rows.target))
    if not len(kept):
        raise ModelError("No training row has a target.")
    return rows.take(kept)

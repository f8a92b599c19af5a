"""A fit of a network of texts, and what it answers: tokens through the one training loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.clock import Clock
from pipeline.context import Context, ignore
from pipeline.data.rows import Rows
from pipeline.data.target import TargetCoder, coder_of
from pipeline.networks.keras_import import load_keras, to_numpy
from pipeline.networks.network import get_network
from pipeline.networks.targets import SMALLEST, told
from pipeline.networks.texts.augment import TextAugmenter
from pipeline.networks.texts.batches import LengthBatches
from pipeline.networks.texts.saved import TunedText
from pipeline.networks.texts.windows import buckets
from pipeline.networks.tokens.changed import ChangedBatches
from pipeline.networks.tokens.config import TextNetConfig
from pipeline.networks.tokens.network import PointerNetwork, TokenNetwork
from pipeline.networks.tokens.sequences import Sequences, TokenBatches
from pipeline.networks.tokens.structure import make_token_structure
from pipeline.networks.tokens.vectors import table_of
from pipeline.networks.tokens.vocabulary import FIRST, Vocabulary
from pipeline.networks.training.checkpoint import Checkpoint, name_fit
from pipeline.networks.training.guard import NOT_A_NUMBER, guarded
from pipeline.networks.training.phase import Phase
from pipeline.networks.training.schedule import Schedule
from pipeline.networks.training.trainer import Trainer
from pipeline.tasks.base import Task
from pipeline.tasks.span import Span

Read = Mapping[str, Sequences]
LESS_MEMORY = "Halve `batch_size`, or take a smaller `max_length`, `vocabulary` or width"
LONG = 1 << 20  # tokens: no text is longer


class TokenFit:
    """One fit of a network of texts.

    All that it knows of texts comes from its training rows: vocabularies, classes and scale of the target,
    weights. The inner rows say when to stop, and nothing else.

    Args:
        config: the model's section.
        task: what is asked for.
        texts: texts of rows, a list for each column.
        context: seed, checkpoint, report.
        augmenter: changes the training texts; None: nothing does.
    """

    def __init__(
        self,
        config: TextNetConfig,
        task: Task,
        texts: Callable[[Rows], Sequence[Sequence[str]]],
        context: Context,
        augmenter: TextAugmenter | None = None,
    ) -> None:
        self.config, self.task, self.texts, self.context = config, task, texts, context
        self.augmenter = augmenter

    def run(self, train: Rows, inner: Rows | None) -> tuple[dict[str, Vocabulary], TunedText]:
        """Trains; returns the vocabularies by their reader, and what else was learned."""
        config, self.begun, train = self.config, Clock.now(), self._usable(train)
        load_keras(self.context.threads).utils.set_random_seed(self.context.seed % 2**32)
        texts = self.texts(train)
        self.vocabularies: dict[str, Vocabulary] = {
            reading.reader: Vocabulary.learned(reading, texts, config.min_count, config.vocabulary)
            for reading in config.readings(self.task)
        }
        self.coder = coder_of(self.task).fit(train.target)
        sizes = {name: len(one) for name, one in self.vocabularies.items()}
        self.network: TokenNetwork = network_of(config, self.task, self.coder, sizes, self.context.threads)
        self.network.reset(self.context.seed, None)
        notes: dict[str, Any] = {"texts": len(train), "tokens": sizes, **self._begin()}
        if not self.coder.trivial:
            source = self._source(self._read(texts), train)
            trainer = self._trainer(source, self._inner(inner))
            trainer.resume()
            [found] = guarded(trainer, "texts", LESS_MEMORY)
            self.network.full.set_weights(found)
            notes |= {"texts": source.count, **trainer.notes()}
        return self.vocabularies, TunedText(self.network.values(), self.coder.state(), notes)

    def _usable(self, train: Rows) -> Rows:
        """Returns the rows that can be learned from."""
        return train

    def _source(self, read: Any, rows: Rows) -> Any:
        """Returns what makes batches of training rows."""
        target = self.coder.matrix(self.coder.encode(rows.target)).astype(np.float32)
        if self.augmenter is None:
            return TokenBatches(read, target[:, None], rows.weights)
        again = (self.vocabularies, self.texts(rows), rows.ids.tolist(), self.augmenter)
        return ChangedBatches(read, target[:, None], rows.weights, *again)

    def _read(self, texts: Sequence[Sequence[str]]) -> Any:
        return {name: one.read(texts) for name, one in self.vocabularies.items()}

    def _begin(self) -> dict[str, int]:
        """Has words begin with pretrained vectors, where there are some; returns how many have one."""
        if self.config.vectors is None:
            return {}
        table, words = self.network.table("word"), self.vocabularies["word"].tokens
        filled, count = table_of(self.config.vectors_file, words, FIRST, to_numpy(table))
        table.assign(filled)
        return {"pretrained": count}

    def _inner(self, inner: Rows | None) -> tuple[Any, np.ndarray] | None:
        """Returns texts and target of the inner rows whose class the training rows hold."""
        if inner is None or self.config.patience is None:
            return None
        inner = inner.take(np.flatnonzero(self.coder.known(inner.target)))
        return self._read(self.texts(inner)), self.coder.matrix(self.coder.encode(inner.target))

    def _trainer(self, source: Any, inner: tuple[Any, np.ndarray] | None) -> Trainer:
        config, context, rows = self.config, self.context, len(source.targets)
        lengths = source.parts[0].lengths
        batches = LengthBatches(source, rows, min(config.batch_size, rows), context.seed, 1, lengths)
        schedule = Schedule(
            config.learning_rate,
            config.epochs * len(batches),
            warmup=config.warmup,
            averaged=config.averaging == "swa",
        )
        return Trainer(
            self.network.full,
            Phase("network", config.epochs, schedule, config.averaging, patience=inner and config.patience),
            batches,
            context.report,
            Checkpoint(context.checkpoint, self._name(source, inner)),
            judge=None if inner is None else lambda: self._error(*inner),
            watch=self._watch if context.watch else None,
            until=self.begun + (config.max_seconds or math.inf),
            advice=NOT_A_NUMBER,
        )

    def _name(self, source: Any, inner: tuple[Any, np.ndarray] | None) -> str:
        """Returns what the fit depends on, hashed."""
        seen: list[Any] = [self.network.values(), source.targets, source.weights, inner and inner[1]]
        for one in [*source.parts, *(self._parts(inner[0]) if inner else [])]:
            seen += [one.ids, one.starts]
        seen += [source.augmenter.digest(source.ids)] if isinstance(source, ChangedBatches) else []
        flat = [part for one in seen for part in (one if isinstance(one, list) else [one])]
        return name_fit(self.config.model_dump_json(), self.task, self.context.seed, *flat)

    def _parts(self, read: Any) -> list[Any]:
        """Returns what is looked at of texts: numbers of tokens, and where each begins."""
        return list(read.values())

    def _error(self, read: Any, target: np.ndarray) -> float:
        """Returns the loss of the inner rows, from which early stopping decides."""
        return self.task.loss(target, answered(self.network, read, self.task), SMALLEST)

    def _watch(self, fraction: float) -> None:
        if self.context.watch:
            self.context.watch(fraction, self._predict)

    def _predict(self, rows: Rows) -> np.ndarray:
        return predicted(self.network, self._read(self.texts(rows)), self.task, self.coder)


def network_of(
    config: TextNetConfig, task: Task, coder: TargetCoder, sizes: dict[str, int], threads: int
) -> TokenNetwork:
    """Returns the process's network for a section, a target and vocabularies of these sizes."""
    outputs = 2 if isinstance(task, Span) else coder.n_classes or task.n_outputs
    structure = make_token_structure(config, task, outputs, sizes)
    make = PointerNetwork if isinstance(task, Span) else TokenNetwork
    network: Any = get_network(structure, threads, make)
    return network


def predicted(
    network: TokenNetwork,
    read: Read,
    task: Task,
    coder: TargetCoder,
    report: Callable[[float, str], None] = ignore,
) -> np.ndarray:
    """Returns float32 (texts, outputs): predictions by a network as it is.

    Args:
        network: its weights are set.
        read: the texts, by the reader.
        task: what is asked for.
        coder: of the target.
        report: told of the share that is done.
    """
    count = len(next(iter(read.values())))
    if coder.trivial or not count:
        return coder.decode(np.ones((count, coder.n_classes or task.n_outputs)))
    return coder.decode(answered(network, read, task, report))


def answered(
    network: TokenNetwork, read: Read, task: Task, report: Callable[[float, str], None] = ignore
) -> np.ndarray:
    """Returns float64 (texts, columns): probabilities or scaled values."""
    return told(task, _run(network.full, read, report))


def represented(
    network: TokenNetwork, read: Read, report: Callable[[float, str], None] = ignore
) -> np.ndarray:
    """Returns float32 (texts, width): what the branches say."""
    return _run(network.extractor, read, report)


def _run(model: Any, read: Read, report: Callable[[float, str], None]) -> np.ndarray:
    """Returns float32 (texts, width): a Keras model's outputs, texts of like length looked at together."""
    lengths = np.max([one.lengths for one in read.values()], axis=0)
    values, done = np.empty((len(lengths), model.output_shape[-1]), np.float32), 0
    for chosen, _, size in buckets(lengths, LONG):
        filled = np.concatenate([chosen, np.repeat(chosen[-1:], size - len(chosen))])
        said = model.predict_on_batch({name: one.padded(filled) for name, one in read.items()})
        values[chosen] = np.asarray(said)[: len(chosen)].reshape(len(chosen), -1)
        done += len(chosen)
        report(done / len(lengths), f"{done:,} of {len(lengths):,} texts")
    return values

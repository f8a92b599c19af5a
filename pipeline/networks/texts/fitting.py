"""A fit of an encoder that learns, and what it answers: windows of texts through the one training loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from pipeline.clock import Clock
from pipeline.context import Context, ignore
from pipeline.data.rows import Rows
from pipeline.data.target import TargetCoder, coder_of
from pipeline.networks.keras_import import load_keras
from pipeline.networks.network import Values, get_network
from pipeline.networks.targets import SMALLEST, told
from pipeline.networks.texts import encoder as encoders
from pipeline.networks.texts.batches import (
    Again,
    ChangedWindows,
    LengthBatches,
    WindowBatches,
    window_weights,
)
from pipeline.networks.texts.config import TransformerConfig
from pipeline.networks.texts.inference import input_names, run
from pipeline.networks.texts.network import TextNetwork
from pipeline.networks.texts.saved import TunedText
from pipeline.networks.texts.structure import TextStructure
from pipeline.networks.texts.windows import Windows, mean_by_text, windows_of
from pipeline.networks.training.checkpoint import Checkpoint, name_fit
from pipeline.networks.training.guard import NOT_A_NUMBER, guarded
from pipeline.networks.training.phase import Phase
from pipeline.networks.training.schedule import Schedule
from pipeline.networks.training.trainer import Trainer
from pipeline.tasks.base import Task

Read = Callable[[Rows], Sequence[Any]]  # a text or a pair of texts of each row
LESS_MEMORY = (
    "Halve `batch_size` and double `accumulate`, take a smaller `max_length`, or set `mixed_precision: true`"
)


class TextFit:
    """One fit of an encoder.

    A subclass says what other windows teach, and by which network.

    What it learns comes from its training rows: the tokenizer's vocabulary and the weights that it begins
    with are the folder's, classes and scale of the target are the training rows', and the inner rows say
    when to stop.

    Args:
        config: the model's section.
        task: what is asked for.
        structure: of the network, by the number of outputs.
        tokens: of the pretrained encoder.
        read: texts of rows.
        context: seed, checkpoint, caches.
        again: of training rows, what returns changed texts of some of them by positions and seeds; None:
            nothing changes them.
    """

    Network: ClassVar[type[TextNetwork]] = TextNetwork

    def __init__(
        self,
        config: TransformerConfig,
        task: Task,
        structure: Callable[[int], TextStructure],
        tokens: encoders.Tokens,
        read: Read,
        context: Context,
        again: Callable[[Rows], Again] | None = None,
    ) -> None:
        self.again = again
        self.config, self.task, self.structure = config, task, structure
        self.tokens, self.read, self.context = tokens, read, context
        self.most = config.most_windows(task)

    def run(self, train: Rows, inner: Rows | None) -> TunedText:
        """Trains and returns what was learned."""
        keras = load_keras(self.context.threads)
        self.begun = Clock.now()
        keras.utils.set_random_seed(self.context.seed % 2**32)
        self.coder = coder_of(self.task).fit(train.target)
        built: Any = get_network(self.structure(self._outputs()), self.context.threads, self.Network)
        self.network: TextNetwork = built
        self.network.begin(self.context.seed)
        source = self._source(train)
        notes: dict[str, Any] = {"texts": source.count, "windows": len(source.windows)}
        if not self.coder.trivial:
            trainer = self._trainer(source, self._inner(inner))
            trainer.resume()
            [found] = guarded(trainer, "windows", LESS_MEMORY)
            self.network.full.set_weights(found)
            notes |= trainer.notes()
        learned = self.network.learned()
        values = [value for value, kept in zip(self.network.values(), learned, strict=True) if kept]
        return TunedText(values, self.coder.state(), notes)

    def _outputs(self) -> int:
        """Returns how many logits or values the network gives."""
        return self.coder.n_classes or self.task.n_outputs

    def _source(self, train: Rows) -> WindowBatches:
        """Returns what makes batches of the training rows' windows."""
        windows = windows_of(self.tokens.tokenizer, self.read(train), self.most)
        target = self.coder.matrix(self.coder.encode(train.target)).astype(np.float32)[:, None]
        weights = window_weights(windows, train.weights)
        told = (
            windows,
            target,
            weights,
            input_names(self.network.full),
            self.tokens.longest,
            self.tokens.pad,
        )
        if self.again is None:
            return WindowBatches(*told)
        return ChangedWindows(*told, self.again(train), self.tokens.tokenizer, self.most)

    def _inner(self, inner: Rows | None) -> tuple[Windows, np.ndarray] | None:
        """Returns windows and target of the inner rows whose class the training rows hold."""
        if inner is None or self.config.patience is None:
            return None
        inner = inner.take(np.flatnonzero(self.coder.known(inner.target)))
        windows = windows_of(self.tokens.tokenizer, self.read(inner), self.most)
        return windows, self.coder.matrix(self.coder.encode(inner.target))

    def _trainer(self, source: WindowBatches, inner: tuple[Windows, np.ndarray] | None) -> Trainer:
        config, context, windows = self.config, self.context, source.windows
        size = min(config.batch_size, len(windows))
        batches = LengthBatches(source, len(windows), size, context.seed, 1, windows.lengths)
        schedule = Schedule(config.learning_rate, config.epochs * len(batches), "cosine", config.warmup)
        patience = None if inner is None else config.patience
        seen: list[Any] = [source.targets, windows.ids, windows.starts, source.weights]
        seen += [inner[0].ids, inner[1]] if inner else []
        name = name_fit(
            config.model_dump_json(), self.task, context.seed, self.network.structure.identity, *seen
        )
        return Trainer(
            self.network.full,
            Phase("network", config.epochs, schedule, patience=patience),
            batches,
            context.report,
            Checkpoint(context.checkpoint, name),
            judge=None if inner is None else lambda: self._error(*inner),
            watch=self._watch if context.watch else None,
            until=self.begun + (config.max_seconds or math.inf),
            advice=NOT_A_NUMBER,
        )

    def _error(self, windows: Windows, target: np.ndarray) -> float:
        """Returns the loss of the inner rows, from which early stopping decides."""
        answer = answered(self.network, self.tokens, windows, len(target), self.task)
        return self.task.loss(target, answer, SMALLEST)

    def _watch(self, fraction: float) -> None:
        if self.context.watch:
            self.context.watch(fraction, self._predict)

    def _predict(self, rows: Rows) -> np.ndarray:
        return predicted(self.network, self.tokens, self.read(rows), self.most, self.task, self.coder)


def predicted(
    network: TextNetwork,
    tokens: encoders.Tokens,
    texts: Sequence[Any],
    most: int,
    task: Task,
    coder: TargetCoder,
    report: Callable[[float, str], None] = ignore,
) -> np.ndarray:
    """Returns float32 (texts, outputs): predictions by a network as it is.

    Args:
        network: its weights are set.
        tokens: of its encoder.
        texts: a text or a pair of texts each.
        most: windows of a text.
        task: what is asked for.
        coder: of the target.
        report: told of the share that is done.
    """
    if coder.trivial or not len(texts):
        return coder.decode(np.ones((len(texts), coder.n_classes or task.n_outputs)))
    windows = windows_of(tokens.tokenizer, texts, most)
    return coder.decode(answered(network, tokens, windows, len(texts), task, report))


def answered(
    network: TextNetwork,
    tokens: encoders.Tokens,
    windows: Windows,
    count: int,
    task: Task,
    report: Callable[[float, str], None] = ignore,
) -> np.ndarray:
    """Returns float32 (texts, columns): probabilities or scaled values, the mean of a text's windows."""
    said = told(task, run(network.full, windows, tokens.longest, tokens.pad, report))
    return mean_by_text(said, windows.lengths.astype(np.float64), windows.texts, count)


def represented(
    network: TextNetwork, tokens: encoders.Tokens, texts: Sequence[Any], most: int, context: Context
) -> np.ndarray:
    """Returns float32 (texts, width): pooled features, the mean of a text's windows."""
    windows = windows_of(tokens.tokenizer, texts, most)
    found = run(network.vectors, windows, tokens.longest, tokens.pad, context.report)
    return mean_by_text(found, windows.lengths.astype(np.float64), windows.texts, len(texts))


def network_of(
    structure: TextStructure, values: Values, threads: int, kind: type[TextNetwork] = TextNetwork
) -> TextNetwork:
    """Returns the process's network of a structure, with what was learned."""
    network: Any = get_network(structure, threads, kind)
    network.assign(network.completed(values))
    return network

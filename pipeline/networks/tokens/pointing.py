"""A fit of a network that points at words of a text, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.context import ignore
from pipeline.data.dense import room
from pipeline.data.rows import Rows
from pipeline.errors import ModelError
from pipeline.networks.targets import SMALLEST, softmax
from pipeline.networks.texts.windows import buckets
from pipeline.networks.tokens.fitting import LONG, TokenFit
from pipeline.networks.tokens.network import TokenNetwork
from pipeline.networks.tokens.sequences import PAD, Sequences, TokenBatches
from pipeline.networks.tokens.vocabulary import BREAK
from pipeline.networks.training.batches import Batch
from pipeline.tasks.span import Span

READER = "word"  # whose tokens are the words that a span is told by


@dataclass(frozen=True)
class PointerBatches(TokenBatches):
    """Makes batches of texts with a one at the first and at the last word of each answer.

    Attributes:
        targets: int64 (texts, 2), the first and the last word.
    """

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        inputs = {name: one.padded(rows) for name, one in self.read.items()}
        marks = np.zeros((*inputs[READER].shape, 2), np.float32)
        for side in (0, 1):
            marks[np.arange(len(rows)), self.targets[rows, side], side] = 1.0
        weights = None if self.weights is None else self.weights[rows]
        return inputs, marks, weights  # type: ignore[return-value]


class PointerFit(TokenFit):
    """One fit of a network that points; of the columns, the first is the one that answers are parts of."""

    task: Span

    def _usable(self, train: Rows) -> Rows:
        return train.take(np.flatnonzero(self._within(train)))

    def _within(self, rows: Rows) -> np.ndarray:
        """Says of each row whether its answer lies in what is read of its text: bool (rows,)."""
        found = self.task.learnable(rows.target)
        found &= np.asarray(rows.target)[:, 2] < self.config.max_length
        if not found.any():
            raise ModelError(
                f"No answer of {len(rows):,} rows lies in the first {self.config.max_length:,} words of its "
                "text: raise `max_length`."
            )
        return found

    def _source(self, read: Mapping[str, Sequences], rows: Rows) -> TokenBatches:
        return PointerBatches(read, np.asarray(rows.target)[:, 1:].astype(np.int64), rows.weights)

    def _inner(self, inner: Rows | None) -> tuple[dict[str, Sequences], np.ndarray] | None:
        if inner is None or self.config.patience is None:
            return None
        inner = inner.take(np.flatnonzero(self._within(inner)))
        return self._read(self.texts(inner)), np.asarray(inner.target)

    def _error(self, read: Mapping[str, Sequences], target: np.ndarray) -> float:
        return self.task.loss(target, pointed(self.network, read, self.task), SMALLEST)

    def _predict(self, rows: Rows) -> np.ndarray:
        return pointed(self.network, self._read(self.texts(rows)), self.task)


def pointed(
    network: TokenNetwork,
    read: Mapping[str, Sequences],
    task: Span,
    report: Callable[[float, str], None] = ignore,
) -> np.ndarray:
    """Returns float16 (texts, outputs): how likely each word is the first, and the last.

    Args:
        network: its weights are set.
        read: the texts, the one that is pointed at before what stands beside it.
        task: what is asked for.
        report: told of the share that is done.
    """
    sequences = read[READER]
    values, done = room((len(sequences), task.n_outputs), 0.0), 0
    for chosen, _, size in buckets(sequences.lengths, LONG):
        filled = np.concatenate([chosen, np.repeat(chosen[-1:], size - len(chosen))])
        ids = sequences.padded(filled)
        said: Any = network.full.predict_on_batch({READER: ids})
        said = np.asarray(said)[: len(chosen)]
        own = ((np.cumsum(ids == BREAK, axis=1) == 0) & (ids != PAD))[: len(chosen), :, None]
        chances = np.where(own, softmax(said.transpose(0, 2, 1)).transpose(0, 2, 1), 0.0)
        chances[~own.any(axis=(1, 2)), 0] = 1.0  # a text without a word
        words = min(task.width, ids.shape[1])
        for side in (0, 1):
            begin = side * task.width
            values[chosen, begin : begin + words] = chances[:, :words, side]
        done += len(chosen)
        report(done / len(sequences), f"{done:,} of {len(sequences):,} texts")
    return values

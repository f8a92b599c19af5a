"""A fit of a network that points at words of a text, and the windows of words that it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.context import ignore
from pipeline.data.rows import Rows
from pipeline.errors import ModelError
from pipeline.networks.targets import SMALLEST
from pipeline.networks.texts.batches import window_weights
from pipeline.networks.texts.pointing import PointingBatches, Report, pointed, taught
from pipeline.networks.texts.span_windows import NOWHERE, SpanWindows
from pipeline.networks.texts.windows import joined
from pipeline.networks.tokens.fitting import LONG, TokenFit
from pipeline.networks.tokens.network import TokenNetwork
from pipeline.networks.tokens.sequences import PAD
from pipeline.networks.tokens.vocabulary import BREAK, Vocabulary
from pipeline.tasks.span import Span

READER = "word"  # whose tokens are the words that a span is told by
SHARED = 4  # two windows of a text share one word in so many
INPUTS = ("token_ids", "pointed")


class PointerFit(TokenFit):
    """One fit of a network that points; of the columns, the first is the one that answers are parts of."""

    task: Span

    def _usable(self, train: Rows) -> Rows:
        found = train.take(np.flatnonzero(self.task.learnable(train.target)))
        if not len(found):
            raise ModelError(f"No answer of {len(train):,} rows lies in its text.")
        return found

    def _source(self, read: SpanWindows, rows: Rows) -> PointingBatches:
        spans = np.asarray(rows.target)[:, 1:].astype(np.int64)
        windows, places, kept = taught(read, spans, self.context.seed)
        longest = self.config.max_length
        if not len(kept):
            raise ModelError(
                f"No answer of {len(rows):,} rows is as short as a window of {longest:,} words: raise "
                "`max_length`."
            )
        weights = window_weights(windows, None if rows.weights is None else rows.weights[kept])
        return PointingBatches(windows, places, weights, INPUTS, LONG, PAD)

    def _read(self, texts: Sequence[Sequence[str]]) -> SpanWindows:
        return word_windows(self.vocabularies, texts, self.config.max_length)

    def _inner(self, inner: Rows | None) -> tuple[SpanWindows, np.ndarray] | None:
        if inner is None or self.config.patience is None:
            return None
        inner = inner.take(np.flatnonzero(self.task.learnable(inner.target)))
        return self._read(self.texts(inner)), np.asarray(inner.target)

    def _parts(self, read: SpanWindows) -> list[Any]:
        return [read]

    def _error(self, read: SpanWindows, target: np.ndarray) -> float:
        return self.task.loss(target, told_of(self.network, read, len(target), self.task), SMALLEST)

    def _predict(self, rows: Rows) -> np.ndarray:
        return told_of(self.network, self._read(self.texts(rows)), len(rows), self.task)


def word_windows(
    vocabularies: Mapping[str, Vocabulary], texts: Sequence[Sequence[str]], longest: int
) -> SpanWindows:
    """Takes texts apart into windows of words, each followed by what stands beside the text.

    Args:
        vocabularies: by the reader.
        texts: of the rows, a list for each column, first the one that is pointed at.
        longest: words of a window, and of what stands beside.
    """
    vocabulary = vocabularies[READER]
    own, beside = vocabulary.read(texts[:1]), vocabulary.read(texts[1:]) if len(texts) > 1 else None
    step = max(longest - longest // SHARED, 1)
    parts, first = [], []
    for row in range(len(own)):
        words = own.ids[own.starts[row] : own.starts[row + 1]]
        words = words[words != BREAK]  # which stands for a text without a word
        behind = np.zeros(0, np.int32)
        if beside is not None:
            others = beside.ids[beside.starts[row] : beside.starts[row + 1]][:longest]
            behind = np.concatenate([[BREAK], others]).astype(np.int32)
        for start in range(0, max(len(words) - longest + step, 1), step):
            part = words[start : start + longest]
            ids = np.concatenate([part, behind]) if len(part) + len(behind) else np.array([BREAK], np.int32)
            parts.append((row, ids, np.zeros(len(ids), np.int8)))
            place = np.full(len(ids), NOWHERE, np.int32)
            place[: len(part)] = np.arange(start, start + len(part))
            first.append(place)
    windows, at = joined(parts), np.concatenate([np.zeros(0, np.int32), *first])
    return SpanWindows(windows.ids, windows.segments, windows.starts, windows.texts, at, at)


def told_of(
    network: TokenNetwork, windows: SpanWindows, count: int, task: Span, report: Report = ignore
) -> np.ndarray:
    """Returns float16 (texts, outputs): how likely each word is the first, and the last."""
    return pointed(network.full, windows, count, task, LONG, PAD, report)

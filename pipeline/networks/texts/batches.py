"""Batches of windows: of like length, so that none is filled up to the longest of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.networks.texts.windows import STEP, Tokenizer, Windows, windows_of
from pipeline.networks.training.batches import Batch, Batches

Again = Callable[[np.ndarray, np.ndarray], Sequence[Any]]  # texts, or pairs, by positions and seeds

AMONG = 50  # batches whose windows are sorted by length together: more is less padding and less chance


@dataclass(frozen=True)
class WindowBatches:
    """Makes batches of windows, filled up to the longest in the batch.

    Attributes:
        windows: of the training texts.
        targets: float32 (texts, 1, outputs), as the loss wants them.
        weights: float32 (windows,), or None.
        names: of what the network takes.
        longest: tokens of a window.
        pad: the token that fills up.
    """

    windows: Windows
    targets: np.ndarray
    weights: np.ndarray | None
    names: Sequence[str]
    longest: int
    pad: int

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        weights = None if self.weights is None else self.weights[rows]
        return self.inputs(rows), self.targets[self.windows.texts[rows]], weights  # type: ignore[return-value]

    @property
    def count(self) -> int:
        """Number of texts that are learned from."""
        return int(self.windows.texts[-1]) + 1 if len(self.windows) else 0

    @property
    def parts(self) -> list[Windows]:
        """Numbers of tokens that are learned from, and where each window begins."""
        return [self.windows]

    def inputs(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Returns what the network takes of some windows, int32 (windows, tokens) each."""
        length = int(self.windows.lengths[rows].max(initial=1))
        length = min(-(-length // STEP) * STEP, self.longest)
        seen = self.windows.padded(rows, length, self.pad)
        return {name: seen[name] for name in self.names}


@dataclass(frozen=True)
class ChangedWindows(WindowBatches):
    """Makes batches of windows of changed texts, of each the window of the same number, or its last.

    Attributes:
        again: returns changed texts, by the positions of texts and seeds.
        tokenizer: takes them apart.
        most: windows of a text.
    """

    again: Again
    tokenizer: Tokenizer
    most: int

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        texts = self.windows.texts[rows]
        number = rows - np.searchsorted(self.windows.texts, texts)
        found = windows_of(self.tokenizer, self.again(texts, seeds), self.most)
        count = np.bincount(found.texts, minlength=len(rows))
        chosen = np.cumsum(count) - count + np.minimum(number, count - 1)
        changed = WindowBatches(found, self.targets[texts], None, self.names, self.longest, self.pad)
        inputs, targets, _ = changed(chosen, seeds)
        return inputs, targets, None if self.weights is None else self.weights[rows]


@dataclass(frozen=True)
class LengthBatches(Batches):
    """Batches of like length: of `AMONG` batches at a time the rows are sorted by it, the batches shuffled.

    Attributes:
        lengths: of the rows, int64 (n,).
    """

    lengths: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    def order(self, rng: np.random.Generator) -> np.ndarray:
        """Returns the rows of an epoch's batches, one batch after the other."""
        kept, most = super().order(rng)[: len(self) * self.size], AMONG * self.size
        parts = [kept[start : start + most] for start in range(0, len(kept), most)]
        alike = [part[np.argsort(self.lengths[part], kind="stable")] for part in parts]
        batches = np.concatenate([np.zeros(0, np.int64), *alike]).reshape(-1, self.size)
        return batches[rng.permutation(len(batches))].ravel()


def window_weights(windows: Windows, weights: np.ndarray | None) -> np.ndarray | None:
    """Returns float32 (windows,), mean 1: a text's weight shared by its windows; None where all are 1.

    Args:
        windows: of the texts.
        weights: (texts,) of the rows, or None.
    """
    several = np.bincount(windows.texts)
    if weights is None and several.max(initial=1) == 1:
        return None
    own = np.ones(len(several)) if weights is None else weights
    found = (own / several)[windows.texts]
    return (found / found.mean()).astype(np.float32)

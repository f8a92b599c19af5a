"""Sequences of tokens as numbers: flat, padded a batch at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.networks.texts.windows import STEP
from pipeline.networks.training.batches import Batch

PAD = 0  # the number that fills up


@dataclass(frozen=True)
class Sequences:
    """Numbers of the tokens of some texts, one text after the other.

    Attributes:
        ids: int32 (tokens,), none of them PAD.
        starts: int64 (texts + 1,): text i is `ids[starts[i]:starts[i + 1]]`.
    """

    ids: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Number of tokens of each text, int64 (texts,)."""
        return np.diff(self.starts)

    def padded(self, chosen: np.ndarray) -> np.ndarray:
        """Returns some texts, int32 (texts, length), filled up to a multiple of STEP."""
        lengths = self.lengths[chosen]
        length = max(-(-int(lengths.max(initial=1)) // STEP), 1) * STEP
        places = np.arange(length)
        inside = places < lengths[:, None]
        found = np.full(inside.shape, PAD, np.int32)
        found[inside] = self.ids[(self.starts[chosen][:, None] + places)[inside]]
        return found


def joined(parts: Sequence[np.ndarray]) -> Sequences:
    """Returns the sequences of texts that are given one by one."""
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    return Sequences(np.concatenate([np.zeros(0, np.int32), *parts]).astype(np.int32), starts)


@dataclass(frozen=True)
class TokenBatches:
    """Makes batches of texts, each reading of them filled up to its longest in the batch.

    Attributes:
        read: the texts as each reader has them, by its name.
        targets: float32 (texts, 1, outputs), as the loss wants them.
        weights: float32 (texts,), or None.
    """

    read: Mapping[str, Sequences]
    targets: np.ndarray
    weights: np.ndarray | None

    @property
    def count(self) -> int:
        """Number of texts that are learned from."""
        return len(self.targets)

    @property
    def parts(self) -> list[Sequences]:
        """Numbers of tokens that are learned from, and where each text begins."""
        return list(self.read.values())

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        inputs = {name: one.padded(rows) for name, one in self.read.items()}
        weights = None if self.weights is None else self.weights[rows]
        return inputs, self.targets[rows], weights  # type: ignore[return-value]

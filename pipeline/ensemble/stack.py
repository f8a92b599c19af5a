"""Level-2 rows: what every member said of every row, seen without copying."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.data import dense
from pipeline.metrics import SMALLEST_PROBABILITY


@dataclass(frozen=True)
class Stack:
    """Members' predictions of the same rows.

    A part of the rows is a list of positions, not a copy: a member's rows are taken when they are
    asked for, one member at a time.

    Attributes:
        members: one (all rows, outputs) array per member.
        rows: int64 positions in those arrays, or None for all of them.
    """

    members: tuple[np.ndarray, ...]
    rows: np.ndarray | None = None

    @classmethod
    def of(cls, members: Sequence[np.ndarray]) -> Stack:
        return cls(tuple(members))

    @classmethod
    def from_columns(cls, columns: np.ndarray, n_outputs: int) -> Stack:
        """Returns the stack of a (rows, members * outputs) matrix, one member after the other."""
        return cls(tuple(columns[:, k : k + n_outputs] for k in range(0, columns.shape[1], n_outputs)))

    def __len__(self) -> int:
        return len(self.members[0]) if self.rows is None else len(self.rows)

    @property
    def n_members(self) -> int:
        return len(self.members)

    @property
    def n_outputs(self) -> int:
        return self.members[0].shape[1]

    def take(self, positions: np.ndarray) -> Stack:
        """Returns the stack of these rows of this one."""
        return Stack(self.members, positions if self.rows is None else self.rows[positions])

    @property
    def values_type(self) -> np.dtype:
        """The type that blends are kept in: float16 of pictures, boxes as they are, else float32."""
        return self.members[0].dtype if dense.is_dense(self.members[0]) else np.dtype(np.float32)

    def keep(self, members: Sequence[int]) -> Stack:
        """Returns the stack of these members."""
        return Stack(tuple(self.members[m] for m in members), self.rows)

    def member(self, number: int) -> np.ndarray:
        """Returns one member's (rows, outputs)."""
        values = self.members[number]
        return values if self.rows is None else values[self.rows]

    def map(self, function: Callable[[np.ndarray], np.ndarray]) -> Stack:
        """Returns the stack of the transformed members (a copy of these rows)."""
        return Stack(tuple(function(self.member(m)) for m in range(self.n_members)))

    def combine(self, weights: np.ndarray) -> np.ndarray:
        """Returns the weighted sum, float64 (rows, outputs); of pictures float16; boxes are fused.

        Args:
            weights: (members,), or (members, outputs) with weights of their own per column.
        """
        if dense.is_dense(self.members[0]):
            some = np.flatnonzero(weights)
            return dense.weighted([self.members[n] for n in some], weights[some].tolist(), self.rows)
        total = np.zeros((len(self), self.n_outputs))
        for number in np.flatnonzero(np.any(np.atleast_2d(weights.T) != 0, axis=0)):
            total += self.member(int(number)) * weights[number]
        return total

    def mean(self) -> np.ndarray:
        """Returns the plain mean of the members, float64 (rows, outputs)."""
        return self.combine(np.full(self.n_members, 1.0 / self.n_members))

    def cube(self) -> np.ndarray:
        """Returns a copy of everything, float32 (members, rows, outputs)."""
        return np.stack([np.asarray(self.member(m), np.float32) for m in range(self.n_members)])

    def columns(self) -> np.ndarray:
        """Returns a copy of everything, (rows, members * outputs), one member after the other."""
        return np.concatenate([self.member(m) for m in range(self.n_members)], axis=1)

    def probability_of_truth(self, target: np.ndarray) -> np.ndarray:
        """Returns (decisions, members): the probability that each member gave to what was true.

        A decision is a row (classification) or a label of a row (multilabel). This is all that
        log loss sees, whatever the number of classes. Clipped to [1e-15, 1] as Kaggle does.
        """
        decisions = target.size
        truth = np.empty((decisions, self.n_members), np.result_type(*self.members))
        for number, values in enumerate(self.members):
            truth[:, number] = self._chosen(values, target)
        return np.clip(truth, SMALLEST_PROBABILITY, 1.0, out=truth)

    def _chosen(self, values: np.ndarray, target: np.ndarray) -> np.ndarray:
        if target.ndim == 1:
            return values[np.arange(len(target)) if self.rows is None else self.rows, target]
        probability = values if self.rows is None else values[self.rows]
        return np.where(target > 0.5, probability, 1.0 - probability).ravel()

"""Level-2 rows are held apart by fold, in time, and by the groups that they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Split:
    """Level-2 split: the fold that scored each row, and the groups that must not be torn apart.

    Attributes:
        folds: int (rows,) the fold that scored the row, -1 where none did.
        groups: (rows,) what the row belongs to, where folds keep groups together; rows of a group
            are no independent witnesses. None: every row stands for itself.
        ordered: folds follow each other in time: what is scored in a fold is learned from the
            folds before it only.
    """

    folds: np.ndarray
    groups: np.ndarray | None = None
    ordered: bool = False

    def __len__(self) -> int:
        return len(self.folds)

    def take(self, rows: np.ndarray) -> Split:
        """Returns the split of these rows (positions or a mask)."""
        return Split(self.folds[rows], None if self.groups is None else self.groups[rows], self.ordered)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The folds that score a row, in order."""
        return tuple(int(number) for number in np.unique(self.folds[self.folds >= 0]))

    def known_to(self, fold: int, among: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Returns the folds that may teach what is scored on this one; the first in time has none."""
        others = self.numbers if among is None else among
        return tuple(other for other in others if (other < fold if self.ordered else other != fold))

    def rows_of(self, *folds: int) -> np.ndarray:
        """Returns the positions of the rows of these folds."""
        return np.flatnonzero(np.isin(self.folds, folds))

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields (positions that are scored, positions to learn from) by fold."""
        for fold in self.numbers:
            yield self.rows_of(fold), self.rows_of(*self.known_to(fold))

    def coarse(self, parts: int) -> Split:
        """Returns the split with neighbouring folds joined where there are more than so many."""
        numbers = self.numbers
        if len(numbers) <= parts:
            return self
        part = np.full(len(self), -1, np.int64)
        for place, number in enumerate(numbers):
            part[self.folds == number] = place * parts // len(numbers)
        return Split(part, self.groups, self.ordered)

    def at_random(self, parts: int, seed: int) -> Split:
        """Returns a split into random parts of whole groups, for rows that one fold scored."""
        units = (
            np.arange(len(self)) if self.groups is None else np.unique(self.groups, return_inverse=True)[1]
        )
        count = int(units.max()) + 1
        part = np.random.default_rng(seed).permutation(np.arange(count) % min(parts, count))
        return Split(part[units], self.groups)

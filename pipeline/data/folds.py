"""Folds: drawn once, saved, hashed, and shared by every model of a competition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.config.schema import FoldsConfig
from pipeline.data.draw import assign
from pipeline.errors import DataError, listing
from pipeline.store import digest
from pipeline.tasks.base import Task

PINNED = -1  # the fold of a row that is never scored
EARLIEST = -2  # the same, where time orders the rows: the first half of those that only train
WHOLE = np.iinfo(np.int16).max  # the number of the fit on all rows, after every fold in time
NO_ROWS = np.zeros(0, np.int64)


class Fold(NamedTuple):
    """One split: which repeat, which fold, and positions of the rows.

    A nested fit leaves out further folds: `others`. Its valid rows are those of all that it leaves out.
    Where time orders the folds, number -1 is the fit on the earliest rows, which no fold scores: it
    predicts the other rows that only train, for models that read its predictions; and number WHOLE is the
    fit on all rows, which answers for the test rows: they lie after all that is known.
    """

    repeat: int
    number: int
    train: np.ndarray = NO_ROWS
    valid: np.ndarray = NO_ROWS
    others: tuple[int, ...] = ()

    @property
    def label(self) -> str:
        named = {PINNED: "early", WHOLE: "whole"}
        name = named.get(self.number) or "fold" + "+".join(map(str, self.left_out))
        return name if not self.repeat else f"repeat{self.repeat}-{name}"

    @property
    def left_out(self) -> tuple[int, ...]:
        """Numbers of the folds that it does not train on."""
        return (self.number, *self.others)

    @property
    def scored(self) -> bool:
        """Whether the valid rows are scored: not so in nested fits, which other models read."""
        return not self.others and 0 <= self.number < WHOLE

    @property
    def identity(self) -> tuple[int, tuple[int, ...]]:
        """Identity without the rows."""
        return self.repeat, self.left_out

    def leaving_out(self, number: int) -> Fold:
        """Returns the nested split, without its rows, that leaves out one more fold."""
        first, *others = sorted({*self.left_out, number})
        return Fold(self.repeat, first, others=tuple(others))


@dataclass(frozen=True)
class Folds:
    """Folds: within a repeat each row is scored by one fold, or by none.

    Attributes:
        assignment: int16 (repeats, rows): the fold that scores the row, or a negative number for a
            row that is never scored: the only one of its class; where time orders them the earliest
            rows (EARLIEST the first half of them, PINNED the others).
        ordered: rows are ordered in time: a fold trains on the folds before it only.

    Example:
        >>> import numpy as np
        >>> folds = Folds(np.array([[0, 1, 0, 1]], dtype=np.int16))
        >>> [(fold.train.tolist(), fold.valid.tolist()) for fold in folds]
        [([1, 3], [0, 2]), ([0, 2], [1, 3])]
    """

    assignment: np.ndarray
    ordered: bool = False

    @property
    def n(self) -> int:
        return int(self.assignment.max()) + 1

    @property
    def hash(self) -> str:
        return digest([self.assignment.tolist(), self.ordered])

    @property
    def pinned(self) -> np.ndarray:
        """Positions of the rows that no fold scores."""
        return np.flatnonzero((self.assignment < 0).all(axis=0))

    def __iter__(self) -> Iterator[Fold]:
        for repeat in range(len(self.assignment)):
            for number in range(self.n):
                yield self.with_rows(Fold(repeat, number))

    def answers(self, fold: Fold) -> bool:
        """Says whether a fit is asked for the test rows; where time orders the folds only the last one is."""
        return fold.number == WHOLE if self.ordered else fold.scored

    def with_rows(self, fold: Fold) -> Fold:
        """Returns the split with its rows: those of later folds never train where time orders them."""
        fold_of = self.assignment[fold.repeat]
        valid = np.isin(fold_of, fold.left_out)
        train = fold_of < fold.number if self.ordered else ~valid
        return fold._replace(train=np.flatnonzero(train), valid=np.flatnonzero(valid))

    def save(self, folder: Path) -> None:
        np.save(folder / "assignment.npy", self.assignment)

    @classmethod
    def load(cls, folder: Path, ordered: bool) -> Folds:
        return cls(np.load(folder / "assignment.npy", allow_pickle=False), ordered)


def fold_kind(config: FoldsConfig) -> str:
    """Returns the kind that `auto` stands for."""
    if config.kind != "auto":
        return config.kind
    if config.column:
        return "column"
    if config.time:
        return "time"
    return "stratified_group" if config.group else "stratified"


def make_folds(
    config: FoldsConfig, task: Task, target: np.ndarray, column: np.ndarray | None = None
) -> Folds:
    """Draws the folds.

    Args:
        config: kind, number, repeats and seed.
        task: decides what stratification balances: classes, the label sum, or deciles of the value.
        target: as a Dataset keeps it.
        column: (rows,) values of the group, time or fold column, where the kind needs one.

    Raises:
        DataError: more folds than rows or groups, an empty fold, a fold column that is no number.
    """
    kind, rows = fold_kind(config), len(target)
    if config.n > rows:
        raise DataError(
            f"`folds.n` must be at most {rows}, the number of training rows. Received: {config.n}."
        )
    if kind == "column":
        given = Folds(_given(column)[None])
        if given.n != config.n:
            raise DataError(
                f"`folds.n` must be {given.n}, the number of folds in {config.column!r}. "
                f"Received: {config.n}."
            )
        return _check(given, "column")
    if kind == "time":
        return _check(Folds(_in_time(config, column)[None], ordered=True), "time")
    return _check(_drawn(config, kind, task, target, column), kind)


def _drawn(
    config: FoldsConfig, kind: str, task: Task, target: np.ndarray, column: np.ndarray | None
) -> Folds:
    """Draws folds at random, by classes or groups; the only row of a class is pinned."""
    strata, groups, pinned = task.strata(target), None, task.alone(target)
    if column is not None and kind in {"group", "stratified_group"}:
        names, groups = np.unique(column.astype(str), return_inverse=True)
        pinned[:] = False
        if len(names) < config.n:
            raise DataError(
                f"`folds.n` must be at most {len(names)}, the number of groups in {config.group!r}. "
                f"Received: {config.n}."
            )
    free = np.flatnonzero(~pinned)
    if len(free) < config.n:
        raise DataError(
            f"`folds.n` must be at most {len(free)}, the number of rows whose class has another row. "
            f"Received: {config.n}."
        )
    assignment = np.full((config.repeats, len(target)), PINNED, np.int16)
    for repeat in range(config.repeats):
        chosen = None if groups is None else groups[free]
        assignment[repeat, free] = assign(kind, strata[free], chosen, config.n, config.seed + repeat)
    return Folds(assignment)


def _in_time(config: FoldsConfig, time: np.ndarray | None) -> np.ndarray:
    """Returns the folds of rows that time orders: the earliest rows only train. Ties stay together.

    Those that only train are cut into halves once more (EARLIEST, PINNED), where they have two moments.
    """
    if time is None:
        raise DataError("`folds.kind: time` needs the column that orders the rows.")
    moments, rank = np.unique(time, return_inverse=True)
    n, ahead, count = config.n, config.ahead or 1, len(moments)
    if count < n * ahead + 1:
        if config.ahead:
            raise DataError(
                f"`folds.n` times `folds.ahead` must be below {count}, the number of moments. "
                f"Received: {n} x {ahead}."
            )
        raise DataError(f"`folds.n` must be below {count}, the number of moments. Received: {n}.")
    share = np.cumsum(np.bincount(rank)) / len(time)
    if config.ahead:
        block = np.maximum(n - np.arange(count)[::-1] // ahead, 0)
    else:
        block = np.minimum(np.ceil(share * (n + 1) - 1e-9).astype(int) - 1, n)
    early = np.flatnonzero(block == 0)
    half = np.searchsorted(share[early], share[early[-1]] / 2) if len(early) else 0
    block[early[: max(half, 1) if len(early) > 1 else 0]] = -1
    return (block[rank] - 1).astype(np.int16)


def _given(column: np.ndarray | None) -> np.ndarray:
    if column is None:
        raise DataError("`folds.kind: column` needs the column that holds the folds.")
    try:
        numbers = column.astype(np.float64)
    except ValueError:
        numbers = np.unique(column.astype(str), return_inverse=True)[1].astype(np.float64)
    if np.isnan(numbers).any():
        raise DataError(f"`folds.column`: {int(np.isnan(numbers).sum())} rows have no fold.")
    values = np.unique(numbers[numbers >= 0])
    return np.where(numbers < 0, PINNED, np.searchsorted(values, numbers)).astype(np.int16)


def _check(folds: Folds, kind: str) -> Folds:
    """Refuses folds that train or score on nothing."""
    empty = [fold.label for fold in folds if not len(fold.train) or not len(fold.valid)]
    if folds.n < 2 or empty:
        raise DataError(
            f"`folds.kind: {kind}` gives {folds.n} folds, of which {listing(empty) or 'none'} are empty."
        )
    return folds

"""Rows that a search never sees: a fold of the run is held back, and the trials divide the rest.

What is held back is one of the run's own folds, so that groups, times, strata and given folds are
obeyed as they are everywhere, and a search that goes on holds the same rows back as before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from pipeline.config.reads import LEARNED
from pipeline.config.schema import FoldsConfig
from pipeline.data.folds import Fold, Folds, fold_kind, make_folds
from pipeline.errors import DataError
from pipeline.run.outputs import learnable
from pipeline.run.run import Run

ENOUGH_HELD = 2000  # rows that say something of a gain; where a fold has fewer, several take their turn
ENOUGH_GROUPS = 50  # the same, of groups
ENOUGH_TRIALS = 20  # from which the search of one part is worth its name
LEAST_REST = 0.4  # of the rows must be left to the trials
FEWEST_FOLDS = 2  # of the trials


@dataclass(frozen=True)
class RestFolds(Folds):
    """Folds of some of the rows; no other row trains, is scored or is pinned.

    Attributes:
        rows: (rows of `assignment`,) their positions in the training table, in rising order.
    """

    rows: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def pinned(self) -> np.ndarray:
        return self.rows[super().pinned]

    def with_rows(self, fold: Fold) -> Fold:
        own = super().with_rows(fold)
        return own._replace(train=self.rows[own.train], valid=self.rows[own.valid])


@dataclass(frozen=True)
class Part:
    """A fold of the run that is held back, and the folds that the trials are scored by.

    Attributes:
        outer: its `valid` rows are held back, its `train` rows are the rest.
        folds: of the rest.
    """

    outer: Fold
    folds: RestFolds


def part_of(run: Run, number: int, name: str | None = None) -> Part:
    """Returns one part of a search: the same for the same folds of the run, whenever it is asked for.

    Args:
        run: its folds.
        number: of the part, from 0.
        name: of the model that is searched; None: of a search that reads no other model.

    Raises:
        DataError: the rest cannot be divided into two folds.
    """
    outer = outer_folds(run)[number]
    if name is not None and any(read.part in LEARNED for read in run.plan.reads(name)):
        outer = learnable(run.folds, outer)
    competition, config, rest = run.competition, run.config.folds, outer.train
    splitter = None if competition.splitter is None else competition.splitter[rest]
    if splitter is not None and len(np.unique(splitter)) <= FEWEST_FOLDS * (config.ahead or 0):
        config = config.model_copy(update={"ahead": None})
    n = _fitting(config, splitter)
    if n < FEWEST_FOLDS:
        raise DataError(
            f"`folds.kind: {fold_kind(config)}`: once {outer.label} is held back, the other rows cannot be "
            "divided into two folds for the trials of a search. It needs one fold, group or moment more."
        )
    drawn = make_folds(
        config.model_copy(update={"n": n}), competition.task, competition.target[rest], splitter
    )
    return Part(outer, RestFolds(drawn.assignment, drawn.ordered, rows=rest))


def _fitting(config: FoldsConfig, splitter: np.ndarray | None) -> int:
    """Returns into how many folds the rest is divided: as many as the run's, where it has them."""
    kind = fold_kind(config)
    if splitter is None:
        return config.n
    if kind == "column":
        return config.n - 1
    moments = len(np.unique(splitter))
    return min(config.n, (moments - 1) // (config.ahead or 1) if kind == "time" else moments)


def outer_folds(run: Run) -> list[Fold]:
    """Returns the folds that may be held back, in the order in which they are.

    Where time orders the rows the last fold comes first, and the rest is the past before it.
    """
    folds = [fold for fold in run.folds if fold.repeat == 0]
    large = [fold for fold in folds if len(fold.train) >= LEAST_REST * len(run.competition.ids)]
    found = large or folds
    return found[::-1] if run.folds.ordered else found


def parts_for(run: Run, trials: float, asked: int | None = None) -> int:
    """Returns how many folds are held back in turn: one, or several where its rows or groups are few.

    Args:
        run: its folds.
        trials: in all; each part gets its share, and enough of them.
        asked: how many somebody wants, or None.
    """
    outer, groups = outer_folds(run), groups_of(run)
    if asked is not None:
        return min(asked, len(outer))
    wanted = math.ceil(ENOUGH_HELD / len(outer[0].valid))
    if groups is not None:
        wanted = max(wanted, math.ceil(ENOUGH_GROUPS / len(np.unique(groups[outer[0].valid]))))
    return max(1, min(wanted, len(outer), int(min(trials, 1e6) // ENOUGH_TRIALS)))


def groups_of(run: Run) -> np.ndarray | None:
    """Returns (rows,) what the folds keep together, or None where rows stand alone."""
    grouped = fold_kind(run.config.folds) in ("group", "stratified_group")
    return run.competition.splitter if grouped else None

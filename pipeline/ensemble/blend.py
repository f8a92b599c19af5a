"""Blending members by a named method, with the score that the blend really has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from pipeline.clock import Clock, Deadline
from pipeline.config.schema import MethodConfig
from pipeline.data import dense
from pipeline.ensemble.crossfit import cross_fit
from pipeline.ensemble.method import Method
from pipeline.ensemble.methods.auto import Auto, Candidate
from pipeline.ensemble.split import Split
from pipeline.ensemble.stack import Stack
from pipeline.ensemble.threads import single_threaded
from pipeline.errors import ConfigError, StoreError, listing
from pipeline.metrics import Metric, like
from pipeline.registry import METHODS
from pipeline.validation.predictions import Predictions, check_alignment

PARTS = 5  # random ones, where a single fold was scored


@dataclass(frozen=True)
class Blend:
    """An ensemble: its predictions, its honest score and what it is made of.

    Attributes:
        method: the name that was asked for.
        chosen: the method that made the predictions; differs from `method` for "auto".
        fitted: that method, learned on all scored rows.
        names: the members that `fitted` combines, in its order.
        weights: by member, those that were kept; None for stacked models, which have none. For
            weights per column, their mean.
        column_weights: (members, outputs) by `weights`' order where columns have their own, else None.
        oof: cross-fitted predictions, float32 (rows, outputs); NaN where no fold scored the row.
        test: float32 (test rows, outputs), by weights learned on all scored rows.
        cross_fitted_score: of `oof`, all scored rows together: weights never saw what they are
            scored on. For "auto" the choice of the method is cross-fitted too.
        cross_fitted_fold_scores: the same, fold by fold.
        in_sample_score: with weights learned on the scored rows themselves: optimistic.
        member_scores: every member's score on the same rows.
        dropped: why, by member.
        gap: optimality gap of exact weights on all rows, else None.
        table: what "auto" tried, else empty.
        alternatives: by method, the cross-fitted and test predictions of all that "auto" tried,
            shaped as `oof` and `test`: candidates for a second submission.
        rows: positions of the scored rows.
        split: of those; where one fold was scored, random parts of it.
        seconds: that the chosen method's fits took, those of the cross-fitting included.
        notes: what a person should know, in sentences.
    """

    method: str
    chosen: str
    fitted: Method = field(repr=False)
    names: tuple[str, ...]
    weights: dict[str, float] | None
    column_weights: np.ndarray | None = field(repr=False)
    oof: np.ndarray = field(repr=False)
    test: np.ndarray = field(repr=False)
    cross_fitted_score: float
    cross_fitted_fold_scores: tuple[float, ...]
    in_sample_score: float
    member_scores: dict[str, float]
    dropped: dict[str, str]
    gap: float | None
    table: tuple[Candidate, ...]
    alternatives: dict[str, tuple[np.ndarray, np.ndarray]] = field(repr=False)
    rows: np.ndarray = field(repr=False)
    split: Split = field(repr=False)
    seconds: float
    notes: tuple[str, ...]


@single_threaded
def blend(
    members: list[Predictions],
    target: np.ndarray,
    metric: Metric,
    split: Split,
    method: str | MethodConfig = "auto",
    seed: int = 0,
    deadline: Deadline | None = None,
) -> Blend:
    """Blends the members.

    Args:
        members: predictions of the same rows, made with the same folds.
        target: classification int (rows,); else (rows, outputs).
        metric: what the blend is to be good at.
        split: of the same rows.
        method: a name in METHODS, or that method's parameters.
        seed: every random choice follows from it.
        deadline: of trying methods; None: there is none.

    Raises:
        StoreError: members that do not match each other or the target, or no scored row.
        ConfigError: no such method, or one that cannot do this task.
    """
    level = _level_2(members, target, split, seed)
    name, config = (method, None) if isinstance(method, str) else (method.kind, method)
    kind = METHODS.get(name)
    if reason := kind.cannot(metric, level.target):
        raise ConfigError(f"ensemble.method: {name!r} cannot be used here: {reason}.")

    def make() -> Method:
        return kind(metric, level.stack.n_outputs, seed, config)

    fitted, blended, seconds = _fitted(make, level, deadline or Deadline())
    weights, column_weights, idle = _shown_weights(fitted, level.names)
    return Blend(
        method=name,
        chosen=fitted.chosen_ if isinstance(fitted, Auto) else name,
        fitted=fitted.kept if isinstance(fitted, Auto) else fitted,
        names=tuple(level.names),
        weights=weights,
        column_weights=column_weights,
        oof=level.spread(blended),
        test=fitted.combine_stack(level.test).astype(level.test.values_type, copy=False),
        cross_fitted_score=metric(level.target, blended),
        cross_fitted_fold_scores=fold_scores(metric, level.target, blended, level.split),
        in_sample_score=metric(level.target, fitted.combine_stack(level.stack)),
        member_scores={m.name: metric(level.target, dense.some(m.oof, level.rows)) for m in members},
        dropped=level.dropped | idle,
        gap=fitted.gap_,
        table=fitted.table_ if isinstance(fitted, Auto) else (),
        alternatives=_alternatives(fitted, level),
        rows=level.rows,
        split=level.split,
        seconds=seconds,
        notes=tuple(level.notes),
    )


@dataclass(frozen=True)
class _Level2:
    """Level-2 rows: members' predictions and targets, from which weights are learned.

    Attributes:
        names: members that are not copies of others.
        stack: their predictions of the scored rows.
        test: their predictions of the test rows.
        target, split: of the scored rows.
        rows: positions of the scored rows among all `n_rows`.
        dropped: why, by member.
        notes: what a person should know; grows.
    """

    names: list[str]
    stack: Stack
    test: Stack
    target: np.ndarray
    split: Split
    rows: np.ndarray
    n_rows: int
    dropped: dict[str, str]
    notes: list[str]

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Returns float32 (all rows, outputs) with NaN where no fold scored the row."""
        whole = dense.room((self.n_rows, values.shape[1]), np.nan, self.stack.values_type)
        whole[self.rows] = values
        return whole


def _level_2(members: list[Predictions], target: np.ndarray, split: Split, seed: int) -> _Level2:
    check_alignment(members)
    if not len(target) == len(split) == len(members[0].ids):
        raise StoreError(
            f"Members, target and folds must have the same rows. "
            f"Received: {len(members[0].ids)}, {len(target)} and {len(split)}."
        )
    kept, dropped = _without_copies(members)
    rows, notes = scored_rows(kept, split.folds)
    scored = split.take(rows)
    if len(scored.numbers) < 2 and len(rows) > 1:
        scored = scored.at_random(PARTS, seed)
        notes.append("One fold was scored: weights are cross-fitted over random parts of it.")
    return _Level2(
        names=[member.name for member in kept],
        stack=Stack(tuple(member.oof for member in kept), rows),
        test=Stack.of([member.test for member in kept]),
        target=as_target(target[rows], members[0]),
        split=scored,
        rows=rows,
        n_rows=len(split),
        dropped=dropped,
        notes=notes,
    )


def scored_rows(members: list[Predictions], folds: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Returns the positions of rows that a fold and every member scored, and what to say of others.

    Raises:
        StoreError: there is no such row.
    """
    scored = [member.scored & (folds >= 0) for member in members]
    everywhere = np.logical_and.reduce(scored)
    if not everywhere.any():
        raise StoreError("No row was scored by every member: there is nothing to learn weights from.")
    notes = []
    lost = int(np.logical_or.reduce(scored).sum() - everywhere.sum())
    if lost:
        short = [
            member.name
            for member, rows in zip(members, scored, strict=True)
            if rows.sum() < max(map(np.sum, scored))
        ]
        notes.append(f"{lost} rows are left out of the ensemble's scores: not scored by {listing(short)}.")
    return np.flatnonzero(everywhere), notes


def _without_copies(members: list[Predictions]) -> tuple[list[Predictions], dict[str, str]]:
    kept: list[Predictions] = []
    dropped = {}
    for member in members:
        for other in kept:
            if dense.same(member.oof, other.oof) and dense.same(member.test, other.test):
                dropped[member.name] = f"the same predictions as {other.name}"
                break
        else:
            kept.append(member)
    return kept, dropped


def as_target(target: np.ndarray, member: Predictions) -> np.ndarray:
    """Returns a target in the form that level 2 works with: int64 (rows,) or float64 (rows, outputs)."""
    if member.task.exclusive:
        return like(target, target.astype(np.int64))
    return like(target, target.reshape(len(target), -1).astype(np.float64))


def _fitted(
    make: Callable[[], Method], level: _Level2, deadline: Deadline
) -> tuple[Method, np.ndarray, float]:
    """Returns the method fitted on all rows, what it says cross-fitted, and the seconds of the chosen one."""
    fitted, start = make(), Clock.now()
    if isinstance(fitted, Auto):
        fitted.deadline = deadline
    fitted.fit_stack(level.stack, level.target, level.split)
    blended = _cross_fitted(fitted, make, level)
    seconds = fitted.trials_[fitted.chosen_].seconds if isinstance(fitted, Auto) else Clock.now() - start
    return fitted, blended, seconds


def _cross_fitted(fitted: Method, make: Callable[[], Method], level: _Level2) -> np.ndarray:
    if level.split.ordered and len(level.split.numbers) > 1 and len(level.names) > 1:
        level.notes.append(
            "The first fold in time has none before it to learn weights from: there the ensemble is scored "
            "as the members' plain mean."
        )
    if isinstance(fitted, Auto):
        return fitted.oof_
    if len(level.rows) == 1:
        level.notes.append(
            "A single row was scored: nothing could be cross-fitted, and the score means nothing."
        )
        return fitted.combine_stack(level.stack).astype(level.stack.values_type, copy=False)
    return cross_fit(make, level.stack, level.target, level.split)


def fold_scores(metric: Metric, target: np.ndarray, answer: np.ndarray, split: Split) -> tuple[float, ...]:
    """Returns the score of every fold's rows."""
    parts = [split.rows_of(fold) for fold in split.numbers]
    return tuple(metric(target[part], dense.some(answer, part)) for part in parts)


def _alternatives(fitted: Method, level: _Level2) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    trials = fitted.trials_ if isinstance(fitted, Auto) else {}
    return {
        name: (
            level.spread(trial.oof),
            trial.method.combine_stack(level.test).astype(level.test.values_type, copy=False),
        )
        for name, trial in trials.items()
    }


def _shown_weights(
    fitted: Method, names: list[str]
) -> tuple[dict[str, float] | None, np.ndarray | None, dict[str, str]]:
    """Returns weights by name, weights per column, and the members that have none."""
    if fitted.weights_ is None:
        return None, None, {}
    per_member = fitted.weights_ if fitted.weights_.ndim == 1 else fitted.weights_.mean(axis=1)
    used = [number for number, weight in enumerate(per_member) if abs(weight) > 1e-9]
    weights = {names[number]: float(per_member[number]) for number in used}
    columns = fitted.weights_[used] if fitted.weights_.ndim == 2 else None
    idle = {name: "weight 0: adds nothing to the others" for name in names if name not in weights}
    return weights, columns, idle

"""Screening of many candidates: small boosting on what columns by themselves leave unsaid, block after block.

Source: OpenFE (Zhang et al., ICML 2023), whose first stage is this: boosting that starts from a base
model's out-of-fold answers sees one candidate, and half of the candidates stay for twice the rows.
The base here is additive, a column a tree, and what goes on from it sees the candidate beside the columns
that it is made of, one of them a tree. So what is measured is what the candidate adds to its columns.
After full boosting, which cuts a ratio into steps of its two columns, the errors would be no function of
the ratio. Whether a candidate helps full boosting is asked next, by folds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.data.columns import column_kinds
from pipeline.data.encoders.parts import PartsMaker
from pipeline.data.features.sources import Sources
from pipeline.progress import Progress
from pipeline.search.features.candidates import Candidate
from pipeline.tasks.base import Task

if TYPE_CHECKING:
    import pandas as pd

FIRST_BLOCK = 1000  # rows, at least
LEVELS = 4  # blocks, each with twice the rows of the one before
SHORTLIST = 16  # candidates that are left in the end, at most
ALIKE = 0.98  # correlation of ranks from which two candidates say the same
COMPARED = 4000  # rows by which they are compared
ROUNDS = 60
SMOOTHING = 10.0  # rows of no news that a level's mean is drawn towards
SMALLEST = 1e-5  # probability of which a logarithm is taken
SMALL_TREES = {"learning_rate": 0.3, "num_leaves": 2, "lambda_l2": 1.0, "verbosity": -1,
               "deterministic": True, "force_row_wise": True, "seed": 0}  # fmt: skip


class Unsaid:
    """Errors that a base model leaves on some rows, and how much of them columns explain.

    Args:
        task: of one class or one value.
        target: of the rows.
        base: (rows, outputs) answers by fits that have not seen the row that they answer.
        threads: that boosting may start.
    """

    def __init__(self, task: Task, target: np.ndarray, base: np.ndarray, threads: int = 1) -> None:
        self.task, self.threads = task, threads
        self.label: np.ndarray
        if task.exclusive:
            self.label = np.asarray(target).astype(np.int64)
            start = np.log(np.clip(base, SMALLEST, 1.0 - SMALLEST))
            self.start = start[:, 1:] - start[:, :1] if task.n_outputs == 2 else start
        else:
            values, said = np.asarray(target, np.float64).reshape(-1), np.asarray(base).reshape(-1, 1)
            self.label = np.log1p(values) if task.logged else values
            self.start = np.log1p(np.maximum(said, 0.0)) if task.logged else said.astype(np.float64)
        self.residual = self._residual()

    def gain(self, rows: np.ndarray, columns: np.ndarray, learn: np.ndarray) -> float:
        """Returns the mean loss that columns save on the rows that do not learn.

        Args:
            rows: positions among those of this object.
            columns: float (rows, columns).
            learn: bool (rows,): which of them learn.
        """
        import lightgbm

        learners, others = rows[learn], rows[~learn]
        params: dict[str, Any] = {**SMALL_TREES, "num_threads": self.threads, "objective": "l2"}
        if self.task.exclusive:
            params["objective"] = "binary" if self.task.n_outputs == 2 else "multiclass"
        if params["objective"] == "multiclass":
            params["num_class"] = self.task.n_outputs
        params["min_data_in_leaf"] = max(10, len(learners) // 100)
        start = self.start[learners].ravel(order="F")
        data = lightgbm.Dataset(columns[learn], self.label[learners], init_score=start, params=params)
        booster = lightgbm.train(params, data, ROUNDS)
        more = np.asarray(booster.predict(columns[~learn], raw_score=True)).reshape(len(others), -1)
        return self._loss(others, self.start[others]) - self._loss(others, self.start[others] + more)

    def _residual(self) -> np.ndarray:
        """Returns what is true less what was said, (rows, outputs)."""
        from scipy.special import expit, softmax

        if not self.task.exclusive:
            return self.label[:, None] - self.start
        if self.task.n_outputs == 2:
            return self.label[:, None] - expit(self.start)
        return np.eye(self.task.n_outputs)[self.label] - softmax(self.start, axis=1)

    def _loss(self, rows: np.ndarray, scores: np.ndarray) -> float:
        from scipy.special import log_softmax

        label = self.label[rows]
        if not self.task.exclusive:
            return float(np.mean((label - scores[:, 0]) ** 2))
        if self.task.n_outputs == 2:
            return float(np.mean(np.logaddexp(0.0, np.where(label == 1, -scores[:, 0], scores[:, 0]))))
        return float(-np.mean(log_softmax(scores, axis=1)[np.arange(len(label)), label]))


def sources_of(frame: pd.DataFrame, declared: dict[str, str]) -> Sources:
    """Returns the columns of some rows, read as these rows show them."""
    kinds = column_kinds(frame, {name: kind for name, kind in declared.items() if name in frame})
    maker = PartsMaker(kinds).fit(frame)
    return Sources(frame, maker.kinds, maker.transform(frame), maker.day_first_)


def screen(
    candidates: Sequence[Candidate],
    frame: pd.DataFrame,
    declared: dict[str, str],
    unsaid: Unsaid,
    left: Callable[[], float],
    progress: Progress,
    seed: int = 0,
) -> list[Candidate]:
    """Returns the candidates that say most of what the base model leaves unsaid, the best first.

    Args:
        candidates: the most promising first: those for which there is no time are not looked at.
        frame: the columns of the screening rows.
        declared: kinds of columns, where they are known.
        unsaid: of the same rows.
        left: seconds until it must end.
        progress: who is told.
        seed: of the blocks.
    """
    order, waiting = np.random.default_rng(seed).permutation(len(frame)), list(candidates)
    gains: dict[str, float] = {}
    sizes = sorted({max(min(FIRST_BLOCK, len(frame)), len(frame) >> level) for level in range(LEVELS)})
    for level, size in enumerate(sizes):
        rows = np.sort(order[:size])
        sources = sources_of(frame.iloc[rows], declared)
        learn = np.random.default_rng([seed, size]).permutation(size) < size / 2
        now: dict[str, float] = {}
        progress.begin(f"{len(waiting)} candidates on {size:,} rows", level, len(sizes))
        for place, one in enumerate(waiting):
            if left() <= 0:
                break
            now[one.name] = unsaid.gain(rows, columns_of(one, sources, unsaid.residual[rows], learn), learn)
            progress.update((place + 1) / len(waiting), one.name)
        progress.end("")
        gains |= now
        known = sorted((one for one in waiting if one.name in now), key=lambda one: -now[one.name])
        if len(known) < len(waiting) and level:  # the block before knows all of them
            break
        better = [one for one in known if now[one.name] > 0]
        waiting = better[: max(SHORTLIST * 2, len(waiting) // 2)]
    waiting = sorted(waiting, key=lambda one: -gains[one.name])
    some = frame.iloc[np.sort(order[:COMPARED])]
    return _unlike(waiting, sources_of(some, declared), list(candidates)) if waiting else []


def columns_of(one: Candidate, sources: Sources, residual: np.ndarray, learn: np.ndarray) -> np.ndarray:
    """Returns what boosting sees of a candidate and the numbers that it is made of, float (rows, columns).

    Names are given as means of the residual.

    A learning row's name stands for the mean of the other half of them, any other row's for that of all
    of them: no row is told its own answer.
    """
    feature = one.feature()
    made = feature.make(sources, feature.learn(sources), trained=True).values()
    if not feature.category:
        read = [sources.number(name) for name in feature.amounts()]
        return np.column_stack([np.where(np.isfinite(values), values, np.nan) for values in [*made, *read]])
    return np.hstack([_means(values, residual, learn) for values in made])


def _means(names: np.ndarray, residual: np.ndarray, learn: np.ndarray) -> np.ndarray:
    """Returns float (rows, outputs): smoothed means of the residual by name, and how frequent the name is."""
    levels, number = np.unique(names.astype(str), return_inverse=True)
    half = np.cumsum(learn) % 2 == 0
    found = np.zeros((len(names), residual.shape[1]))
    for told, telling in ((learn & half, learn & ~half), (learn & ~half, learn & half), (~learn, learn)):
        counts = np.bincount(number[telling], minlength=len(levels)) + SMOOTHING
        sums = [np.bincount(number[telling], one[telling], minlength=len(levels)) for one in residual.T]
        found[told] = (np.column_stack(sums) / counts[:, None])[number[told]]
    return np.column_stack([found, np.bincount(number)[number]])


def _unlike(waiting: list[Candidate], sources: Sources, order: list[Candidate]) -> list[Candidate]:
    """Returns the best of them, of those that say the same the one that stands first among all."""
    place = {one.name: number for number, one in enumerate(order)}
    kept: list[tuple[Candidate, np.ndarray]] = []
    for one in waiting:
        ranks = _ranks(one, sources)
        like = [number for number, (_, other) in enumerate(kept) if abs(float(ranks @ other)) > ALIKE]
        if not like:
            kept.append((one, ranks))
        elif place[one.name] < place[kept[like[0]][0].name]:
            kept[like[0]] = (one, ranks)
    return [one for one, _ in kept[:SHORTLIST]]


def _ranks(one: Candidate, sources: Sources) -> np.ndarray:
    """Returns the ranks of a candidate's first column, of mean 0 and length 1."""
    import pandas as pd

    feature = one.feature()
    values = next(iter(feature.make(sources, feature.learn(sources), trained=True).values()))
    found = pd.factorize(values)[0] if feature.category else pd.Series(values).rank()
    ranks = np.nan_to_num(np.asarray(found, np.float64))
    ranks = ranks - ranks.mean()
    length = float(np.linalg.norm(ranks))
    return np.asarray(ranks / length if length else ranks)

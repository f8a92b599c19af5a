"""Permutation importance, out of fold: what a model loses when a column's values are shuffled.

Breiman, "Random Forests", Machine Learning 45 (2001), section 10, on the rows that a fold's model was not
trained on. Columns that stand for one another are shuffled together: each alone would look useless.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline.audit.copies import connected
from pipeline.data.rows import Dataset
from pipeline.metrics import OF_TASK, Metric
from pipeline.models.base import Context, Model
from pipeline.reports.trained import Trained

ROWS = 500  # of each fold
SECONDS = 3.0  # for all folds: with more columns, fewer folds, then fewer columns
FEWEST = 8  # groups of columns that are looked at in any case
MOST_FOLDS = 5
ALIKE = 0.9  # correlation of ranks from which two number columns stand for one another
SMALLEST = 1e-7


@dataclass(frozen=True)
class Importance:
    """Importance of a group of columns.

    Attributes:
        columns: that were shuffled together.
        losses: float64 (folds,): by how much the loss grew, fold by fold.
    """

    columns: tuple[str, ...]
    losses: np.ndarray

    @property
    def mean(self) -> float:
        return float(self.losses.mean())

    @property
    def error(self) -> float:
        """Standard error over the folds; NaN of one."""
        n = len(self.losses)
        return float(self.losses.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")

    @property
    def name(self) -> str:
        return " + ".join(self.columns)


def importances(trained: Trained, metric: Metric, seed: int) -> list[Importance]:
    """Returns the importance of every group of columns, the greatest first.

    Of more groups than there is time for, those whose splits gained most.

    Args:
        trained: a model of the table that reads no other model.
        metric: of the competition; where it only sees labels the proper loss is taken instead.
        seed: of the shuffling.
    """
    run, data = trained.run, trained.run.sides(trained.name).train
    frame = next(part.frame for part in data.parts.values() if hasattr(part, "frame"))
    groups = _by_gain(trained, alike(frame))
    folds = [run.folds.with_rows(fold) for fold in trained.done if fold.scored and not fold.repeat]
    found: list[list[float]] = [[] for _ in groups]
    begun, allowed = time.process_time(), len(folds)  # of this process: a busy machine changes nothing
    rng = np.random.default_rng(seed)
    for place, fold in enumerate(folds[:MOST_FOLDS]):
        if place >= allowed:
            break
        model, rows = trained.model(fold), np.sort(rng.permutation(fold.valid)[:ROWS])
        whole, started = _loss(model, data, rows, metric), time.process_time()
        if place == 0:
            again = _loss(model, data, rows, metric)  # the first look also prepares the library
            each = max(time.process_time() - started, 1e-6)
            left = max(SECONDS - (started - begun), 0.0)
            if not np.isfinite(again):
                return []
            groups = groups[: max(FEWEST, int(left / each))]
            allowed = max(1, int(left / (each * len(groups))))
        for number, group in enumerate(groups):
            found[number].append(_loss(model, _shuffled(data, group, rows, rng), rows, metric) - whole)
    pairs = zip(groups, found, strict=False)
    made = [Importance(group, np.array(losses)) for group, losses in pairs if losses]
    return sorted(made, key=lambda one: -one.mean)


def alike(frame: Any) -> list[tuple[str, ...]]:
    """Returns the columns in groups: number columns whose ranks hang together are one."""
    names = [str(name) for name in frame.columns]
    numbers = [name for name in names if frame[name].dtype.kind in "iuf" and frame[name].nunique() > 2]
    pairs: list[tuple[int, int]] = []
    if 1 < len(numbers) <= 300:
        some = frame[numbers].iloc[: 10 * ROWS]
        ranks = some.rank().fillna(0.0).to_numpy(float)
        spread = ranks.std(axis=0)
        with np.errstate(invalid="ignore"):
            together = np.abs(np.corrcoef(ranks, rowvar=False)) > ALIKE
        together[spread == 0] = False
        rows, columns = np.nonzero(np.triu(together, 1))
        place = [names.index(name) for name in numbers]
        pairs = [(place[a], place[b]) for a, b in zip(rows, columns, strict=True)]
    number = connected(len(names), np.array(pairs, int).reshape(-1, 2))
    return [tuple(np.array(names)[number == one].tolist()) for one in dict.fromkeys(number.tolist())]


def _by_gain(trained: Trained, groups: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Returns the groups, those first whose features' splits gained most in the first fold's model."""
    gains = trained.first[1].gains()

    def gain(group: tuple[str, ...]) -> float:
        return sum(share for feature, share in gains.items() if feature.startswith(group))

    return sorted(groups, key=lambda group: -gain(group))


def _loss(model: Model, data: Dataset, rows: np.ndarray, metric: Metric) -> float:
    said = model.predict(data.rows(rows), Context())
    if data.target is None:
        raise ValueError("These rows have no target.")
    if metric.wants in ("label", *OF_TASK):
        return model.task.loss(np.asarray(data.target[rows]), said, SMALLEST)
    return metric.loss(data.target[rows], said)


def _shuffled(data: Dataset, names: Sequence[str], rows: np.ndarray, rng: np.random.Generator) -> Dataset:
    """Returns the rows with the values of some columns shuffled among those that are looked at."""
    order, parts = rng.permutation(rows), {}
    for key, part in data.parts.items():
        if hasattr(part, "frame"):
            frame = part.frame.copy(deep=False)
            for name in names:
                values = frame[name].copy()
                values.iloc[rows] = frame[name].iloc[order].to_numpy()
                frame[name] = values
            part = replace(part, frame=frame)
        parts[key] = part
    return replace(data, parts=parts)

"""Trials: two ways to read a table, compared by boosting on folds of the training rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.schema import FoldsConfig
from pipeline.data.competition import Competition
from pipeline.data.features.base import FEATURES
from pipeline.data.folds import Folds, make_folds
from pipeline.data.rows import Dataset, InputPart
from pipeline.inputs.table import Columns
from pipeline.metrics import Metric, find_metric
from pipeline.models.base import MODELS, Context
from pipeline.models.size import Size

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 20_000  # that a trial looks at
MOST_SECONDS = 20.0  # about, that one way of reading may take
FOLDS = 5
SEED = 7  # of folds and rows: others than those that will be scored
ROUNDS = {"n_estimators": 120, "learning_rate": 0.1, "early_stopping_rounds": None}
SURE = 2.0  # standard errors of the paired difference over the folds
WORTH = 0.003  # share of the loss
LATELY, WORTH_LATELY = 2, 0.01  # of the folds in time, and the share of the loss in each
SMALLEST = 1e-6  # probability of the true class that is counted


def in_full(said: Any) -> Mapping[str, Any]:
    """Returns a feature's keys where the YAML gives its columns alone."""
    return said if isinstance(said, Mapping) else {"of": said}


@dataclass(frozen=True)
class TableReading:
    """One way to read a table.

    Attributes:
        kinds: column -> what it is, where that differs from what its values say.
        features: name -> section of the YAML, in short.
        inputs: parts that are read beside the table.
    """

    kinds: Mapping[str, str] = field(default_factory=dict)
    features: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trials:
    """Losses of short boosting by the way in which the table is read, each on the same folds.

    Both the rows and the folds are drawn anew, and what is chosen must be better by twice the
    standard error of the difference: a choice between two ways takes little luck with it.

    Attributes:
        competition: read with what is known so far.
        table: its training columns.
        metric: name of the metric; one of labels is replaced by the task's own loss.
        folds: how the test rows were set apart.
        threads: that boosting may start.
        series: (rows,) names of rows that are looked at together or not at all, where a row's reading
            takes others of its series; None: each row by itself.
        beside: parts of the training rows that a reading may name among its inputs.
    """

    competition: Competition
    table: pd.DataFrame
    metric: str
    folds: FoldsConfig
    threads: int
    series: np.ndarray | None = None
    beside: Mapping[str, InputPart] = field(default_factory=dict)
    _tried: dict[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    def gain(self, before: TableReading, after: TableReading) -> str:
        """Returns what the second way gains, in words; "" where it is not surely better."""
        first, second = self._losses(before), self._losses(after)
        saved = first - second
        errors = saved.std(axis=0, ddof=1) / np.sqrt(len(saved))
        if not np.isfinite(saved).all() or not (saved.mean(axis=0) > SURE * errors).any():
            return ""
        share = saved[:, 0].mean() / abs(first[:, 0].mean())
        return f"{share:.1%} of its {self._name}" if share >= WORTH else ""

    def gain_lately(self, before: TableReading, after: TableReading) -> str:
        """Returns what the second way gains in each of the last folds in time; "" where it does not.

        The earlier folds know too little of the past to judge what is made of it.
        """
        first, second = self._losses(before)[-LATELY:, 0], self._losses(after)[-LATELY:, 0]
        shares = (first - second) / np.abs(first)
        return f"{shares.mean():.1%} of its {self._name}" if (shares >= WORTH_LATELY).all() else ""

    def affordable(self, size: Size, columns: int) -> bool:
        """Says whether a way of reading with so many columns is tried in reasonable time."""
        seen = replace(size, rows=min(size.rows, MOST_ROWS), columns=columns)
        return FOLDS * MODELS.get("lightgbm").seconds(seen) <= MOST_SECONDS

    @cached_property
    def _rows(self) -> np.ndarray:
        rows, rng = len(self.competition.ids), np.random.default_rng(SEED)
        if self.series is None:
            return np.sort(rng.permutation(rows)[:MOST_ROWS])
        names, number, sizes = np.unique(self.series, return_inverse=True, return_counts=True)
        order = rng.permutation(len(names))
        taken = np.concatenate([[True], np.cumsum(sizes[order])[:-1] < MOST_ROWS])
        chosen = np.flatnonzero(np.isin(number, order[taken]))
        if self.competition.splitter is not None:  # of long series the latest rows
            chosen = chosen[np.argsort(self.competition.splitter[chosen], kind="stable")[-MOST_ROWS:]]
        return np.sort(chosen)

    @cached_property
    def _drawn(self) -> Folds:
        splitter = self.competition.splitter
        column = None if splitter is None else splitter[self._rows]
        config = self.folds.model_copy(update={"n": FOLDS, "repeats": 1, "seed": SEED})
        if config.ahead and column is not None:
            few = len(np.unique(column)) <= (FOLDS + 1) * config.ahead  # moments of the latest rows
            config = config.model_copy(update={"ahead": None}) if few else config
        return make_folds(config, self.competition.task, self.competition.target[self._rows], column)

    def _losses(self, reading: TableReading) -> np.ndarray:
        """Returns the losses of each fold, float64 (folds, judges); each way is tried once."""
        said = repr(reading)
        if said not in self._tried:
            self._tried[said] = self._losses_of(reading)
        return self._tried[said]

    def _losses_of(self, reading: TableReading) -> np.ndarray:
        kind, task = MODELS.get("lightgbm"), self.competition.task
        data, context = self._dataset(reading), Context(threads=self.threads)
        config = kind.Config(kind="lightgbm", inputs=list(data.parts), **ROUNDS)
        losses = []
        for fold in self._drawn:
            model = kind(config, task).fit(data.rows(self._rows[fold.train]), None, context)
            scored = data.rows(self._rows[fold.valid])
            answer = model.predict(scored, context)
            losses.append([judge(scored.target, answer) for judge in self._judges])
        return np.array(losses)

    def _dataset(self, reading: TableReading) -> Dataset:
        features = {
            name: FEATURES.get(kind).model_validate({"kind": kind, **in_full(said)})
            for name, section in reading.features.items()
            for kind, said in section.items()
        }
        table = Columns(self.table, {**self.competition.kinds, **reading.kinds}, features)
        parts = {"table": table, **{name: self.beside[name] for name in reading.inputs}}
        return Dataset(self.competition.ids, parts, self.competition.target)

    @cached_property
    def _judges(self) -> list[Callable[[np.ndarray, np.ndarray], float]]:
        """The metric's loss; beside it, where two classes get probabilities, that of their order.

        Which of a metric of probabilities and of their order is asked, files seldom tell, and the order is
        told from less rows: it may say that a gain is sure, and the metric how large it is.
        """
        order = find_metric("auc")
        asked = self._metric.wants == "probability" and self._metric.name != order.name
        two = self.competition.task.exclusive and self.competition.task.n_outputs == 2
        return [self._loss, order.loss] if asked and two else [self._loss]

    def _loss(self, target: np.ndarray, prediction: np.ndarray) -> float:
        if self._metric.wants == "label":
            return self.competition.task.loss(target, prediction, smallest=SMALLEST)
        return self._metric.loss(target, prediction)

    @property
    def _name(self) -> str:
        return "loss" if self._metric.wants == "label" else self._metric.name

    @cached_property
    def _metric(self) -> Metric:
        return find_metric(self.metric).of(self.competition.task)

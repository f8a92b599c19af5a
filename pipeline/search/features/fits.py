"""Short boosting on some of a competition's rows, with and without features: what they gain."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from pipeline.data.competition import Competition
from pipeline.data.features.base import Feature
from pipeline.data.rows import Dataset
from pipeline.errors import DataError
from pipeline.inputs.table import ENTRY as TABLE
from pipeline.inputs.table import Columns
from pipeline.metrics import Metric, find_metric
from pipeline.models.base import MODELS, Context
from pipeline.run.run import Run

ROUNDS: Mapping[str, Any] = {"n_estimators": 150, "learning_rate": 0.1, "early_stopping_rounds": None}
ADDITIVE: Mapping[str, Any] = {**ROUNDS, "num_leaves": 2}  # each tree looks at one column
MOST_ROWS = 50_000  # that a fit learns from


@dataclass
class ShortFits:
    """Short boosting on a run's table.

    Attributes:
        run: its competition, configuration and threads.
        seconds: of the last fit with its answer.
    """

    run: Run
    seconds: float = 0.0
    _gains: dict[str, float] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Raises DataError where there is no table, or an answer that is not one class or one value."""
        name, task = self.run.config.competition, self.run.competition.task
        if self.run.competition.train is None:
            raise DataError(
                f"`make features` looks for features of a table, and the training table of {name} has no "
                "column that models may see."
            )
        if task.dense or (not task.exclusive and task.n_outputs > 1):
            raise DataError(
                f"`make features` searches for one answer, a class or a value, and {name} asks for "
                f"{task.n_outputs} ({task.kind}). Write features by hand: see docs/features.md."
            )

    @property
    def competition(self) -> Competition:
        return self.run.competition

    @property
    def target(self) -> np.ndarray:
        return self.competition.target

    def known(self, rows: np.ndarray) -> np.ndarray:
        """Returns those of the rows that have a target."""
        some = self.target[rows].reshape(len(rows), -1)
        return rows[np.isfinite(some).all(axis=1)]

    def predict(
        self,
        train: np.ndarray,
        rows: np.ndarray,
        more: Mapping[str, Feature] | None = None,
        rounds: Mapping[str, Any] = ROUNDS,
    ) -> np.ndarray:
        """Returns what boosting that knows only the training rows says of others, (rows, outputs).

        Args:
            train: positions; of very many, as many as a short fit takes.
            rows: positions.
            more: features beside those of the configuration.
            rounds: keys of the boosting.
        """
        begun = time.monotonic()
        data = self._dataset({**self.run.config.features, **(more or {})})
        kind, context = MODELS.get("lightgbm"), Context(threads=self.run.config.threads)
        config = kind.Config(kind="lightgbm", inputs=[TABLE], **rounds)
        train = some_of(self.known(train), MOST_ROWS)
        model = kind(config, self.competition.task).fit(data.rows(train), None, context)
        found: np.ndarray = model.predict(data.rows(rows), context)
        self._gains = model.gains()
        self.seconds = time.monotonic() - begun
        return found

    @property
    def gains(self) -> dict[str, float]:
        """Gains of the last fit's splits, by column of the encoded table."""
        return self._gains

    def loss(self, rows: np.ndarray, predicted: np.ndarray) -> float:
        """Returns the metric's loss on rows that all have a target."""
        return self.metric.loss(self.target[rows], predicted)

    @cached_property
    def metric(self) -> Metric:
        """The competition's metric; in the place of one of labels, which moves in steps, the proper loss."""
        task = self.competition.task
        asked = self.run.metric()
        if asked.wants != "label":
            return asked
        return find_metric("log_loss" if task.exclusive else "rmse").of(task)

    def _dataset(self, features: Mapping[str, Any]) -> Dataset:
        table = Columns(self.competition.train, self.competition.kinds, features)  # type: ignore[arg-type]
        return Dataset(self.competition.ids, {TABLE: table}, self.competition.target)


def some_of(rows: np.ndarray, most: int, seed: int = 0) -> np.ndarray:
    """Returns at most so many of the rows, drawn at random, in their order."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).permutation(rows)[:most])

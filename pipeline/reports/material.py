"""Material of a report: a run's saved products, each read when a section asks for it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.audit.finding import Finding
from pipeline.board import Board
from pipeline.data.dense import finite_rows, read_values, some
from pipeline.ensemble.postprocessing import Postprocessor
from pipeline.ensemble.postprocessing_choice import read_postprocessor
from pipeline.metrics import Metric
from pipeline.reports.row_losses import row_losses
from pipeline.reports.trained import Trained
from pipeline.run.run import Run
from pipeline.tasks.base import Task
from pipeline.tasks.box_array import is_boxes


@dataclass(frozen=True)
class Blended:
    """An ensemble that was handed in.

    Attributes:
        folder: of the product.
        summary: the submission's manifest.
        stale: what it was made of differs from the configuration, in words; "" where it does not.
    """

    folder: Path
    summary: Mapping[str, Any]
    stale: str = ""

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """Facts of `ensemble.json`: scores, weights, intervals, what each member adds."""
        found: dict[str, Any] = json.loads((self.folder / "ensemble.json").read_text(encoding="utf-8"))
        return found

    @cached_property
    def postprocessor(self) -> Postprocessor:
        """Post-processing of the blend before it is handed in."""
        facts = json.loads((self.folder / "fitted" / "fitted.json").read_text(encoding="utf-8"))
        return read_postprocessor(facts["postprocessor"])

    @cached_property
    def oof(self) -> np.ndarray:
        """Cross-fitted predictions (rows, outputs); NaN where no fold scored the row."""
        return read_values(self.folder / "oof.npy")


@dataclass(frozen=True)
class Answer:
    """Out-of-fold answers that the page looks at closely.

    Attributes:
        name: whose they are: the ensemble's, or a model's.
        oof: (rows, outputs); NaN where no fold scored the row.
        rows: positions of the rows that are scored.
    """

    name: str
    oof: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True)
class Material:
    """Material of one page.

    Attributes:
        run: whose report it is.
        findings: of the audit, and of the labels that look wrong; none where it was not made yet.
        blended: the ensemble that was handed in, or None.
        board: of the competition.
        studied: the folder of `report.json` and its sheets, or None.
        usual: what a column's values usually are, by name: grows as rows are shown.
    """

    run: Run
    findings: Sequence[Finding] = ()
    blended: Blended | None = None
    board: Board = field(default_factory=lambda: Board(Path(), [], []))
    studied: Path | None = None
    usual: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        return self.run.config.competition

    @property
    def task(self) -> Task:
        return self.run.competition.task

    @cached_property
    def metric(self) -> Metric:
        return self.run.metric()

    @property
    def sign(self) -> float:
        """1 where greater is better, else -1."""
        return 1.0 if self.metric.greater_is_better else -1.0

    @cached_property
    def said(self) -> str:
        """A line on what was asked and of how much data."""
        competition = self.run.competition
        way = "greater" if self.metric.greater_is_better else "less"
        outputs = (
            f", {self.task.n_outputs:,} outputs" if self.task.n_outputs > 1 and not self.task.dense else ""
        )
        rows, test = len(competition.ids), len(competition.test_ids)
        return (
            f"{self.task.kind}{outputs}, {rows:,} training and {test:,} test rows, {self.run.folds.n} folds; "
            f"{self.metric.name}, {way} is better"
        )

    @cached_property
    def trained(self) -> dict[str, Trained]:
        """The configuration's models of which a fit is there, in the order in which they are trained."""
        found = {name: Trained(self.run, name) for name in self.run.plan.models}
        return {name: one for name, one in found.items() if one.done}

    @property
    def whole(self) -> bool:
        """Whether every fit is there."""
        return all(name in self.trained for name in self.run.plan.models) and all(
            len(model.done) == model.planned for model in self.trained.values()
        )

    @cached_property
    def scores(self) -> dict[str, float]:
        """By model, its score out of fold; of the ensemble's members as they are judged there."""
        if self.blended:
            return {name: float(model["score"]) for name, model in self.blended.summary["models"].items()}
        if self.task.dense:
            return {}
        scores = {name: one.score(self.metric) for name, one in self.trained.items()}
        return {name: score for name, score in scores.items() if np.isfinite(score)}

    @cached_property
    def ranked(self) -> list[str]:
        """Names of the scored models, the best first."""
        return sorted(self.scores, key=lambda name: -self.sign * self.scores[name])

    @cached_property
    def answer(self) -> Answer | None:
        """The ensemble's answers, or the best model's where there is no ensemble."""
        said: dict[str, np.ndarray | None] = {"the ensemble": self.blended.oof} if self.blended else {}
        if not said:
            said = {name: self.trained[name].oof for name in self.ranked or self.trained}
        for name, oof in said.items():
            if oof is not None and len(rows := np.flatnonzero(finite_rows(oof))):
                return Answer(name, oof, rows)
        return None

    @cached_property
    def losses(self) -> np.ndarray:
        """float64 (scored rows,): how far each answer is off, in the order of the answer's rows."""
        if self.answer is None:
            return np.zeros(0)
        rows, seed = self.answer.rows, self.run.config.seed
        said = self.decided if self.task.verbatim else some(self.answer.oof, rows)
        return row_losses(self.task, self.metric, self.target[rows], said, seed)

    @cached_property
    def decided(self) -> np.ndarray:
        """Answers where they must be one thing: classes, labels, spans, rules of masks, or boxes.

        In the order of the answer's rows; by the thresholds that are handed in, where any were chosen.
        """
        if self.answer is None:
            return np.zeros(0, int)
        said = some(self.answer.oof, self.answer.rows)
        if self.blended and is_boxes(said):
            return self.blended.postprocessor.values(said)
        labels = self.blended.postprocessor.labels(said) if self.blended else None
        return self.task.decided(said) if labels is None else labels

    @cached_property
    def fold_of(self) -> np.ndarray:
        """int (rows,): the fold that scores each row first, negative where none does."""
        return self.run.folds.assignment[0].astype(int)

    @property
    def target(self) -> np.ndarray:
        return self.run.competition.target

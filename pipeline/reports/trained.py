"""A model as far as it is trained: the fits that are done, what they noted, and what they say out of fold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pipeline.config.schema import ModelConfig
from pipeline.data.dense import finite_rows
from pipeline.data.folds import Fold
from pipeline.metrics import Metric
from pipeline.run.run import Run
from pipeline.store import Product
from pipeline.validation import cross_validation
from pipeline.validation.fold_output import FoldOutput
from pipeline.validation.predictions import Predictions, load_predictions


@dataclass(frozen=True)
class Trained:
    """One model of a run.

    Attributes:
        run: whose model it is.
        name: in the YAML.
    """

    run: Run
    name: str

    @property
    def section(self) -> ModelConfig:
        return self.run.plan.section(self.name)

    @cached_property
    def done(self) -> list[Fold]:
        """The fits that are there, nested ones and the fit on all rows among them."""
        return [fold for fold in self.run.plan.fits[self.name] if self.product(fold).done()]

    @property
    def planned(self) -> int:
        return len(self.run.plan.fits[self.name])

    @cached_property
    def facts(self) -> Mapping[str, Mapping[str, Any]]:
        """By label of a fit, how many "seconds" it took and its "notes"."""
        return {
            fold.label: json.loads((self.product(fold).path / "fold.json").read_text(encoding="utf-8"))
            for fold in self.done
        }

    @property
    def seconds(self) -> float:
        """Of all fits that are there."""
        return sum(facts["seconds"] for facts in self.facts.values())

    @cached_property
    def predictions(self) -> Predictions | None:
        """Predictions of all rows, where every fold is done."""
        if not self.section.answers():
            return None
        product = self.run.predictions_product(self.name)
        return load_predictions(product.path) if product.done() else None

    @cached_property
    def oof(self) -> np.ndarray | None:
        """Out-of-fold predictions (rows, outputs), NaN where no fold that is done scores the row."""
        if self.predictions is not None:
            return self.predictions.oof
        scored = [self.run.folds.with_rows(fold) for fold in self.done if fold.scored]
        if not scored or not self.section.answers() or self.run.competition.task.dense:
            return None
        found = np.full((len(self.run.competition.ids), self.run.competition.task.n_outputs), np.nan)
        for fold in reversed(scored):  # of several repeats the first
            found[fold.valid] = FoldOutput.load(self.product(fold).path).valid
        return found.astype(np.float32)

    @cached_property
    def fold_scores(self) -> dict[str, float]:
        """By label of the fold."""
        scored = [fold for fold in self.done if fold.scored]
        if self.predictions is not None and self.predictions.fold_scores:
            return {
                fold.label: score
                for fold, score in zip(self.run.plan.all_folds, self.predictions.fold_scores, strict=True)
            }
        if self.run.competition.task.dense and self.section.answers():
            return {}
        metric, target = self.run.metric(self.name), self.run.competition.target
        if not self.section.answers():
            return {}
        return {
            fold.label: cross_validation.score(
                metric,
                target,
                self.run.folds.with_rows(fold).valid,
                FoldOutput.load(self.product(fold).path).valid,
            )
            for fold in scored
        }

    def score(self, metric: Metric) -> float:
        """Returns the score over all rows that are scored, NaN where none is."""
        if self.oof is None:
            return float("nan")
        rows = np.flatnonzero(finite_rows(self.oof))
        return cross_validation.score(metric, self.run.competition.target, rows, self.oof[rows])

    def product(self, fold: Fold) -> Product:
        """The product of one fit."""
        return self.run.fit_product(self.name, fold)

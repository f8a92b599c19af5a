"""A distilled model beside the ensemble that taught it: score, time and size; how much of it is learned."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pipeline.data.new_rows import blocks
from pipeline.package.package import size_of
from pipeline.run.run import Run
from pipeline.stages.answers import answers, needed
from pipeline.stages.blend import Blend
from pipeline.stages.submission import own_ensemble

TIMED_ROWS = 1000  # test rows that both answer


@dataclass(frozen=True)
class Cost:
    """Cost of answers: score, time and size.

    Attributes:
        score: cross-fitted.
        seconds: for some test rows.
        size: bytes of the models that are asked.
        models: their names.
    """

    score: float
    seconds: float
    size: int
    models: tuple[str, ...]


class Setting(NamedTuple):
    """Setting of a distillation: the share of what is taught, and the temperature that softens it."""

    share: float
    temperature: float | None

    def __str__(self) -> str:
        softened = "" if self.temperature is None else f" at temperature {self.temperature:g}"
        return f"{self.share:g}{softened}"


@dataclass(frozen=True)
class Distilled:
    """The comparison.

    Attributes:
        name: of the model that has learned.
        metric: the score's name.
        greater_is_better: which way scores go.
        ensemble, model: what they cost.
        rows: that both answered.
        folds: the model's score of each fold.
    """

    name: str
    metric: str
    greater_is_better: bool
    ensemble: Cost
    model: Cost
    rows: int
    folds: tuple[float, ...]

    @property
    def lost(self) -> float:
        """By how much its score is worse than the ensemble's."""
        lost = self.ensemble.score - self.model.score
        return lost if self.greater_is_better else -lost

    def lines(self) -> list[str]:
        """Says what it costs and what it saves."""
        found = [
            f"{name:<10} {self.metric} {cost.score:.5f}, {self.rows:,} rows in {cost.seconds:.2f} s, "
            f"{cost.size / 2**20:,.1f} MB ({', '.join(cost.models)})"
            for name, cost in (("ensemble", self.ensemble), (self.name, self.model))
        ]
        faster = self.ensemble.seconds / max(self.model.seconds, 1e-9)
        smaller = self.ensemble.size / max(self.model.size, 1)
        gains = f"{faster:.1f} times faster and {smaller:.1f} times smaller"
        return [*found, f"{self.name} loses {self.lost:+.5f}; it is {gains}"]


@dataclass(frozen=True)
class Choice:
    """Setting that was chosen among several, and what choosing it this way is worth.

    Attributes:
        setting: with the best mean over the folds.
        mean: that mean, which is optimistic: it is the best of several.
        honest: the mean over the folds where the setting for each fold is chosen without it.
    """

    setting: Setting
    mean: float
    honest: float

    def lines(self, found: Mapping[Setting, Distilled]) -> list[str]:
        """Says what was tried, and what the best owes to chance."""
        tried = ", ".join(f"{setting}: {np.mean(one.folds):.5f}" for setting, one in found.items())
        return [
            f"share of what is taught: {self.setting}, the best over the folds ({tried})",
            f"chosen without the fold that is scored: {self.honest:.5f} in place of {self.mean:.5f}",
        ]


def choose(found: Mapping[Setting, Distilled]) -> Choice:
    """Returns the best setting, and its score as it is where no fold had a say in its own setting.

    Args:
        found: what came of each setting that was tried; the first of equals is taken.
    """
    settings, some = list(found), next(iter(found.values()))
    sign = 1 if some.greater_is_better else -1
    scores = sign * np.array([found[setting].folds for setting in settings])
    folds = np.arange(scores.shape[1])
    others = [scores[:, folds != fold].mean(axis=1) if len(folds) > 1 else scores[:, fold] for fold in folds]
    honest = np.mean([scores[np.argmax(means), fold] for fold, means in zip(folds, others, strict=True)])
    best = int(np.argmax(scores.mean(axis=1)))
    return Choice(settings[best], sign * float(scores[best].mean()), sign * float(honest))


def compare(submitted: Run, blend: Blend, alone: Run, name: str) -> Distilled:
    """Trains a model that learns from others where that is not done yet, and compares it with the ensemble.

    Args:
        submitted: the run of the submission.
        blend: its ensemble.
        alone: the run whose only member is the model.
        name: of the model.
    """
    for one in alone.plan.models:
        alone.train_model(one)
    own = Blend.load(alone.made(own_ensemble(alone)), alone.metric())
    metric, rows = submitted.metric(), min(TIMED_ROWS, len(submitted.competition.test_ids))
    return Distilled(
        name=name,
        metric=metric.name,
        greater_is_better=metric.greater_is_better,
        ensemble=_cost(submitted, blend, rows),
        model=_cost(alone, own, rows),
        rows=rows,
        folds=alone.predictions(name).fold_scores,
    )


def _cost(run: Run, blend: Blend, rows: int) -> Cost:
    facts = json.loads((blend.folder / "ensemble.json").read_text(encoding="utf-8"))
    models = needed(run, blend)
    fits = [run.fit_product(name, fold) for name in models for fold in run.plan.answering]
    some = next(blocks(run.competition, rows))
    list(answers(run, blend, next(blocks(run.competition, 2)), run.plan.source))  # libraries start here
    started = time.monotonic()
    list(answers(run, blend, some, run.plan.source))
    seconds = time.monotonic() - started
    size = sum(size_of(fit.path / "model") for fit in fits)
    return Cost(facts["cross_fitted_score"], seconds, size, tuple(models))

"""The end of a search: the best trials on all folds, then the choice on folds that no trial has seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline import cross_validation
from pipeline.config.schema import ModelConfig
from pipeline.config.tuned import put_over
from pipeline.data.folds import Folds, fold_kind, make_folds
from pipeline.run import Run
from pipeline.search.request import Request
from pipeline.search.study import VALUES

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

TUNED = "tuned before"  # label of what an earlier search has left
FRESH = 1009  # added to the folds' seed for a draw that no trial has seen


@dataclass(frozen=True)
class Finalist:
    """A section scored on all folds.

    Attributes:
        label: "present", or "trial 37".
        values: by parameter name; {} for the present section.
        section: the model's section.
        scores: of the folds of the run.
        seconds: of all fits.
        fresh: scores on folds drawn anew, or () where it was not scored on them.
        claimed: what its trial said, or None for the present section.
    """

    label: str
    values: dict[str, Any]
    section: ModelConfig
    scores: tuple[float, ...]
    seconds: float
    fresh: tuple[float, ...] = ()
    claimed: float | None = None

    @property
    def score(self) -> float:
        return float(np.mean(self.scores))

    @property
    def fresh_score(self) -> float:
        return float(np.mean(self.fresh))

    @property
    def error(self) -> float:
        """The standard error of the score over the folds."""
        return float(np.std(self.scores, ddof=1) / np.sqrt(len(self.scores))) if len(self.scores) > 1 else 0.0


def score_present(request: Request, run: Run) -> Finalist:
    """Trains what the model reads, then the model as it is: the score to beat."""
    for other in run.plan.models:
        run.train_model(other)
    return _finalist(request, run, "present", {})


def score_trials(request: Request, run: Run, trials: list[FrozenTrial]) -> list[Finalist]:
    """Trains the best trials on all folds with all rows; their predictions stay for the ensemble."""
    found = []
    for trial in trials:
        section = request.space.apply(request.section, trial.user_attrs[VALUES])
        own = run.with_section(request.name, section)
        own.train_model(request.name)
        finalist = _finalist(request, own, f"trial {trial.number}", trial.user_attrs[VALUES])
        found.append(replace(finalist, claimed=trial.values[0]))
    return found


def score_tuned(request: Request, run: Run, keys: dict[str, Any]) -> Finalist:
    """Trains the section as an earlier search has left it."""
    said = request.section.model_dump(exclude_defaults=True) | {"kind": request.section.kind}
    section = type(request.section).model_validate(put_over(said, keys))
    own = run.with_section(request.name, section)
    own.train_model(request.name)
    return _finalist(request, own, TUNED, {})


def _finalist(request: Request, run: Run, label: str, values: dict[str, Any]) -> Finalist:
    name = request.name
    outputs, target = run.outputs(name), run.experiment(name).train.target
    metric = run.metric(name)
    scores = [cross_validation.score(metric, target, fold.valid, output.valid) for fold, output in outputs]
    if run.config.models[name].answers():
        run.predictions(name)  # where `make ensemble` finds them
    seconds = sum(output.seconds for _, output in outputs)
    return Finalist(label, values, run.config.models[name], tuple(scores), seconds)


def pick(request: Request, finalists: list[Finalist]) -> Finalist:
    """Returns the best by score; where time counts too, the fastest within one standard error of it."""
    sign = -1 if request.greater_is_better else 1
    best = min(finalists, key=lambda one: sign * one.score)
    if not request.timed:
        return best
    near = [one for one in finalists if sign * (one.score - best.score) <= best.error]
    return min(near, key=lambda one: one.seconds)


def why_no_fresh_folds(request: Request, run: Run) -> str | None:
    """Returns why the model cannot be scored on folds drawn anew, or None where it can."""
    if fold_kind(run.config.folds) in ("column", "time"):
        return "the folds follow from a column and cannot be drawn anew"
    if any("." in entry for entry in request.section.inputs) or request.section.uses():
        return "the model reads other models, which belong to the folds"
    return None


def score_fresh(request: Request, run: Run, finalist: Finalist) -> Finalist:
    """Returns the finalist with its scores on folds that no trial was chosen by."""
    own = run.with_section(request.name, finalist.section)
    experiment = replace(own.experiment(request.name), folds=_fresh_folds(own))
    metric, scores = own.metric(request.name), []
    folds = list(experiment.folds)
    for place, fold in enumerate(folds):
        own.progress.begin(f"{finalist.label} on fresh folds", place, len(folds))
        context = own.context(own.plan.fold(request.name, fold), {})
        output = cross_validation.fit_fold(experiment, fold, replace(context, checkpoint=None))
        scores.append(cross_validation.score(metric, experiment.train.target, fold.valid, output.valid))
        own.progress.end(f"{metric.name} {scores[-1]:.5g}")
    return replace(finalist, fresh=tuple(scores))


def _fresh_folds(run: Run) -> Folds:
    competition, config = run.competition, run.config.folds
    drawn = config.model_copy(update={"seed": config.seed + FRESH})
    return make_folds(drawn, competition.task, competition.target, competition.splitter)

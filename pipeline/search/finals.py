"""The end of a search: the best trials on all folds, then the choice on folds that no trial has seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline import cross_validation
from pipeline.clock import Clock, OutOfTime
from pipeline.config.schema import ModelConfig
from pipeline.config.tuned import put_over
from pipeline.data.folds import Folds, fold_kind, make_folds
from pipeline.errors import ModelError, listing
from pipeline.run import Run
from pipeline.search.request import Request
from pipeline.search.study import SECONDS, VALUES

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


def score_present(request: Request, run: Run, clock: Clock) -> Finalist:
    """Trains what the model reads, then the model as it is: the score to beat.

    Raises:
        ModelError: the budget is over before all its folds are done.
    """
    try:
        for other in run.plan.models:
            clock.start_model(clock.deadline)
            run.with_progress(clock).train_model(other)
    except OutOfTime:
        raise ModelError(
            f"The budget of {request.budget:.0f} s ends before {request.name} as it is has all its folds, "
            "and there is nothing to compare trials with. Its finished folds are kept: the next search "
            "goes on from them. Give it more time."
        ) from None
    return _finalist(request, run, "present", {})


def score_trials(
    request: Request, run: Run, clock: Clock, trials: list[FrozenTrial], keep: int, fresh: float | None
) -> tuple[list[Finalist], list[str]]:
    """Trains the best trials on all folds with all rows; their predictions stay for the ensemble.

    Args:
        request: what is searched.
        run: the plan and its data.
        clock: ends what lasts past the budget.
        trials: the best first.
        keep: how many of them, at most; those that do not fit into the time make room for the next.
        fresh: seconds that the present parameters take on fresh folds, where the best finalist takes
            its own time once more; None: the time is not kept free for them.

    Returns:
        The finalists, and a line that says which trials were left out.
    """
    found: list[Finalist] = []
    left_out: list[str] = []
    for trial in trials:
        if len(found) == keep:
            break
        section = request.space.apply(request.section, trial.user_attrs[VALUES])
        own = run.with_section(request.name, section).with_progress(clock)
        each = _seconds_of_a_fold(request, section, trial)
        seconds = each * len(own.missing(request.name))
        slowest = max([each * len(list(run.folds)), *(one.seconds for one in found)])
        kept_free = 0.0 if fresh is None else fresh + slowest
        fits = seconds + kept_free <= clock.left
        if finalist := _in_time(request, own, clock, trial) if fits else None:
            found.append(finalist)
        else:
            left_out.append(f"trial {trial.number} (about {seconds:.0f} s)")
    if left_out and not found and fresh is not None:
        return score_trials(request, run, clock, trials, keep, None)
    line = f"too long for the time left, on all folds: {listing(left_out)}; the same search again has it"
    return found, [line] if left_out else []


def _seconds_of_a_fold(request: Request, section: ModelConfig, trial: FrozenTrial) -> float:
    """Returns what a fold with all its rows and seeds should take, by what the trial took."""
    return trial.user_attrs[SECONDS] / request.effort.folds / request.effort.rows * section.seeds


def _in_time(request: Request, own: Run, clock: Clock, trial: FrozenTrial) -> Finalist | None:
    """Returns the trial with the scores of all folds, or None where the clock has ended it."""
    clock.start_model(clock.deadline)
    try:
        own.train_model(request.name)
    except OutOfTime:
        clock.end("")
        return None
    finalist = _finalist(request, own, f"trial {trial.number}", trial.user_attrs[VALUES])
    return replace(finalist, claimed=trial.values[0])


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


def score_fresh(request: Request, run: Run, clock: Clock, finalist: Finalist) -> Finalist:
    """Returns the finalist with its scores on folds that no trial was chosen by.

    Raises:
        OutOfTime: the budget is over before that.
    """
    own = run.with_section(request.name, finalist.section).with_progress(clock)
    clock.start_model(clock.deadline)
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

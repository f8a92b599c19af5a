"""One part of a search: trials that see the rest of the rows, and what the best gains on the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.clock import Clock, OutOfTime
from pipeline.context import Context
from pipeline.errors import listing
from pipeline.run.run import Run
from pipeline.search.finalist import Finalist, pick, standard_error
from pipeline.search.gain import Gain, measure_gain
from pipeline.search.objective import Effort, fold_scores, siblings_of
from pipeline.search.parts import Part, groups_of, part_of
from pipeline.search.request import Request
from pipeline.search.study import SCORES, SECONDS, VALUES, best_trials, open_study
from pipeline.store import digest
from pipeline.validation import cross_validation
from pipeline.validation.fold_output import FoldOutput

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

STANDING = "standing"  # user attribute of a study: what its trials are compared with scores
SPARE = 7  # further trials, in the place of those whose folds take too long


@dataclass(frozen=True)
class PartResult:
    """Result of the search that held one part of the rows back.

    Attributes:
        part: its rows.
        standing: what stood before, with its scores on the folds of the part and on the held-back rows.
        found: the best trials, the winner first; [] where no trial is better on its own folds.
        claimed: what the winner gains on the folds that chose it: too good, as the best of many is.
        gain: what it gains on the rows that no trial saw.
        lines: what else a person should know.
    """

    part: Part
    standing: Finalist
    found: list[Finalist]
    claimed: float
    gain: Gain
    lines: list[str] = field(default_factory=list)


def search_part(
    request: Request, run: Run, clock: Clock, standing: Finalist, run_trials: Callable[[], None]
) -> PartResult | None:
    """Searches without the rows of one fold, and asks these rows what the best trial is worth.

    Args:
        request: names the part.
        run: the plan and its data; the folds of what stands are done.
        clock: ends what lasts past the budget.
        standing: what there is to beat.
        run_trials: tries values until there are enough or their time is over.

    Returns:
        The result, or None where the time did not suffice for any.
    """
    part = part_of(run, request.part, request.name)
    study = open_study(request.study_name, request.address, request.directions, request.pruner)
    try:
        own = _standing_scores(request, run, clock, part, study, standing)
    except OutOfTime:
        clock.end("")
        return None
    predicted = _on_held_back(request, run, clock, part, standing)
    standing = replace(standing, own=own, full=(), held=_held_score(request, run, part, predicted))
    run_trials()
    near = standard_error(own) if request.timed else None
    found = [_from_trial(request, run, trial) for trial in best_trials(study, request.keep + SPARE, near)]
    if not found:
        return None
    found = [one for one in found if pick(request, [standing, one]) is one]
    if not found:
        return PartResult(part, standing, [], 0.0, Gain(0.0, 0.0, len(part.outer.valid)))
    found = _in_order(request, _with_all_rows(request, run, clock, part, found))
    found, lines, others = _first_in_time(request, run, clock, part, found)
    if others is None:
        return None
    groups, rows = groups_of(run), part.outer.valid
    gain = measure_gain(
        run.metric(request.name),
        _target(request, run, part),
        others,
        predicted,
        None if groups is None else groups[rows],
    )
    sign = -1 if request.greater_is_better else 1
    return PartResult(part, standing, found, sign * (standing.own_score - found[0].own_score), gain, lines)


def unclean(request: Request, run: Run) -> list[str]:
    """Returns why not even the held-back rows are clean, for a model whose folds' scores are optimistic."""
    marks = run.plan.marks(request.name)
    return [f"the figure on held-back rows is optimistic, too: {mark}" for mark in marks]


def score_on_rest(
    request: Request, run: Run, clock: Clock, part: Part, effort: Effort, one: Finalist
) -> tuple[float, ...]:
    """Returns the scores of a section on the folds of a part.

    Raises:
        OutOfTime: the budget is over before that.
    """
    own = run.with_section(request.name, one.section).with_progress(clock)
    clock.start_model(clock.deadline)
    context = Context(
        report=own.progress.update,
        cache=own.cache,
        siblings=siblings_of(own, request.name, part),
        threads=own.config.threads,
        unlabelled=own.experiment(request.name).test,
    )
    scores: list[float] = []
    total = min(effort.folds, len(list(part.folds)))
    label = f"{one.label} without {part.outer.label}"
    own.progress.begin(label, 0, total)
    for score in fold_scores(own, request.name, part, effort, lambda *_: context):
        scores.append(score)
        own.progress.begin(label, len(scores), total)
    own.progress.end("")
    return tuple(scores)


def _standing_scores(
    request: Request, run: Run, clock: Clock, part: Part, study: Study, standing: Finalist
) -> tuple[float, ...]:
    """Returns what the trials' own folds say of the standing section; once for every study."""
    key = f"{STANDING} {digest(standing.section.model_dump(mode='json'))[:12]}"
    if key not in study.user_attrs:
        study.set_user_attr(key, score_on_rest(request, run, clock, part, request.effort, standing))
    return tuple(study.user_attrs[key])


def _from_trial(request: Request, run: Run, trial: FrozenTrial) -> Finalist:
    section = request.space.apply(request.section, trial.user_attrs[VALUES])
    effort, folds = request.effort, len(list(run.folds))
    seconds = trial.user_attrs[SECONDS] / effort.folds / effort.rows * section.seeds * folds
    label = (
        f"trial {trial.number}" if request.outer == 1 else f"part {request.part + 1}, trial {trial.number}"
    )
    own = tuple(trial.user_attrs[SCORES])
    return Finalist(label, trial.user_attrs[VALUES], section, seconds, own)


def _with_all_rows(
    request: Request, run: Run, clock: Clock, part: Part, found: list[Finalist]
) -> list[Finalist]:
    """Returns the best trials scored with all rows on all folds of the part, where they had less.

    What suits few rows is not always what suits all. Those for which there is no time are left out,
    unless there is none for any: then the trials' own scores must do.
    """
    if not request.partial or request.keep == 1:
        return found
    scored: list[Finalist] = []
    for one in found:
        if len(scored) == request.keep:
            break
        if (
            one.seconds * (1 + 1 / len(list(run.folds))) > clock.left
        ):  # it must be held against the others too
            continue
        try:
            everything = Effort(len(list(part.folds)))
            scored.append(replace(one, full=score_on_rest(request, run, clock, part, everything, one)))
        except OutOfTime:
            clock.end("")
            break
    return scored or found


def _in_order(request: Request, found: list[Finalist]) -> list[Finalist]:
    """Returns the trials so that each is what `pick` takes of it and those behind it."""
    ordered, waiting = [], list(found)
    while waiting:
        ordered.append(pick(request, waiting))
        waiting = [one for one in waiting if one is not ordered[-1]]
    return ordered


def _first_in_time(
    request: Request, run: Run, clock: Clock, part: Part, found: list[Finalist]
) -> tuple[list[Finalist], list[str], np.ndarray | None]:
    """Returns the trials from the first one that can be trained in time, and its held-back predictions."""
    left_out: list[str] = []
    for place, one in enumerate(found):
        seconds = one.seconds / len(list(run.folds))
        try:
            if seconds > clock.left:
                raise OutOfTime
            predicted = _on_held_back(request, run, clock, part, one)
        except OutOfTime:
            clock.end("")
            left_out.append(f"{one.label} (about {seconds:.0f} s)")
            continue
        line = f"too long for the time left, on one fold: {listing(left_out)}; the same search again has it"
        winner = replace(one, held=_held_score(request, run, part, predicted))
        return [winner, *found[place + 1 :]], [line] if left_out else [], predicted
    return found, [], None


def _on_held_back(request: Request, run: Run, clock: Clock, part: Part, one: Finalist) -> np.ndarray:
    """Returns predictions for the held-back rows by a fit on all others: a fold of the run, and kept as such.

    Raises:
        OutOfTime: the budget is over before that.
    """
    own = run.with_section(request.name, one.section).with_progress(clock)
    product = own.fit_product(request.name, part.outer)
    if not product.done():
        clock.start_model(clock.deadline)
        own.train_folds(request.name, [part.outer])
    return FoldOutput.load(product.path).valid


def _target(request: Request, run: Run, part: Part) -> np.ndarray:
    target = run.experiment(request.name).train.target
    if target is None:
        raise ValueError("These rows have no target.")
    return target[part.outer.valid]


def _held_score(request: Request, run: Run, part: Part, predicted: np.ndarray) -> float:
    target = run.experiment(request.name).train.target
    return cross_validation.score(run.metric(request.name), target, part.outer.valid, predicted)

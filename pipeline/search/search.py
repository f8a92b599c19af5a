"""A search from beginning to end: trials, finalists, the choice on fresh folds, the tuned file."""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.clock import Clock, OutOfTime
from pipeline.config.tuned import read_tuned
from pipeline.progress import Progress
from pipeline.run import Run
from pipeline.search.finals import (
    TUNED,
    Finalist,
    pick,
    score_fresh,
    score_present,
    score_trials,
    score_tuned,
    why_no_fresh_folds,
)
from pipeline.search.pictures import draw_search
from pipeline.search.request import Request
from pipeline.search.study import REASON, best_trials, counted, open_study
from pipeline.search.trials import run_trials
from pipeline.search.tuned_file import write_tuned
from pipeline.search.workers import run_workers

if TYPE_CHECKING:
    from optuna import Study

ENOUGH = 20  # trials, from which a search is worth its name
FRESH_FITS = 2  # on fresh folds: the winner and the present parameters
SPARE = 7  # further trials, in the place of those whose folds take too long
MOST_RESERVE = 0.5  # of a budget, at most, for the finalists and the fresh folds


@dataclass(frozen=True)
class Outcome:
    """What a search has found.

    Attributes:
        finalists: what stands first (an earlier search's result, or the present section), then the
            others, all on all folds.
        chosen: one of them.
        trials: how many have ended.
        pruned: how many of them were given up early.
        failed: reason -> how many failed for it.
        seconds: of the trials alone.
        tuned: the file that was written.
        lines: what else a person should know.
        pictures: files that were drawn.
    """

    finalists: list[Finalist]
    chosen: Finalist
    trials: int
    pruned: int
    failed: dict[str, int]
    seconds: float
    tuned: Path
    lines: list[str] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)


def search(
    request: Request,
    progress: Progress,
    tuned: Path,
    command: Sequence[str] = (),
    started: float | None = None,
) -> Outcome:
    """Searches, chooses and writes what was found.

    Args:
        request: checked.
        progress: who is told.
        tuned: the file to write.
        command: arguments of `python -m pipeline` that make a worker of it, for several workers.
        started: when the budget began, by `time.monotonic`; default: now.

    Raises:
        ModelError: the first trials all failed in the same way, or no trial was scored.
    """
    begun = time.monotonic() if started is None else started
    clock = Clock(progress, begun + request.budget if request.budget else float("inf"))
    study = open_study(request.study_name, request.address, request.directions, request.pruner)
    run = Run(request.plan, progress)
    present = score_present(request, run, clock)
    progress.message(f"{request.name} as it is: {request.metric} {present.score:.5f} ± {present.error:.5f}")
    last = _plan_end(request, run, present)
    if fits := _few_trials(request, present, last.seconds):
        progress.message(fits)

    def left() -> float:
        return clock.left - last.seconds

    trials_begun = time.monotonic()
    if request.workers > 1:
        run_workers(request, command, left, progress)
    else:
        run_trials(request, run, left)
    seconds = time.monotonic() - trials_begun
    near = present.error if request.timed else None
    before = read_tuned(tuned)[0].get(request.name)
    standing = [score_tuned(request, run, before)] if before else []
    best = best_trials(study, last.keep + SPARE, near)
    fresh = None if last.no_fresh else present.seconds
    trials, left_out = score_trials(request, run, clock, best, last.keep, fresh)
    finalists = [*standing, present, *trials]
    finalists, chosen, lines = _choose(request, run, clock, finalists, last.no_fresh)
    if chosen.label != TUNED:
        _write(request, tuned, chosen, present, len(counted(study.trials)))
    return Outcome(
        finalists,
        chosen,
        tuned=tuned,
        seconds=seconds,
        lines=[*left_out, *lines],
        pictures=draw_search(request, study),
        **_counts(study),
    )


@dataclass(frozen=True)
class _End:
    """What the end of a search may take of its budget.

    Attributes:
        seconds: kept for it.
        keep: finalists.
        no_fresh: why nothing is scored on fresh folds, or None.
    """

    seconds: float
    keep: int
    no_fresh: str | None


def _plan_end(request: Request, run: Run, present: Finalist) -> _End:
    """Returns what half of the budget is enough for: fresh folds go before a second finalist."""
    no_fresh = why_no_fresh_folds(request, run)
    if request.budget is None:
        return _End(0.0, request.keep, no_fresh)
    fitting = int(MOST_RESERVE * request.budget / max(present.seconds, 1e-9))  # fits of a model on all folds
    if no_fresh is None and fitting < FRESH_FITS + 1:
        no_fresh = f"the budget is too short: {FRESH_FITS} times {present.seconds:.0f} s"
    fresh = 0 if no_fresh else FRESH_FITS
    keep = max(1, min(request.keep, fitting - fresh))
    return _End((keep + fresh) * present.seconds, keep, no_fresh)


def _few_trials(request: Request, present: Finalist, reserve: float) -> str:
    """Returns what to say where a budget holds few trials; nothing where it holds enough."""
    effort = request.effort
    each = present.seconds * effort.folds / len(present.scores) * effort.rows / request.section.seeds
    if request.budget is None or each <= 0:
        return ""
    fitting = int((request.budget - reserve) / each * request.workers)
    if fitting >= ENOUGH or (effort.folds == 1 and effort.rows < 1):
        return ""
    said = f"about {fitting} trials of {each:.0f} s fit into the budget"
    return f"{said}; --folds 1 or --rows 0.3 makes them smaller"


def _choose(
    request: Request, run: Run, clock: Clock, finalists: list[Finalist], no_fresh: str | None
) -> tuple[list[Finalist], Finalist, list[str]]:
    """Returns the finalists, the choice among them, and how much of its score was luck.

    The best of many trials is better on the folds that it was chosen by than anywhere else. Fresh
    folds, which have chosen nothing, decide between it and what stands, the first finalist.
    """
    best = pick(request, finalists)
    stays = "what was tuned before stays" if finalists[0].label == TUNED else "the present parameters stay"
    if best is finalists[0]:
        return finalists, best, [f"no trial is better on all folds: {stays}"]
    if no_fresh is None and finalists[0].seconds + best.seconds > clock.left:
        no_fresh = "the budget is over"
    try:
        tried = () if no_fresh else (finalists[0], best)
        scored = {one.label: score_fresh(request, run, clock, one) for one in tried}
    except OutOfTime:
        no_fresh = "the budget is over"
    if no_fresh:
        line = f"not scored on fresh folds, for {no_fresh}: the score of the best of many is too good"
        return finalists, best, [line]
    finalists = [scored.get(one.label, one) for one in finalists]
    stand, best = finalists[0], scored[best.label]
    sign = -1 if request.greater_is_better else 1
    claimed, kept = sign * (stand.score - best.score), sign * (stand.fresh_score - best.fresh_score)
    luck = claimed - kept
    lines = [
        f"{best.label} gains {claimed:.5f} on the folds that chose it and {kept:.5f} on fresh ones: "
        f"{f'{luck:.5f}' if luck > 0 else 'none of it'} was luck"
    ]
    if kept <= 0 and not request.timed:
        return finalists, stand, [*lines, f"not better on fresh folds: {stays}"]
    values = ", ".join(f"{key} {value}" for key, value in best.values.items())
    return finalists, best, [*lines, f"{best.label}: {values}"]


def _write(request: Request, path: Path, chosen: Finalist, present: Finalist, trials: int) -> None:
    """Writes the model's section of the tuned file: empty where the present parameters stay."""
    today = datetime.date.today().isoformat()
    if chosen.label == present.label:
        comment = f"none of {trials} trials was better than the YAML's own parameters"
        comment += f", {request.metric} {present.score:.5f}; {today}"
    else:
        fresh = f", on fresh folds {chosen.fresh_score:.5f}" if chosen.fresh else ""
        comment = f"{chosen.label} of {trials}: {request.metric} {chosen.score:.5f}{fresh}"
        comment += f", before {present.score:.5f}; {today}"
    write_tuned(path, request.name, request.space.nested(chosen.values), comment)


def _counts(study: Study) -> dict:
    from optuna.trial import TrialState

    trials = counted(study.get_trials(deepcopy=False))
    failed: dict[str, int] = {}
    for trial in trials:
        if trial.state == TrialState.FAIL:
            reason = trial.user_attrs.get(REASON, "its process was killed each time")
            failed[reason] = failed.get(reason, 0) + 1
    pruned = sum(trial.state == TrialState.PRUNED for trial in trials)
    return {"trials": len(trials), "pruned": pruned, "failed": failed}

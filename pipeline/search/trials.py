"""The trials of a search: one after the other, until there are enough or the time is over."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from pipeline.errors import ModelError
from pipeline.run.run import Run
from pipeline.search.objective import Failed, Objective, PutOff, same_way
from pipeline.search.parts import part_of
from pipeline.search.request import Request
from pipeline.search.study import REASON, counted, open_study, pending, retry_lost

if TYPE_CHECKING:
    from optuna import Study

FAILURES = 5  # the first so many, all alike, end the search
WAIT = 0.5  # seconds between two looks at what other workers do


def run_trials(request: Request, run: Run, left: Callable[[], float], alone: bool = True) -> None:
    """Tries values until the study has its trials or the time is over.

    Args:
        request: what is searched.
        run: the plan and its data.
        left: returns the seconds until the search must end.
        alone: whether no other worker takes part; then equal searches try equal values.

    Raises:
        ModelError: the first trials all failed in the same way.
    """
    from filelock import FileLock

    seed = run.config.seed if alone else None
    study = open_study(request.study_name, request.address, request.directions, request.pruner, seed)
    request.folder.mkdir(parents=True, exist_ok=True)
    turn = FileLock(request.folder / "turn.lock")  # only one worker at a time may count and begin
    objective = Objective(
        run,
        request.name,
        request.space,
        part_of(run, request.part, request.name),
        request.effort,
        timed=request.timed,
        prune=request.pruner != "none",
        paired=request.pruner == "wilcoxon",
        left=left,
        started=turn.release,
    )
    parent = os.getppid()
    while left() > 0 and (alone or os.getppid() == parent):
        with suppress(PutOff):
            turn.acquire()
            try:
                if not _begin_one(study, request, objective, run):
                    return
            finally:
                turn.release()


def _begin_one(study: Study, request: Request, objective: Objective, run: Run) -> bool:
    """Runs a trial, or waits where others run the last ones; says whether there is more to do."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    refuse_hopeless(study)
    ended = len(counted(trials))
    if request.most is not None and ended >= request.most:
        return False
    waiting = any(trial.state == TrialState.WAITING for trial in trials)
    if request.most is not None and ended + pending(trials) >= request.most and not waiting:
        objective.started()
        time.sleep(WAIT)
        retry_lost(study)
        return True
    run.progress.begin(trial_label(request, study), ended, request.most or ended + 1)
    study.optimize(objective, n_trials=1, catch=(Failed,))
    run.progress.end("")
    return True


def trial_label(request: Request, study: Study) -> str:
    """Returns what the bar says: which model, and the best score so far."""
    from optuna.trial import TrialState

    done = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    best = max if request.greater_is_better else min
    so_far = f", best {best(trial.values[0] for trial in done):.5g}" if done else ""
    return f"{request.name} trials{so_far}"


def refuse_hopeless(study: Study) -> None:
    """Raises ModelError where the first trials have all failed in the same way."""
    first = sorted(counted(study.get_trials(deepcopy=False)), key=lambda trial: trial.number)[:FAILURES]
    reasons = [trial.user_attrs[REASON] for trial in first if REASON in trial.user_attrs]
    if len(reasons) == FAILURES and same_way(reasons):
        raise ModelError(f"The first {FAILURES} trials all failed in the same way. {reasons[0]}")

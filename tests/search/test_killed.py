"""A search that is killed loses no trial and counts none twice."""

import signal

import optuna
import pytest

from pipeline.search.study import VALUES, counted
from tests.warm import Warm

pytestmark = pytest.mark.slow
TRIALS = 8
# The process kills itself at a trial: before its first sign of life, or in its first or second fit.
# It notices within seconds that another one was killed.
CODE = """
import os, signal, sys
from pipeline.models.logistic import Logistic
from pipeline.search import study
from pipeline.search.objective import Objective
study.HEARTBEAT, study.GRACE = 1, 3
last, moment = int(sys.argv.pop(1)), int(sys.argv.pop(1))
left = [moment, False]

def here():
    if left[1] and left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= left[1]

def call(self, trial, ours=Objective.__call__):
    left[1] = trial.number >= last
    here()
    return ours(self, trial)

def fit(self, train, inner=None, context=None, ours=Logistic.fit):
    here()
    return ours(self, train, inner, context)

Objective.__call__, Logistic.fit = call, fit
from pipeline.cli import main
sys.exit(main(sys.argv[1:]))
"""
NEVER = 1000


def search(warm, folder, last, moment=0):
    """Runs the search to its end, or to the trial `last`: to its start (0), or its first or second fit."""
    words = [str(last), str(moment), "tune", "toy", "--model", "logit", "--trials", str(TRIALS)]
    return warm.run(CODE, *words, folder=folder)


def trials(folder):
    storage = f"sqlite:///{folder / 'runs/toy/search/logit/study.db'}"
    if not (folder / "runs/toy/search/logit/turn.lock").exists():  # the study is there before it
        return []
    (name,) = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=name, storage=storage).trials


def test_killed_three_times(toy):
    moments = [(1, 1), (3, 0), (5, 2)]
    with Warm("optuna", "sqlalchemy", "pandas", "skops.io", "matplotlib.pyplot") as warm:
        for last, moment in moments:
            done = search(warm, toy, last, moment)
            assert done.returncode == -signal.SIGKILL, done.stdout
            assert [t.state.name for t in trials(toy)].count("RUNNING") >= 1
        done = search(warm, toy, NEVER)
    assert done.returncode == 0, done.stdout
    ended = counted(trials(toy))
    assert len(ended) == TRIALS
    assert all(trial.state.name in {"COMPLETE", "PRUNED"} for trial in ended)
    stale = [trial for trial in trials(toy) if trial.state.name == "FAIL"]
    assert len(stale) == len(moments)
    for trial in stale:  # each was tried again with its own values, as far as it had drawn them
        again = [t for t in ended if trial.number in t.system_attrs.get("retry_history", ())]
        assert len(again) == 1
        assert trial.params.items() <= again[0].params.items()
    assert len({str(trial.user_attrs[VALUES]) for trial in ended}) == TRIALS


def test_what_the_heartbeat_does_not_see_is_tried_again(monkeypatch):
    """A trial killed before its first beat, and one whose finder was killed before he put it back."""
    from pipeline.search import study as module

    monkeypatch.setattr(module, "GRACE", -1.0)
    study = optuna.create_study()
    study.enqueue_trial({"x": 0.25})
    before = study.ask()
    before.suggest_float("x", 0, 1)
    found = study.ask()
    module.mark_started(found)
    found.suggest_float("x", 0, 1)
    study.tell(found, state=optuna.trial.TrialState.FAIL)
    alive = study.ask()
    module.mark_started(alive)
    assert counted(study.trials) == []
    assert module.pending(study.trials) == 3
    module.retry_lost(study)
    waiting = [trial for trial in study.trials if trial.state.name == "WAITING"]
    assert [trial.params for trial in waiting] == [before.params, found.params]
    assert study.trials[alive.number].state.name == "RUNNING"
    module.retry_lost(study)
    assert len(study.trials) == 5

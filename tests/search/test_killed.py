"""A search that is killed loses no trial and counts none twice."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest

from pipeline.search.study import VALUES, counted

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow
TRIALS = 8
# A process notices within seconds here that another one was killed; and a fit takes its time.
CODE = """
import sys, time
from pipeline.models.linear import Logistic
from pipeline.search import study
study.HEARTBEAT, study.GRACE = 1, 3
fit = Logistic.fit
def slow(self, train, inner=None, context=None):
    time.sleep(0.4)
    return fit(self, train, inner, context)
Logistic.fit = slow
from pipeline.cli import main
sys.exit(main(sys.argv[1:]))
"""


def start(folder, *arguments):
    command = [sys.executable, "-c", CODE, "tune", "toy", "--model", "logit", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def trials(folder):
    storage = f"sqlite:///{folder / 'runs/toy/search/logit/study.db'}"
    if not (folder / "runs/toy/search/logit/turn.lock").exists():  # the study is there before it
        return []
    (name,) = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=name, storage=storage).trials


def test_killed_three_times(toy):
    killed = 0
    for goal in (1, 3, 5):
        process = start(toy, "--trials", str(TRIALS))
        while not any(t.number >= goal and t.state.name == "RUNNING" for t in trials(toy)):
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed += 1
    process = start(toy, "--trials", str(TRIALS))
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    ended = counted(trials(toy))
    assert len(ended) == TRIALS
    assert all(trial.state.name in {"COMPLETE", "PRUNED"} for trial in ended)
    stale = [trial for trial in trials(toy) if trial.state.name == "FAIL"]
    assert len(stale) == killed
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

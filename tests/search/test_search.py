"""The command from end to end, on a competition where the model's own parameters are bad."""

import json
from dataclasses import replace

import optuna
import pytest

from pipeline import cross_validation
from pipeline.cli import main
from pipeline.clock import Clock
from pipeline.config.load import load_config
from pipeline.progress import Progress
from pipeline.search.finals import Finalist, pick, score_trials
from pipeline.search.study import SECONDS, VALUES, best_trials, counted

TUNE = ["tune", "toy", "--model", "logit"]
NO_LIMIT = Clock(Progress(), float("inf"))


def trials(folder):
    storage = f"sqlite:///{folder / 'runs/toy/search/logit/study.db'}"
    (name,) = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=name, storage=storage).trials


def test_what_is_found_is_used_by_the_next_train(toy, capsys):
    assert main([*TUNE, "--trials", "6"]) == 0
    said = capsys.readouterr().out
    assert "was luck" in said
    assert "6 trials" in said
    text = (toy / "configs/toy.tuned.yaml").read_text()
    assert "log_loss" in text
    assert "before" in text
    found = load_config(toy / "configs/toy.yaml").models["logit"].C
    assert found > 0.01
    assert main(["train", "toy"]) == 0
    assert (
        "logit: C, steps from configs/toy.tuned.yaml; --no-tuned leaves them out" in capsys.readouterr().out
    )
    tuned = json.loads((toy / "runs/toy/submission.json").read_text())["models"]["logit"]["score"]
    assert main(["train", "toy", "--no-tuned"]) == 0
    assert "tuned.yaml" not in capsys.readouterr().out
    assert json.loads((toy / "runs/toy/submission.json").read_text())["models"]["logit"]["score"] > tuned
    for name in ("history", "slices", "importances"):
        assert (toy / f"runs/toy/search/logit/{name}.png").stat().st_size > 5_000


def test_the_winner_is_not_trained_twice_and_the_best_join_the_ensemble(toy, capsys):
    assert main([*TUNE, "--trials", "5", "--keep", "2"]) == 0
    capsys.readouterr()
    assert main(["train", "toy"]) == 0
    assert "folds in" not in capsys.readouterr().out
    assert main(["ensemble", "toy"]) == 0
    members = json.loads((toy / "runs/toy/submission.json").read_text())["models"]
    assert len(members) == 3  # two of the best, and the parameters as they were


def test_a_search_goes_on_where_it_ended(toy):
    assert main([*TUNE, "--trials", "3"]) == 0
    assert main([*TUNE, "--trials", "5"]) == 0
    assert len(counted(trials(toy))) == len(trials(toy)) == 5


def test_good_parameters_stay_where_no_trial_is_better(toy, capsys):
    config = toy / "configs/toy.yaml"
    config.write_text(config.read_text() + "search: {logit: {C: {float: [1.0e-06, 2.0e-06]}}}\n")
    assert main([*TUNE, "--trials", "2"]) == 0
    assert "the present parameters stay" in capsys.readouterr().out
    assert load_config(config).models["logit"].C == 0.001


def test_an_earlier_result_that_is_better_stays(toy, capsys):
    assert main([*TUNE, "--trials", "5"]) == 0
    before = (toy / "configs/toy.tuned.yaml").read_text()
    config = toy / "configs/toy.yaml"
    config.write_text(config.read_text() + "search: {logit: {C: {float: [0.0011, 0.0012]}}}\n")
    assert main([*TUNE, "--trials", "2"]) == 0
    assert "tuned before" in capsys.readouterr().out
    assert (toy / "configs/toy.tuned.yaml").read_text() == before


def test_time_is_a_second_objective(toy, capsys):
    assert main([*TUNE, "--trials", "4", "--timed"]) == 0
    assert all(len(trial.values) == 2 for trial in trials(toy))
    assert (toy / "runs/toy/search/logit/pareto.png").exists()


def test_of_equal_models_the_fast_one_is_picked(request_of):
    request = request_of(timed=True)

    def finalist(label, scores, seconds):
        return Finalist(label, {}, request.section, scores, seconds)

    best, fast = finalist("best", (0.50, 0.54, 0.52), 90.0), finalist("fast", (0.51, 0.55, 0.52), 9.0)
    worse = finalist("worse", (0.70, 0.74, 0.72), 1.0)
    assert pick(request, [best, fast, worse]) is fast
    assert pick(request_of(), [best, fast, worse]) is best


def test_finalists_are_the_best_or_the_fast_among_the_good():
    study = optuna.create_study(directions=["minimize", "minimize"])
    for number, values in enumerate([(0.50, 90.0), (0.70, 1.0), (0.51, 50.0), (0.52, 5.0), (0.50, 90.0)]):
        again = 0 if number == 4 else number  # the last one has the values of the first
        trial = optuna.create_trial(values=values, user_attrs={VALUES: {"C": again}})
        study.add_trial(trial)
    assert [t.values[0] for t in best_trials(study, 3)] == [0.50, 0.51, 0.52]
    assert [t.values[1] for t in best_trials(study, 3, near=0.05)] == [90.0, 5.0, 50.0]


def test_two_workers_share_the_trials(toy, capsys):
    assert main([*TUNE, "--trials", "7", "--workers", "2"]) == 0
    assert len(trials(toy)) == 7
    assert "7 trials" in capsys.readouterr().out


def test_the_first_failures_all_alike_end_the_search(toy, capsys, monkeypatch):
    from pipeline.models.linear import Logistic
    from pipeline.search import finals

    fit, calls = Logistic.fit, []

    def fails_after_the_present(self, train, inner=None, context=None):
        calls.append(1)
        if len(calls) > 3:
            raise MemoryError(f"cannot allocate {len(calls)} GiB")
        return fit(self, train, inner, context)

    monkeypatch.setattr(Logistic, "fit", fails_after_the_present)
    assert finals.FRESH
    assert main([*TUNE, "--trials", "20"]) == 1
    assert "The first 5 trials all failed in the same way. MemoryError" in capsys.readouterr().err
    assert len(trials(toy)) == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "logti"], "no model 'logti'. Did you mean 'logit'?"),
        (["--model", "logit", "--trials", "0"], "--trials must be at least 1. Received: 0."),
        (["--model", "logit", "--folds", "9"], "--folds must be from 1 to 3. Received: 9."),
        (["--model", "logit", "--rows", "1.5"], "--rows must be above 0 and at most 1. Received: 1.5."),
        (["--model", "logit", "--pruner", "medain"], "Did you mean 'median'?"),
        (
            ["--model", "logit", "--set", "search.logit={C: {int: [5, 2]}, steps: {choice: []}}"],
            "low must be",
        ),
        (["--model", "logit", "--storage", "postgresql://nobody@127.0.0.1:1/x"], "cannot be used"),
    ],
)
def test_bad_requests_are_refused_before_anything_is_trained(toy, capsys, arguments, said):
    assert main(["tune", "toy", *arguments]) == 1
    assert said in " ".join(capsys.readouterr().err.split())
    assert not list((toy / "runs/toy/products").glob("logit*"))


def test_a_model_without_parameters_says_so(toy, capsys):
    config = toy / "configs/toy.yaml"
    config.write_text(config.read_text() + "  base: {kind: baseline}\n")
    assert main(["tune", "toy", "--model", "base"]) == 1
    assert "has no default space" in capsys.readouterr().err


def test_fresh_folds_are_others_and_decide(request_of, run_of, monkeypatch):
    """A trial that is better only on the folds that chose it must not be used."""
    from pipeline.search import finals
    from pipeline.search import search as module

    request = request_of()
    run = run_of(request)
    fresh = finals._fresh_folds(run)
    assert fresh.hash != run.folds.hash
    assert (fresh.assignment != run.folds.assignment).any()
    present = Finalist("present", {}, request.section, (0.50, 0.52), 1.0)
    lucky = Finalist("trial 7", {"C": 2.0}, request.section, (0.40, 0.42), 1.0, claimed=0.41)

    def scored_elsewhere(request, run, clock, one):
        return replace(one, fresh=(0.50, 0.52) if one.label == "present" else (0.55, 0.57))

    monkeypatch.setattr(module, "score_fresh", scored_elsewhere)
    _, chosen, lines = module._choose(request, run, NO_LIMIT, [present, lucky], None)
    assert chosen.label == "present"
    assert "gains 0.10000 on the folds that chose it and -0.05000 on fresh ones: 0.15000 was luck" in lines[0]


def test_a_lucky_trial_does_not_undo_what_was_tuned_before(request_of, run_of, monkeypatch):
    from pipeline.search import search as module

    request = request_of()
    tuned = Finalist("tuned before", {}, request.section, (0.40, 0.42), 1.0)
    present = Finalist("present", {}, request.section, (0.50, 0.52), 1.0)
    lucky = Finalist("trial 7", {"C": 2.0}, request.section, (0.38, 0.40), 1.0, claimed=0.39)
    fresh = {"tuned before": (0.41, 0.43), "present": (0.50, 0.52), "trial 7": (0.45, 0.47)}
    monkeypatch.setattr(
        module, "score_fresh", lambda *facts: replace(facts[-1], fresh=fresh[facts[-1].label])
    )
    _, chosen, lines = module._choose(request, run_of(request), NO_LIMIT, [tuned, present, lucky], None)
    assert chosen.label == "tuned before"
    assert "what was tuned before stays" in lines[-1]


def test_what_belongs_to_the_folds_is_not_scored_on_others(request_of, run_of):
    from pipeline.search.finals import why_no_fresh_folds

    request = request_of(overrides=["models.top={kind: logistic, inputs: [logit.prediction]}"], name="top")
    assert "reads other models" in why_no_fresh_folds(request, run_of(request))
    ordered = request_of(overrides=["folds={n: 3, time: width}"])
    assert "cannot be drawn anew" in why_no_fresh_folds(ordered, run_of(ordered))


def test_a_budget_keeps_time_for_its_end(request_of, run_of):
    from pipeline.search.search import _plan_end

    def end(budget):
        request = request_of(budget=budget)
        return _plan_end(request, run_of(request), Finalist("present", {}, request.section, (0.5,), 10.0))

    assert (end(None).keep, end(None).seconds) == (3, 0.0)
    assert (end(200.0).keep, end(200.0).seconds, end(200.0).no_fresh) == (3, 50.0, None)
    assert (end(70.0).keep, end(70.0).seconds) == (1, 30.0)
    assert "budget is too short" in end(50.0).no_fresh
    assert (end(50.0).keep, end(50.0).seconds) == (2, 20.0)


def clock_with(left, monkeypatch):
    """A clock that stands still, so many seconds before its end."""
    monkeypatch.setattr(Clock, "now", staticmethod(lambda: 1000.0))
    return Clock(Progress(), 1000.0 + left)


def complete(score, seconds, C):
    attributes = {VALUES: {"C": C}, SECONDS: seconds}
    return optuna.create_trial(value=score, user_attrs=attributes)


def test_a_trial_that_does_not_fit_into_the_time_makes_room_for_the_next(request_of, run_of, monkeypatch):
    """Its own seconds count, whatever the present parameters take."""
    request = request_of(budget=100.0, folds=1)
    clock = clock_with(100.0, monkeypatch)
    slow, fast = complete(0.1, 20.0, 0.5), complete(0.2, 5.0, 0.25)  # three times that on all folds
    found, lines = score_trials(request, run_of(request), clock, [slow, fast], 2, fresh=10.0)
    assert [one.values["C"] for one in found] == [0.25]
    assert "about 60 s" in lines[0]
    found, lines = score_trials(request, run_of(request), clock, [slow, fast], 2, fresh=None)
    assert [one.values["C"] for one in found] == [0.5, 0.25]
    assert lines == []


def test_where_only_fresh_folds_do_not_fit_the_best_trial_is_scored_without_them(
    request_of, run_of, monkeypatch
):
    request = request_of(budget=100.0)
    clock = clock_with(100.0, monkeypatch)
    found, lines = score_trials(request, run_of(request), clock, [complete(0.1, 60.0, 0.5)], 2, fresh=10.0)
    assert len(found) == 1
    assert lines == []


def test_the_clock_ends_a_finalist_that_takes_longer_than_foreseen(request_of, run_of, monkeypatch):
    request, fit = request_of(budget=100.0), cross_validation.fit_fold
    clock = clock_with(100.0, monkeypatch)

    def slow(*arguments):
        output = fit(*arguments)
        clock.limit = 0.0  # it took all the time there was
        return output

    run = run_of(request)
    monkeypatch.setattr(cross_validation, "fit_fold", slow)
    found, lines = score_trials(request, run, clock, [complete(0.1, 1.0, 0.5)], 2, fresh=None)
    assert found == []
    assert "too long for the time left" in lines[0]
    section = request.space.apply(request.section, {"C": 0.5})
    assert len(run.with_section("logit", section).missing("logit")) == 2  # the fold that is done stays


def test_a_budget_that_the_present_parameters_overrun_is_said(toy, capsys, monkeypatch):
    monkeypatch.setattr("pipeline.search.search.Clock", lambda inner, deadline: Clock(inner, 0.0))
    assert main([*TUNE, "--budget", "60s"]) == 1
    assert "ends before logit as it is has all its folds" in capsys.readouterr().err

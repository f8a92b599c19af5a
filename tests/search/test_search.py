"""The command from end to end, on a competition where the model's own parameters are bad."""

import json
import shutil
from dataclasses import replace

import optuna
import pytest

from pipeline.api import open_run
from pipeline.cli import main
from pipeline.clock import Clock
from pipeline.config.load import load_config
from pipeline.config.tuned import tuned_mark
from pipeline.progress import Progress
from pipeline.reports.page import sections
from pipeline.search.finalist import Finalist
from pipeline.search.finals import score_found, score_present
from pipeline.search.gain import Gain
from pipeline.search.held_back import search_part, unclean
from pipeline.search.objective import Objective
from pipeline.search.parts import part_of
from pipeline.search.search import End, plan_end
from pipeline.search.study import SCORES, SECONDS, VALUES, best_trials, counted, open_study
from pipeline.stages.page import material_of
from pipeline.validation import cross_validation

TUNE = ["tune", "toy", "--model", "logit"]
NO_LIMIT = Clock(Progress(), float("inf"))


def trials(folder):
    storage = f"sqlite:///{folder / 'runs/toy/search/logit/study.db'}"
    (name,) = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=name, storage=storage).trials


def test_what_is_found_is_used_by_the_next_train(toy, capsys):
    assert main([*TUNE, "--trials", "6"]) == 0
    said = capsys.readouterr().out
    assert "fold0 held back: no trial sees its 40 rows" in said
    assert "gain by the folds that chose it (optimistic): +" in said
    assert "gain on 40 rows, held back, that no trial saw (honest): +" in said
    assert "was luck" in said
    assert "6 trials" in said
    text = (toy / "configs/toy.tuned.yaml").read_text()
    assert "in log_loss on rows that no trial saw" in text
    assert "held_back: " in text
    found = load_config(toy / "configs/toy.yaml").models["logit"].C
    assert found > 0.01
    assert main(["train", "toy"]) == 0
    assert (
        "logit: C, max_iter from configs/toy.tuned.yaml; --no-tuned leaves them out"
        in capsys.readouterr().out
    )
    tuned = json.loads((toy / "runs/toy/submission.json").read_text())["models"]["logit"]
    assert [mark.partition(":")[0] for mark in tuned["optimistic"]] == ["tuned on these folds"]
    tuned = tuned["score"]
    assert main(["train", "toy", "--no-tuned"]) == 0
    assert "tuned.yaml" not in capsys.readouterr().out
    plain = json.loads((toy / "runs/toy/submission.json").read_text())["models"]["logit"]
    assert plain["score"] > tuned
    assert plain["optimistic"] == []
    for name in ("history", "slices", "importances"):
        assert (toy / f"runs/toy/search/logit/{name}.png").stat().st_size > 5_000
    section = sections(material_of(open_run("toy")))["searches"]
    assert section.applies()
    assert "logit: scores of the trials" in str(section.blocks())


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
    from pipeline.models.logistic import Logistic

    fit, calls = Logistic.fit, []

    def fails_after_the_present(self, train, inner=None, context=None):
        calls.append(1)
        if len(calls) > 6:  # three folds of the run, three of the rest
            raise MemoryError(f"cannot allocate {len(calls)} GiB")
        return fit(self, train, inner, context)

    monkeypatch.setattr(Logistic, "fit", fails_after_the_present)
    assert main([*TUNE, "--trials", "20"]) == 1
    assert "The first 5 trials all failed in the same way. MemoryError" in capsys.readouterr().err
    assert len(trials(toy)) == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "logti"], "no model 'logti'. Did you mean 'logit'?"),
        (["--model", "logit", "--trials", "0"], "--trials must be at least 1. Received: 0."),
        (["--model", "logit", "--folds", "9"], "--folds must be from 1 to 3. Received: 9."),
        (["--model", "logit", "--outer", "4"], "--outer must be from 1 to 3. Received: 4."),
        (["--model", "logit", "--rows", "1.5"], "--rows must be above 0 and at most 1. Received: 1.5."),
        (["--model", "logit", "--pruner", "medain"], "Did you mean 'median'?"),
        (
            ["--model", "logit", "--set", "search.logit={C: {int: [5, 2]}, max_iter: {choice: []}}"],
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


def test_a_search_that_goes_on_holds_the_same_rows_back(toy, capsys):
    assert main([*TUNE, "--trials", "2"]) == 0
    first = [(t.user_attrs[VALUES], t.user_attrs[SCORES]) for t in trials(toy)]
    assert main([*TUNE, "--trials", "3"]) == 0
    said = capsys.readouterr().out
    assert said.count("fold0 held back: no trial sees its 40 rows") == 2
    assert [(t.user_attrs[VALUES], t.user_attrs[SCORES]) for t in trials(toy)][:2] == first


def test_several_folds_may_be_held_back_in_turn(toy, capsys):
    assert main([*TUNE, "--trials", "5", "--outer", "2", "--workers", "2"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "fold1 held back: no trial sees its 40 rows" in said
    assert "6 trials" in said  # three each
    assert "gain on 80 rows of 2 folds in turn, held back" in said
    assert len(optuna.get_all_study_names(f"sqlite:///{toy / 'runs/toy/search/logit/study.db'}")) == 2
    assert (toy / "runs/toy/search/logit/part2/history.png").exists()


def test_a_winner_that_only_its_own_folds_praise_is_not_used(toy, capsys, monkeypatch):
    from pipeline.search import held_back

    monkeypatch.setattr(held_back, "measure_gain", lambda *_: Gain(0.01, 0.02, 40))
    assert main([*TUNE, "--trials", "3"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "not better on them by more than the standard error: the present parameters stay" in said
    assert "nothing changes" in said
    config = load_config(toy / "configs/toy.yaml")
    assert config.models["logit"].C == 0.001
    assert tuned_mark(config.models["logit"]) is None


@pytest.mark.parametrize("folds", ["{n: 4}", "{n: 4, time: width}"])
def test_what_a_reader_sees_in_a_trial_knows_nothing_of_the_held_back_rows(request_of, run_of, folds):
    """Its inputs come from fits without them: other labels there change no trial."""
    top = "models.top={kind: logistic, inputs: [logit.prediction], C: 1.0}"
    request = request_of("top", [top, f"folds={folds}"], trials=1)
    scores = []
    for spoiled in (False, True):
        run = run_of(request)
        if spoiled:
            held = part_of(run, 0, "top").outer.valid
            target = run.competition.target.copy()
            target[held] = (target[held] + 1) % 3
            vars(run).update(folds=run.folds, competition=replace(run.competition, target=target))
            shutil.rmtree(request.plan.store.products)
        run.train_model("logit")
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        part = part_of(run, 0, "top")
        study.optimize(Objective(run, "top", request.space, part, request.effort), n_trials=1)
        scores.append(study.trials[0].user_attrs[SCORES])
    assert scores[0] == scores[1]


def test_a_model_that_looks_at_scored_folds_cannot_be_judged_by_them(request_of, run_of):
    request = request_of(overrides=["models.logit.validate_on=fold"])
    (line,) = unclean(request, run_of(request))
    assert "early stopping looked at the scored folds" in line
    assert unclean(request_of(), run_of(request_of())) == []


def test_a_budget_keeps_time_for_its_end(request_of, run_of):
    def end(budget, **facts):
        request = request_of(budget=budget, **facts)
        standing = Finalist("present", {}, request.section, 15.0, scores=(0.5, 0.5, 0.5))
        return plan_end(request, run_of(request), standing)

    assert end(None) == End(2, 3)  # of fifty trials
    assert end(None, trials=100) == End(3, 3)
    assert end(150.0) == End(1, 3, 5.0, 45.0)  # a fold of the winner, then three finalists on all folds
    assert end(90.0) == End(1, 2, 5.0, 30.0)
    assert end(30.0) == End(1, 1, 5.0, 10.0)
    assert end(2000.0) == End(3, 3, 5.0, 45.0)
    assert end(2000.0, outer=2).parts == 2
    assert end(2000.0, rows=0.5).each == 50.0  # and the best three with all rows


def clock_with(left, monkeypatch):
    """A clock that stands still, so many seconds before its end."""
    monkeypatch.setattr(Clock, "now", staticmethod(lambda: 1000.0))
    return Clock(Progress(), 1000.0 + left)


def complete(score, seconds, C):
    attributes = {VALUES: {"C": C}, SECONDS: seconds, SCORES: [score] * 3}
    return optuna.create_trial(value=score, user_attrs=attributes)


def searched(request, run, clock, trials):
    """Returns the result of a part whose trials are given."""

    def add():
        study = open_study(request.study_name, request.address, request.directions, request.pruner)
        study.add_trials(trials)

    return search_part(request, run, clock, score_present(request, run, clock), add)


def test_a_trial_that_does_not_fit_into_the_time_makes_room_for_the_next(request_of, run_of, monkeypatch):
    """Its own seconds count, whatever the present parameters take."""
    request = request_of(budget=1000.0, outer=1)
    clock = clock_with(1000.0, monkeypatch)
    result = searched(request, run_of(request), clock, [complete(0.1, 9000.0, 0.5), complete(0.2, 5.0, 0.25)])
    assert [one.values["C"] for one in result.found] == [0.25]
    assert "too long for the time left, on one fold: trial 0 (about 3000 s)" in result.lines[0]
    assert result.claimed == pytest.approx(result.standing.own_score - 0.2)


def test_trials_that_are_worse_on_their_own_folds_are_not_asked_for_more(request_of, run_of):
    request = request_of(outer=1)
    result = searched(request, run_of(request), NO_LIMIT, [complete(9.0, 1.0, 0.5)])
    assert (result.found, result.claimed, result.gain.value) == ([], 0.0, 0.0)


def test_trials_with_few_rows_are_compared_with_all_of_them(request_of, run_of):
    """What suits few rows is not what suits all; the claim stays that of the trial."""
    request = request_of(outer=1, rows=0.5, keep=2)
    given = [complete(0.1, 1.0, 0.002), complete(0.2, 1.0, 1.0)]
    result = searched(request, run_of(request), NO_LIMIT, given)
    assert [one.values["C"] for one in result.found] == [1.0, 0.002]
    assert result.found[0].own == (0.2, 0.2, 0.2)
    assert len(result.found[0].full) == 3


def test_the_winner_is_judged_by_the_fold_that_was_held_back(request_of, run_of):
    request = request_of(outer=1, part=1)
    run = run_of(request)
    result = searched(request, run, NO_LIMIT, [complete(0.1, 1.0, 0.5)])
    own = run.with_section("logit", request.section.model_copy(update={"C": 0.5}))
    own.train_model("logit")
    after, before = own.predictions("logit").fold_scores[1], run.predictions("logit").fold_scores[1]
    assert result.found[0].held == pytest.approx(after)
    assert result.gain.value == pytest.approx(before - after)
    assert result.gain.rows == 40


def test_a_part_without_time_says_nothing(request_of, run_of, monkeypatch):
    request = request_of(budget=1000.0, outer=1)
    clock = clock_with(1000.0, monkeypatch)
    assert searched(request, run_of(request), clock, [complete(0.1, 9000.0, 0.5)]) is None


def test_the_clock_ends_a_finalist_that_takes_longer_than_foreseen(request_of, run_of, monkeypatch):
    request, fit = request_of(budget=100.0), cross_validation.fit_fold
    clock = clock_with(100.0, monkeypatch)

    def slow(*arguments):
        output = fit(*arguments)
        clock.limit = 0.0  # it took all the time there was
        return output

    run = run_of(request)
    monkeypatch.setattr(cross_validation, "fit_fold", slow)
    monkeypatch.setattr(type(run), "lanes", lambda self, name: 1)
    section = request.space.apply(request.section, {"C": 0.5})
    found, lines = score_found(request, run, clock, [Finalist("trial 0", {"C": 0.5}, section, 3.0)], 2)
    assert found == []
    assert "too long for the time left, on all folds: trial 0 (about 3 s)" in lines[0]
    assert len(run.with_section("logit", section).missing("logit")) == 2  # the fold that is done stays


def test_a_budget_that_the_present_parameters_overrun_is_said(toy, capsys, monkeypatch):
    monkeypatch.setattr("pipeline.search.search.Clock", lambda inner, deadline: Clock(inner, 0.0))
    assert main([*TUNE, "--budget", "60s"]) == 1
    assert "ends before logit as it is has all its folds" in capsys.readouterr().err

from dataclasses import replace

import numpy as np
import optuna
import pytest

from pipeline.context import Context
from pipeline.models.logistic import Logistic
from pipeline.search.objective import Effort, Objective, PutOff, same_way, suggest
from pipeline.search.parts import part_of
from pipeline.search.study import PUT_OFF, REASON, SCORES, VALUES
from pipeline.tasks.base import make_task
from pipeline.validation.cross_validation import cross_validate


def objective(request, run, **facts):
    part = part_of(run, request.part, request.name)
    return Objective(run, request.name, request.space, part, request.effort, **facts)


def test_a_trial_is_the_cross_validation_of_its_section_on_the_rest(request_of, run_of):
    request = request_of(overrides=["search.logit={C: {float: [0.5, 0.6]}}"])
    run = run_of(request)
    study = optuna.create_study()
    study.optimize(objective(request, run), n_trials=1)
    values = study.trials[0].user_attrs[VALUES]
    own = run.with_section("logit", request.section.model_copy(update={"C": values["C"]}))
    experiment = replace(own.experiment("logit"), folds=part_of(run, 0, "logit").folds)
    predicted = cross_validate(experiment, "logit", run.competition.task, run.metric("logit"), Context())
    assert study.trials[0].user_attrs[SCORES] == pytest.approx(predicted.fold_scores)
    assert study.best_value == pytest.approx(np.mean(predicted.fold_scores))


@pytest.mark.parametrize("facts", [{}, {"rows": 0.7}, {"part": 2}], ids=str)
def test_a_trial_sees_neither_the_rows_that_score_it_nor_those_held_back(
    request_of, run_of, monkeypatch, facts
):
    request = request_of(**facts)
    run, learned, asked = run_of(request), [], []
    fit, predict = Logistic.fit, Logistic.predict

    def spy(self, train, inner=None, context=None):
        learned.append(set(train.positions) | set(inner.positions if inner else ()))
        return fit(self, train, inner, context)

    def spy_on_predict(self, rows, context=Context()):
        if rows.dataset.target is not None:
            asked.append(set(rows.positions))
        return predict(self, rows, context)

    monkeypatch.setattr(Logistic, "fit", spy)
    monkeypatch.setattr(Logistic, "predict", spy_on_predict)
    optuna.create_study().optimize(objective(request, run), n_trials=1)
    part = part_of(run, request.part, request.name)
    folds, held = list(part.folds), set(part.outer.valid)
    assert held == set(list(run.folds)[request.part].valid)
    assert len(learned) == len(folds) == 3
    for rows, fold in zip(learned, folds, strict=True):
        assert not rows & set(fold.valid)
        assert not rows & held
    assert set().union(*asked) == set(range(len(run.competition.ids))) - held


@pytest.mark.parametrize("facts", [{}, {"rows": 0.7}, {"part": 1}], ids=str)
def test_what_the_held_back_rows_hold_changes_no_trial(request_of, run_of, facts):
    """Scores follow from the rest alone: columns, labels and gaps of the others may be anything."""
    space = "search.logit={C: {float: [0.01, 10.0]}, max_iter: {choice: [50, 100]}}"
    request = request_of(overrides=[space], **facts)
    run = run_of(request)
    held, table = part_of(run, request.part, request.name).outer.valid, run.competition.train.copy()

    def scores():
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0, n_startup_trials=2))
        study.optimize(objective(request, run), n_trials=4)
        return [trial.user_attrs[SCORES] for trial in study.trials]

    honest = scores()
    table.loc[held, "width"], table.loc[held, "place"] = 1e6, "nowhere"
    target = run.competition.target.copy()
    target[held] = 0
    assert (target != run.competition.target).any()
    vars(run)["competition"] = replace(run.competition, train=table, target=target)
    assert scores() == honest


def test_conditional_parameters_exist_only_under_their_condition(request_of):
    request = request_of(
        overrides=[
            "search.logit={max_iter: {choice: [100, 200]}, C: {float: [0.1, 1.0], when: {max_iter: 200}}}"
        ]
    )
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    drawn = [suggest(request.space, study.ask()) for _ in range(20)]
    assert {"C" in values for values in drawn} == {True, False}
    assert all(("C" in values) == (values["max_iter"] == 200) for values in drawn)


def test_choices_may_be_lists(request_of):
    request = request_of(overrides=["search.logit={grid: {choice: [[0.1, 1.0], [1.0, 10.0]]}}"])
    study = optuna.create_study()
    assert suggest(request.space, study.ask())["grid"] in ([0.1, 1.0], [1.0, 10.0])


def test_a_failed_trial_keeps_its_reason_and_the_search_goes_on(request_of, run_of, monkeypatch):
    from pipeline.search.objective import Failed

    request = request_of()
    calls = []

    def sometimes(self, train, inner=None, context=None):
        calls.append(1)
        if len(calls) == 1:
            raise MemoryError("cannot allocate 9 GiB")
        return fit(self, train, inner, context)

    fit = Logistic.fit
    monkeypatch.setattr(Logistic, "fit", sometimes)
    study = optuna.create_study()
    study.optimize(objective(request, run_of(request)), n_trials=2, catch=(Failed,))
    assert study.trials[0].user_attrs[REASON] == "MemoryError: cannot allocate 9 GiB"
    assert study.trials[1].state == optuna.trial.TrialState.COMPLETE


def test_a_score_that_is_no_number_is_a_failure(request_of, run_of, monkeypatch):
    from pipeline.search.objective import Failed
    from pipeline.validation import cross_validation

    monkeypatch.setattr(cross_validation, "score", lambda *_: float("nan"))
    study = optuna.create_study()
    request = request_of()
    study.optimize(objective(request, run_of(request)), n_trials=1, catch=(Failed,))
    assert "fold0: log_loss is nan" in study.trials[0].user_attrs[REASON]


def test_a_trial_that_is_stopped_waits_again_with_the_same_values(request_of, run_of, monkeypatch):
    def stop(self, train, inner=None, context=None):
        raise KeyboardInterrupt("by the test")

    monkeypatch.setattr(Logistic, "fit", stop)
    study, request = optuna.create_study(), request_of()
    with pytest.raises(KeyboardInterrupt, match="by the test"):
        study.optimize(objective(request, run_of(request)), n_trials=1)
    assert study.trials[0].user_attrs[PUT_OFF]
    monkeypatch.undo()
    study.optimize(objective(request, run_of(request)), n_trials=1)
    assert study.trials[1].params == study.trials[0].params


def test_the_end_of_the_budget_puts_a_trial_off(request_of, run_of, monkeypatch):
    def slow(self, train, inner, context):
        context.report(0.5, "half")

    monkeypatch.setattr(Logistic, "fit", slow)
    study, request = optuna.create_study(), request_of()
    with pytest.raises(PutOff, match="the time is over"):
        study.optimize(objective(request, run_of(request), left=lambda: 0.0), n_trials=1)
    assert study.trials[0].user_attrs[PUT_OFF]


def test_hopeless_trials_are_given_up_before_their_last_fold(request_of, run_of):
    request = request_of(overrides=["search.logit={C: {choice: [1.0, 1.0e-06]}}"])
    pruner = optuna.pruners.MedianPruner(n_startup_trials=2)
    study = optuna.create_study(pruner=pruner)
    for c in (1.0, 1.0, 1.0, 1e-6):
        study.enqueue_trial({"C": c})
    study.optimize(objective(request, run_of(request)), n_trials=4)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 3 + ["PRUNED"]
    assert len(study.trials[3].user_attrs[SCORES]) == 1


def test_networks_are_given_up_between_epochs(tmp_path, monkeypatch):
    """A network that learns nothing is stopped within its first fold."""
    from pipeline.config.load import load_config
    from pipeline.data.source import open_source
    from pipeline.progress import Progress
    from pipeline.run.plan import Plan
    from pipeline.run.run import Run
    from pipeline.search.request import Request
    from pipeline.store import Store
    from pipeline.testing import write_competition

    write_competition(tmp_path / "toy")
    (tmp_path / "toy.yaml").write_text(
        'competition: toy\ndata: {target: species, images: "images/{id}.png"}\nmetric: log_loss\n'
        'folds: {n: 3}\nmodels: {net: {kind: cnn, backbone: "4C3 MP2 FC8", size: 12, epochs: 10}}\n'
        "search: {net: {learning_rate: {choice: [0.01, 1.0e-09]}}}\n"
    )
    plan = Plan(
        load_config(tmp_path / "toy.yaml"), open_source(tmp_path / "toy", "train.csv"), Store(tmp_path)
    )
    request = Request(plan, "net")
    study = optuna.create_study(pruner=optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=30))
    for rate in (0.01, 0.01, 1e-9):
        study.enqueue_trial({"learning_rate": rate})
    study.optimize(objective(request, Run(plan, Progress())), n_trials=3)
    last = study.trials[2]
    assert last.state.name == "PRUNED"
    assert SCORES not in last.user_attrs
    assert 30 <= max(last.intermediate_values) < 100


def test_a_part_of_the_rows_keeps_every_class_in_its_share(request_of, run_of):
    request = request_of(rows=0.8)
    run = run_of(request)
    experiment, fold = run.experiment("logit"), next(iter(run.folds))
    task = make_task("classification", run.competition.task.outputs)
    part = Effort(3, 0.8).of(experiment, fold, task, seed=0)
    again = Effort(3, 0.8).of(experiment, fold, task, seed=0)
    assert set(part.train) < set(fold.train)
    assert np.array_equal(part.train, again.train)
    assert np.array_equal(part.valid, fold.valid)
    whole = np.bincount(experiment.train.target[fold.train])
    kept = np.bincount(experiment.train.target[part.train])
    assert np.abs(kept - 0.8 * whole).max() <= 1.5


def test_reasons_are_alike_whatever_their_numbers():
    assert same_way(["ModelError: NaN in step 3", "ModelError: NaN in step 17"])
    assert not same_way(["ModelError: NaN in step 3", "MemoryError: 9 GiB"])

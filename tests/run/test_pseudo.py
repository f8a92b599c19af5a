"""Pseudo-labels: labels of test rows come from fits that have not seen what is scored, and only train."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.config.load import load_config
from pipeline.data.joined import Joined
from pipeline.data.lesson import PSEUDO, lesson_of
from pipeline.data.rows import Dataset
from pipeline.data.source import open_source
from pipeline.errors import ConfigError
from pipeline.inputs.images.part import Pictures
from pipeline.inputs.pseudo import pseudo_labelled, surest, with_labelled
from pipeline.models.base import Context
from pipeline.networks.picture_batches import take
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.stages.answers import needed
from pipeline.stages.blend import submitted_blend
from pipeline.store import Store
from pipeline.tasks.base import make_task
from pipeline.testing import TASKS, build, dataset_of, small_dataset
from pipeline.validation.split import rows_of_fit
from tests.run.test_reads import write_noise

CONFIG = """\
competition: noise
data: {target: label}
metric: auc
folds: {kind: plain, n: 3}
models:
  first: {kind: logistic, C: 100}
  second: {kind: logistic, C: 100, pseudo: {of: [first], share: 0.5, soft: false}}
  third: {kind: logistic, C: 100, pseudo: {of: [second, first]}}
  reader: {kind: logistic, C: 1, inputs: [third.prediction]}
"""
TABULAR = ("lightgbm", "random_forest", "linear", "neighbours", "crosses", "ngrams")
SETTINGS = {
    "lightgbm": {"n_estimators": 20, "early_stopping_rounds": None},
    "random_forest": {"n_estimators": 10},
    "ngrams": {"columns": ["words"]},
}


class Told(Progress):
    def __init__(self):
        super().__init__()
        self.said = []

    def message(self, text):
        self.said.append(text)


def run_of(folder, labels):
    if not (folder / "data").exists():
        write_noise(folder / "data", labels, 5, 0)
    path = folder / "noise.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    plan = Plan(load_config(path), open_source(folder / "data", "train.csv"), Store(folder / "run"))
    run = Run(plan, Told())
    for name in run.plan.models:
        run.train_model(name)
    return run


LABELS = np.random.default_rng(1).integers(0, 2, 90)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return run_of(tmp_path_factory.mktemp("pseudo"), LABELS)


def test_labels_of_a_fold_change_nothing_of_the_fits_that_leave_it_out(trained, tmp_path):
    """Of a chain of three rounds: labels of test rows are those of the same fold, in each of them."""
    one, labels = trained, LABELS
    fold = list(one.folds)[1]
    others = labels.copy()
    others[fold.valid] = 1 - others[fold.valid]
    other = run_of(tmp_path / "other", others)
    for name in ("second", "third"):
        for before, after in zip(learned(one, name, fold), learned(other, name, fold), strict=True):
            np.testing.assert_array_equal(before, after)
        for side in ("valid", "test"):
            before, after = (getattr(run.output(name, fold), side) for run in (one, other))
            np.testing.assert_array_equal(before, after)
    elsewhere = next(iter(one.folds))
    assert not np.array_equal(one.output("third", elsewhere).test, other.output("third", elsewhere).test)
    np.testing.assert_array_equal(
        one.output("reader", fold).valid, other.output("reader", fold).valid
    )  # by nested fits, which label the test rows too
    said = next(line for line in one.progress.said if line.startswith("second"))
    assert said.endswith("with 15 pseudo-labelled test rows a fold")
    assert one.output("second", fold).notes["pseudo"] == 15
    assert one.predictions("third").marks == ()


def learned(run, name, fold):
    """Returns which test rows a fit learns from, and their labels."""
    experiment, _ = run.prepared(name, fold, run.experiment(name))
    return experiment.pseudo.positions, experiment.pseudo.target


def test_labels_are_what_the_fit_of_the_same_fold_says(trained):
    run = trained
    for fold in run.folds:
        experiment, split = run.prepared("second", fold, run.experiment("second"))
        said = run.output("first", fold).test
        rows, labels = experiment.pseudo.positions, experiment.pseudo.target
        np.testing.assert_array_equal(labels, said.argmax(axis=1)[rows])
        for label in (0, 1):
            of_class = np.flatnonzero(said.argmax(axis=1) == label)
            left = np.setdiff1d(of_class, rows)
            assert len(rows[labels == label]) == np.ceil(len(of_class) / 2)
            kept, other = (said[some].max(axis=1) for some in (rows[labels == label], left))
            assert kept.min(initial=1.0) >= other.max(initial=0.0)
        train, inner = rows_of_fit(experiment, split, experiment.make(), 0)
        assert inner is None
        expected = np.concatenate([run.competition.target[fold.train], labels])
        np.testing.assert_array_equal(train.target, expected)


def test_early_stopping_looks_at_labelled_rows_only(trained):
    run = trained
    fold = next(iter(run.folds))
    experiment, split = run.prepared("second", fold, run.experiment("second"))
    model = build("lightgbm", {}, run.competition.task)
    train, inner = rows_of_fit(experiment, split, model, 0)
    assert set(inner.positions) < set(fold.train)
    assert set(train.positions) & set(range(90)) == set(fold.train) - set(inner.positions)
    train, inner = rows_of_fit(replace(experiment, validate_on="fold"), split, model, 0)
    np.testing.assert_array_equal(inner.positions, fold.valid)
    assert not set(train.positions) & set(fold.valid)


def test_the_surest_of_every_class_join():
    sure = np.array([0.9, 0.6, 0.5, 0.8, 0.7, 0.55])
    strata = np.array([0, 0, 0, 0, 1, 1])
    assert surest(sure, strata, 0.5).tolist() == [0, 3, 4]
    assert surest(sure, strata, 0.01).tolist() == [0, 4]
    assert surest(sure, strata, 1.0).tolist() == [0, 1, 2, 3, 4, 5]


def labelled(task, said, share):
    test = Dataset(np.array([f"t{row}" for row in range(len(said[0]))]))
    return pseudo_labelled(test, [np.asarray(one, np.float32) for one in said], task, share, soft=False)


def test_values_join_on_which_the_models_agree():
    said = [[[1.0], [2.0], [3.0], [4.0]], [[1.0], [2.5], [3.1], [9.0]]]
    rows = labelled(make_task("regression", ("v",)), said, share=0.5)
    assert rows.positions.tolist() == [0, 2]
    np.testing.assert_allclose(rows.target, [[1.0], [3.05]], rtol=1e-6)


def test_of_several_labels_each_is_decided():
    rows = labelled(make_task("multilabel", ("a", "b")), [[[0.9, 0.2], [0.6, 0.4]]], share=0.5)
    assert rows.positions.tolist() == [0]
    assert rows.target.tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("kind", TABULAR)
def test_joined_rows_teach_as_rows_of_one_table_do(kind):
    data, task = small_dataset("classification"), TASKS["classification"]
    train = dataset_of(data.ids[:60], data.table[:60], target=data.target[:60])
    test = dataset_of(data.ids[60:], data.table[60:].reset_index(drop=True), target=data.target[60:])
    chosen = np.arange(5, 20)
    both = with_labelled(train, test.rows(chosen)).rows(np.concatenate([np.arange(50), 60 + chosen]))
    whole = dataset_of(data.ids, data.table, target=data.target)
    same = whole.rows(np.concatenate([np.arange(50), 60 + chosen]))
    one, other = (
        build(kind, SETTINGS.get(kind, {}), task).fit(rows, None, Context()).predict(whole.rows())
        for rows in (both, same)
    )
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_soft_labels_are_shares_of_test_rows_and_labels_stay_true():
    test = dataset_of(np.array(["c", "d"]))
    said = np.array([[0.7, 0.3], [0.1, 0.9]], np.float32)
    task = make_task("classification", ("n", "y"))
    rows = pseudo_labelled(test, [said], task, 1.0, soft=True)
    train = replace(dataset_of(np.array(["a", "b"])), target=np.array([1, 0]), weights=None)
    lesson = lesson_of(with_labelled(train, rows).rows(), build("logistic", {}, task).config)
    assert lesson.share.ravel().tolist() == [0.0, 0.0, 1.0, 1.0]
    np.testing.assert_allclose(lesson.said[2:], said)
    assert PSEUDO not in train.parts


def test_levels_of_categories_are_coded_by_soft_labels_too():
    """Coded by the likeliest class, they would say again what the labels say, and surer."""
    rng = np.random.default_rng(0)
    frames = [pd.DataFrame({"town": [f"t{row % 20}" for row in range(80)]}) for _ in range(2)]
    train = dataset_of(np.arange(80).astype(str), frames[0], target=rng.integers(0, 2, 80))
    task, said = make_task("classification", ("n", "y")), np.tile(np.float32([0.51, 0.49]), (80, 1))
    test = dataset_of(np.arange(80, 160).astype(str), frames[1])
    model = build("linear", {}, task)
    for soft, expected in ((True, True), (False, False)):
        rows = with_labelled(train, pseudo_labelled(test, [said], task, 1.0, soft)).rows()
        middle = model.fit(rows, None, Context()).predict(test.rows())[:, 1].mean()
        assert (abs(middle - 0.5) < 0.05) == expected


def test_pictures_of_both_sides_are_one_array_that_copies_what_is_taken():
    pixels = np.arange(5 * 4).reshape(5, 2, 2, 1).astype(np.uint8)
    both = Pictures(pixels[:3], "a").join(Pictures(pixels[3:], "b"))
    assert isinstance(both.pixels, Joined)
    assert (both.pixels.shape, both.key, both.shape) == (pixels.shape, "a+b", (2, 2, 1))
    assert Pictures(pixels[:3]).join(Pictures(pixels[3:], "b")).key == ""
    order = np.array([4, 0, 3, 2])
    np.testing.assert_array_equal(both.take(order), pixels[order])
    np.testing.assert_array_equal(take(both.pixels, order), pixels[order])


@pytest.mark.slow
def test_a_noisy_student_of_pictures_answers_new_rows_without_its_teacher(workplace):
    text = """\
competition: toy
data: {target: species, images: "images/{id}.png"}
metric: log_loss
folds: {n: 3}
models:
  teacher: {kind: logistic}
  first: {kind: cnn, backbone: "4C3 MP2 FC8", size: 12, epochs: 2, pseudo: {of: [teacher]}}
  student: {kind: cnn, backbone: "4C3 MP2 FC8", size: 12, epochs: 2, dropout: 0.2, augment: light,
    pseudo: {of: [first, teacher], share: 0.5, soft: false}}
ensemble: {members: [student], calibration: false}
"""
    (workplace / "configs/toy.yaml").write_text(text, encoding="utf-8")
    assert main(["train", "toy"]) == 0
    source = open_source(workplace / "data/toy", "train.csv")
    run = Run(Plan(load_config(Path("configs/toy.yaml")), source, Store(Path("runs/toy"))), Progress())
    assert needed(run, submitted_blend(run)) == ["student"]
    assert main(["predict", "toy", "--rows", "data/toy/test.csv", "--out", "new.csv"]) == 0
    new, sent = pd.read_csv("new.csv"), pd.read_csv("runs/toy/submission.csv")
    np.testing.assert_allclose(new.iloc[:, 1:], sent.iloc[:, 1:], atol=2e-5)


@pytest.mark.parametrize(
    "models, said",
    [
        ("a: {kind: logistic, pseudo: {of: [a]}}", r"'a' cannot label rows for itself"),
        ("a: {kind: logistic, pseudo: {of: [x]}}", r"models.a.pseudo`: no model 'x'"),
        ("a: {kind: logistic}, b: {kind: logistic, pseudo: {of: [a], share: 0.0}}", r"share.*0"),
        ("a: {kind: logistic}, b: {kind: logistic, pseudo: {of: [a], share: 1.5}}", r"share.*1.5"),
        ("a: {kind: logistic}, b: {kind: ngrams, pseudo: {of: [a], soft: true}}", r"'ngrams' learns hard"),
        (
            "a: {kind: logistic}, b: {kind: logistic, pseudo: {of: [a]}, distil: {of: [a]}}",
            r"by `distil` or by `pseudo`",
        ),
        ("a: {kind: logistic, pseudo: {of: [b]}}, b: {kind: logistic, pseudo: {of: [a]}}", r"in a circle"),
    ],
)
def test_what_cannot_label_is_named(tmp_path, models, said):
    path = tmp_path / "x.yaml"
    path.write_text(f"competition: x\nmetric: auc\nmodels: {{{models}}}\n")
    with pytest.raises(ConfigError, match=said):
        load_config(path)


@pytest.mark.parametrize(
    "line, said",
    [
        ("metric: rmse|ridge", r"models.b.pseudo.share`: a share of the rows is chosen by how well several"),
        ("metric: dice|unet", r"models.b.pseudo`: test rows join where an answer is a class"),
        ("metric: auc\nfolds: {time: day}|logistic", r"time orders the folds"),
    ],
)
def test_tasks_and_folds_that_it_does_not_suit_are_named(tmp_path, line, said):
    head, kind = line.split("|")
    path = tmp_path / "x.yaml"
    models = f"a: {{kind: {kind}}}, b: {{kind: {kind}, pseudo: {{of: [a], share: 0.5}}}}"
    path.write_text(f"competition: x\n{head}\nmodels: {{{models}}}\n")
    with pytest.raises(ConfigError, match=said):
        load_config(path)

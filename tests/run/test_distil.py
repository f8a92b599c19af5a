"""Distillation: what is learned of other models is honest, weighted, and not needed to predict."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.cli import main
from pipeline.commands.distilling import _settings
from pipeline.config.load import load_config
from pipeline.config.teaching import DistilConfig
from pipeline.data.lesson import copies, mixed, tempered, with_lesson
from pipeline.data.rows import Dataset
from pipeline.data.source import open_source
from pipeline.errors import ConfigError
from pipeline.inputs.outputs import Values
from pipeline.package.distilled import Cost, Distilled, Setting, choose
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.store import Store
from pipeline.tasks.base import make_task
from tests.run.test_reads import write_noise

CONFIG = """\
competition: noise
data: {target: label}
metric: auc
folds: {kind: plain, n: 3}
models:
  teacher: {kind: logistic, C: 100}
  small: {kind: KIND, distil: {of: [teacher], share: 0.8}}
"""
SMALL = "lightgbm, n_estimators: 20, early_stopping_rounds: null, min_child_samples: 5"


def run_of(folder, labels, kind=SMALL):
    if not (folder / "data").exists():
        write_noise(folder / "data", labels, 5, 0)
    path = folder / "noise.yaml"
    path.write_text(CONFIG.replace("KIND", kind), encoding="utf-8")
    plan = Plan(load_config(path), open_source(folder / "data", "train.csv"), Store(folder / "run"))
    run = Run(plan, Progress())
    for name in run.plan.models:
        run.train_model(name)
    return run


@pytest.mark.slow
def test_labels_of_a_fold_change_nothing_of_the_fit_that_leaves_it_out(tmp_path):
    labels = np.random.default_rng(1).integers(0, 2, 90)
    one = run_of(tmp_path / "one", labels)
    fold = list(one.folds)[1]
    others = labels.copy()
    others[fold.valid] = 1 - others[fold.valid]
    other = run_of(tmp_path / "other", others)
    for side in ("valid", "test"):
        before, after = (getattr(run.output("small", fold), side) for run in (one, other))
        np.testing.assert_array_equal(before, after)
    elsewhere = next(iter(one.folds))
    assert not np.array_equal(one.output("small", elsewhere).test, other.output("small", elsewhere).test)


@pytest.mark.slow
def test_what_is_taught_reaches_the_model(tmp_path):
    """With nothing but the lesson it says what the teacher says, on pure noise."""
    labels = np.random.default_rng(1).integers(0, 2, 90)
    run = run_of(tmp_path / "one", labels, SMALL.replace("20", "300"))
    path = tmp_path / "one" / "noise.yaml"
    path.write_text(path.read_text().replace("share: 0.8", "share: 0.0"))
    plain = Run(Plan(load_config(path), run.plan.source, run.plan.store), Progress())
    plain.train_model("small")

    def near(run):
        pairs = [(run.output("small", f).test[:, 1], run.output("teacher", f).test[:, 1]) for f in run.folds]
        return np.mean([np.corrcoef(*pair)[0, 1] for pair in pairs])

    assert near(run) > near(plain) + 0.15


def test_shares_are_copies_with_weights():
    soft = tempered(np.array([[0.81, 0.09, 0.1]]), 2.0)
    np.testing.assert_allclose(soft, [[0.9, 0.3, 0.1**0.5] / (1.2 + np.array([0.1**0.5]))], rtol=1e-6)
    np.testing.assert_allclose(mixed(np.array([[0.0, 1.0]]), np.array([[0.6, 0.4]]), 0.5), [[0.3, 0.7]])
    rows, classes, weights = copies(np.array([[0.6, 0.395, 0.005], [0.0, 1.0, 0.0]]))
    assert rows.tolist() == [0, 0, 1]
    assert classes.tolist() == [0, 1, 1]
    np.testing.assert_allclose(weights, [0.6 / 0.995, 0.395 / 0.995, 1.0])


def test_values_and_classes_are_mixed_for_networks():
    rows = Dataset(np.array(["x", "y"]), {"a.lesson": Values(np.array([[0.2, 0.8], [0.5, 0.5]]))}).rows()
    config = SimpleNamespace(distil=DistilConfig(of=["a"], share=0.5))
    classes = with_lesson(rows, config, make_task("classification", ("n", "y")), np.array([1, 0]))
    np.testing.assert_allclose(classes, [[0.1, 0.9], [0.75, 0.25]], atol=1e-6)
    values = with_lesson(
        rows, config, make_task("regression", ("v", "w")), np.array([[1.0, 1.0], [0.0, 0.0]])
    )
    np.testing.assert_allclose(values, [[0.6, 0.9], [0.25, 0.25]])


@pytest.mark.parametrize(
    "models, said",
    [
        ("{a: {kind: logistic}, b: {kind: logistic, distil: {of: [x]}}}", r"no model 'x'"),
        (
            "{a: {kind: logistic}, b: {kind: baseline, distil: {of: [a]}}}",
            r"'baseline' cannot learn from others",
        ),
        ("{a: {kind: logistic, distil: {of: [a]}}}", r"in a circle"),
    ],
)
def test_teachers_that_cannot_be_are_named(tmp_path, models, said):
    path = tmp_path / "x.yaml"
    path.write_text(f"competition: x\nmetric: auc\nmodels: {models}\n")
    with pytest.raises(ConfigError, match=said):
        load_config(path)


def distilled(*folds, greater=True):
    cost = Cost(0.5, 1.0, 1, ("small",))
    return Distilled("small", "accuracy", greater, cost, cost, 9, folds)


@pytest.mark.parametrize("greater", [True, False])
def test_no_fold_has_a_say_in_the_setting_that_it_is_scored_with(greater):
    sign = 1 if greater else -1
    scores = {Setting(0.0, 1.0): (0.9, 0.5, 0.5), Setting(0.3, 1.0): (0.1, 0.6, 0.6)}
    found = {
        setting: distilled(*(score if greater else 1 - score for score in folds), greater=greater)
        for setting, folds in scores.items()
    }
    choice = choose(found)
    assert choice.setting == Setting(0.0, 1.0)
    best, honest = (1.9 / 3, (0.1 + 0.5 + 0.5) / 3)
    assert choice.mean == pytest.approx(best if sign > 0 else 1 - best)
    assert choice.honest == pytest.approx(honest if sign > 0 else 1 - honest)
    assert "0.3 at temperature 1: " in choice.lines(found)[0]


def test_what_is_asked_for_is_not_tried():
    def tried(share, temperature, softens=True):
        return _settings(SimpleNamespace(share=share, temperature=temperature), softens)

    assert len(tried(None, None)) == 5
    assert tried(None, None, softens=False) == [(0.0, None), (0.3, None), (0.6, None)]
    assert tried(0.5, None) == [(0.5, None)]
    assert tried(None, 3.0) == [(0.0, 3.0), (0.3, 3.0), (0.6, 3.0)]


@pytest.mark.slow
def test_the_command_compares_with_the_ensemble_and_the_model_alone_is_packed(
    tables_trained, tmp_path, monkeypatch, capsys
):
    import shutil

    text = """\
competition: toy
data: {target: species}
metric: log_loss
folds: {n: 3}
models:
  logit: {kind: logistic}
  near: {kind: neighbours}
  small: {kind: random_forest, n_estimators: 5, enabled: false}
ensemble: {method: mean}
"""
    shutil.copytree(tables_trained(text), tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    assert main(["distil", "toy", "--model", "smal"]) == 1
    assert "Did you mean 'small'?" in capsys.readouterr().err
    assert main(["distil", "toy", "--model", "small", "--share", "0.5"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "(logit, near)" in said
    assert "small loses" in said
    config = (tmp_path / "place/configs/toy.yaml").read_text()
    lesson = '{"of": ["logit", "near"], "share": 0.5}'
    assert f"distil: {lesson}" in said
    (tmp_path / "place/configs/toy.yaml").write_text(
        config.replace("enabled: false", f"distil: {lesson}").replace("mean}", "mean, members: [small]}")
    )
    assert main(["train", "toy"]) == 0
    assert list(json.loads((tmp_path / "place/runs/toy/submission.json").read_text())["models"]) == ["small"]
    assert main(["package", "toy", "--no-trial", "--no-wheels"]) == 0
    facts = json.loads((tmp_path / "place/runs/toy/package/dataset/package.json").read_text())
    assert facts["models"] == ["small"]  # who taught it is not needed

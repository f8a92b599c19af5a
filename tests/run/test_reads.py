"""What one model reads of another never carries the labels that the reader is scored on."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.config.load import load_config
from pipeline.config.reads import Read
from pipeline.data.folds import PINNED, WHOLE, Fold
from pipeline.data.source import open_source
from pipeline.errors import ConfigError
from pipeline.progress import Progress
from pipeline.run.fits import fits_read
from pipeline.run.outputs import learnable
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.store import Store
from tests.fresh import train_afresh

PREDICTION = Read("logit", "prediction", "nested")
SCORED = [Fold(repeat, number) for repeat in range(2) for number in range(4)]
FILES = "train.csv"
CONFIG = """\
competition: noise
data: {{target: label}}
metric: auc
folds: {{{folds}}}
models:
  logit: {{kind: logistic, C: 100}}
  reader: {{kind: {reader}, inputs: [{inputs}logit.prediction], nested: {nested}}}
"""
DEFAULTS = {"folds": "kind: plain, n: 4", "reader": "logistic", "inputs": "table, ", "nested": "true"}


def names(fits):
    return [fit.label for fit in fits]


def test_a_reader_learns_from_fits_that_left_its_scored_fold_out():
    assert names(fits_read(PREDICTION, Fold(0, 1), SCORED, False)) == [
        "fold0+1",
        "fold1+2",
        "fold1+3",
        "fold1",
    ]
    second = fits_read(PREDICTION, Fold(1, 0), SCORED, False)
    assert names(second) == ["repeat1-fold0+1", "repeat1-fold0+2", "repeat1-fold0+3", "repeat1-fold0"]


def test_a_reader_of_a_reader_leaves_out_one_more():
    fit = fits_read(PREDICTION, Fold(0, 1), SCORED, False)[0]
    assert names(fits_read(PREDICTION, fit, SCORED, False)) == ["fold0+1+2", "fold0+1+3", "fold0+1"]


def test_where_time_orders_the_folds_nothing_later_is_read():
    fits = fits_read(PREDICTION, Fold(0, 1), SCORED[:4], True)
    assert names(fits) == ["early", "fold0", "fold1"]
    with pytest.raises(ConfigError, match=r"reads `logit.prediction` cannot be read by another"):
        fits_read(PREDICTION, Fold(0, PINNED), SCORED[:4], True)


def test_an_embedding_is_of_the_same_fold():
    read = Read("net", "embedding", "same_fold")
    assert names(fits_read(read, Fold(0, 2), SCORED, False)) == ["fold2"]


def write_noise(folder, labels, columns, seed):
    """Writes a contest whose columns know nothing of the labels."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for name, rows in (("train", len(labels)), ("test", 30)):
        table = pd.DataFrame(rng.normal(size=(rows, columns))).add_prefix("x")
        table.insert(0, "day", np.arange(rows))
        table.insert(0, "id", [f"{name}{row}" for row in range(rows)])
        if name == "train":
            table["label"] = labels
        table.to_csv(folder / f"{name}.csv", index=False)
    table[["id"]].assign(label=0.5).to_csv(folder / "sample_submission.csv", index=False)


def run_of(folder, labels, columns=5, seed=0, **options):
    """Trains both models on the labels; returns the run."""
    if not (folder / "data").exists():
        write_noise(folder / "data", labels, columns, seed)
    path = folder / "noise.yaml"
    path.write_text(CONFIG.format(**DEFAULTS | options), encoding="utf-8")
    source = open_source(folder / "data", FILES)
    run = Run(Plan(load_config(path), source, Store(folder / "run")), Progress())
    for name in run.plan.models:
        run.train_model(name)
    return run


def learned_from(run, fold):
    """Returns what the reader's fit learns of the other model, and predicts by."""
    (read,) = run.plan.reads("reader")
    seen = run.outputs_of(read, fold)
    return seen.train[learnable(run.folds, fold).train], seen.train[fold.valid], seen.test


@pytest.fixture
def changed(tmp_path):
    """Returns a function: two runs whose labels differ in the rows that one fold scores, and the fold."""

    def build(number=1, **options):
        labels = np.random.default_rng(1).integers(0, 2, 120)
        one = run_of(tmp_path / "one", labels, **options)
        fold = list(one.folds)[number]
        others = labels.copy()
        others[fold.valid] = 1 - others[fold.valid]
        return one, run_of(tmp_path / "other", others, **options), fold

    return build


@pytest.mark.parametrize("options", ["kind: plain, n: 4", "time: day, n: 4"])
def test_labels_of_the_scored_fold_change_nothing_that_its_reader_sees(changed, options):
    one, other, fold = changed(folds=options)
    for before, after in zip(learned_from(one, fold), learned_from(other, fold), strict=True):
        assert np.isfinite(before).all()
        assert np.array_equal(before, after)


def test_they_do_where_nesting_is_declined_and_the_score_is_marked(changed):
    one, other, fold = changed(nested="false")
    assert not np.array_equal(learned_from(one, fold)[0], learned_from(other, fold)[0])
    (mark,) = one.predictions("reader").marks
    assert mark == "logit.prediction: from fits that have seen the scored folds (`nested: false`)"
    assert one.predictions("logit").marks == ()


def test_the_earliest_rows_teach_no_reader(changed):
    one, _, _ = changed(folds="time: day, n: 4")
    fold = next(iter(one.folds))
    experiment, split = one.prepared("reader", fold, one.experiment("reader"))
    early = one.folds.with_rows(Fold(0, PINNED))
    assert set(split.train) == set(fold.train) - set(early.train) == set(early.valid)
    assert np.isfinite(experiment.train.part("logit.prediction").values[split.train]).all()
    assert np.isnan(experiment.train.part("logit.prediction").values[early.train]).all()


def test_noise_stays_noise(tmp_path):
    """A linear reader finds the labels in predictions by models that have learned them."""
    scores = {"true": [], "false": []}
    for seed in range(3):
        labels = np.random.default_rng(seed + 100).integers(0, 2, 240)
        for nested, found in scores.items():
            folder, folds = tmp_path / str(seed), "kind: plain, n: 3"
            run = run_of(folder, labels, 24, seed, nested=nested, reader="logistic, C: 100", folds=folds)
            found.extend(run.predictions("reader").fold_scores)
    assert abs(np.mean(scores["true"]) - 0.5) < 0.05
    assert np.mean(scores["false"]) > 0.65  # the experiment would see a leak: 0.76 in plain scikit-learn


def test_two_folds_leave_nothing_to_learn_from(tmp_path):
    with pytest.raises(ConfigError, match=r"`folds.n` must be at least 3, for `logit.prediction` is read"):
        run_of(tmp_path, np.arange(40) % 2, folds="n: 2")


PICTURES = """\
competition: toy
data: {target: species, images: "images/{id}.png"}
metric: log_loss
folds: {n: 3}
models:
  net: {kind: cnn, backbone: "4C3 MP2 FC8", size: 12, epochs: 3}
  logit: {kind: logistic}
  reader: {kind: logistic, inputs: [table, net.embedding, logit.prediction]}
ensemble: {members: [reader], calibration: false}
"""
TABLES = re.sub(r"  net:.*\n", "", PICTURES.replace("net.embedding, ", ""))  # without the network


@pytest.fixture
def trained(workplace):
    (workplace / "configs/toy.yaml").write_text(PICTURES, encoding="utf-8")
    assert main(["train", "toy"]) == 0
    source = open_source(workplace / "data/toy", FILES)
    return Run(Plan(load_config(Path("configs/toy.yaml")), source, Store(Path("runs/toy"))), Progress())


@pytest.mark.slow
def test_what_a_reader_sees_follows_its_fold_everywhere(trained):
    """Embeddings are of the fold's own network; new rows are read as test rows; nothing is cleaned away."""
    embedding = trained.plan.reads("reader")[0]
    rows = trained.sides("net").train.rows()
    for fold in trained.folds:
        folder = trained.fit_product("net", fold).path / "model" / "seed0"
        network = trained.experiment("net").make().load(folder)
        seen = trained.outputs_of(embedding, fold)
        np.testing.assert_allclose(seen.train, network.embed(rows), atol=1e-5)
    assert main(["predict", "toy", "--rows", "data/toy/test.csv", "--out", "new.csv"]) == 0
    new, sent = pd.read_csv("new.csv"), pd.read_csv("runs/toy/submission.csv")
    np.testing.assert_allclose(new.iloc[:, 1:], sent.iloc[:, 1:], atol=2e-5)
    before = sorted(path.name for path in Path("runs/toy/products").iterdir())
    assert main(["clean", "toy"]) == 0
    assert sorted(path.name for path in Path("runs/toy/products").iterdir()) == before
    assert sum("logit-fold" in name for name in before) == 6  # three scored folds, three nested fits


@pytest.mark.slow
def test_marks_reach_the_manifest_the_board_and_the_table(workplace, capsys):
    text = TABLES.replace("kind: logistic, inputs", "kind: logistic, nested: false, inputs")
    (workplace / "configs/toy.yaml").write_text(text, encoding="utf-8")
    assert main(["train", "toy"]) == 0
    said = capsys.readouterr().out
    mark = "logit.prediction: from fits that have seen the scored folds (`nested: false`)"
    assert f"optimistic: reader: {mark}" in said.replace("\n", " ")
    facts = json.loads(Path("runs/toy/submission.json").read_text())
    assert facts["optimistic"] == [f"reader: {mark}"]
    assert json.loads(Path("runs/toy/board.json").read_text())["runs"][-1]["optimistic"]
    assert main(["board", "toy"]) == 0
    assert "optimistic" in capsys.readouterr().out
    assert main(["ensemble", "toy"]) == 0  # members that are read from disk keep it
    assert json.loads(Path("runs/toy/submission.json").read_text())["optimistic"] == [f"reader: {mark}"]


@pytest.mark.slow
def test_workers_fit_nested_folds_as_one_process_does(workplace, as_one_process):
    (workplace / "configs/toy.yaml").write_text(PICTURES, encoding="utf-8")
    train_afresh("--set", "workers=2", short=0.0)  # these fits are too short to be worth a process
    as_one_process()


def test_where_time_orders_the_folds_one_fit_on_all_rows_answers_for_the_test(tmp_path):
    """The test follows all that is known: the last rows decide the answer, of a model and of its reader."""
    labels = np.random.default_rng(1).integers(0, 2, 120)
    late = labels.copy()
    late[100:] = 1 - late[100:]  # only the last fold scores these; no fit of a scored fold trains on them
    one = run_of(tmp_path / "one", labels, folds="time: day, n: 4")
    other = run_of(tmp_path / "other", late, folds="time: day, n: 4")
    assert "whole" in names(one.fits("logit"))
    for name in ("logit", "reader"):
        assert not np.array_equal(one.predictions(name).test, other.predictions(name).test)
        assert np.array_equal(one.predictions(name).test, one.output(name, Fold(0, WHOLE)).test)
        assert np.array_equal(one.predictions(name).oof, other.predictions(name).oof, equal_nan=True)
        assert len(one.predictions(name).fold_scores) == 4
    assert "whole" not in names(run_of(tmp_path / "plain", labels).fits("logit"))

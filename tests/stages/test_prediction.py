"""New rows get the ensemble that the submission got: the same numbers for the same rows."""

import csv
import json
import shutil

import numpy as np
import pandas as pd
import pytest

from pipeline.api import open_run
from pipeline.cli import main
from pipeline.stages import answers as answering
from pipeline.stages.members import averaged, own_members
from pipeline.stages.submission import ensemble_product, publish, submission_product

pytestmark = pytest.mark.slow

CONFIG = """\
competition: toy
data: {target: species}
metric: METRIC
folds: {n: 3}
models:
  logit: {kind: logistic}
  near: {kind: neighbours}
  forest: {kind: random_forest, n_estimators: 10}
ensemble: {method: METHOD}
"""


@pytest.fixture
def workplace(tables_trained, tmp_path, monkeypatch):
    """The current folder, where the three models were trained."""
    text = CONFIG.replace("METRIC", "log_loss").replace("METHOD", "mean")
    shutil.copytree(tables_trained(text), tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def train(workplace):
    """Returns a function that blends the three models and returns the folder of their blend."""

    def train(metric="log_loss", method="auto", *arguments):
        text = CONFIG.replace("METRIC", metric).replace("METHOD", method)
        (workplace / "configs" / "toy.yaml").write_text(text, encoding="utf-8")
        assert main(["train", "toy", *arguments]) == 0
        summary = json.loads((workplace / "runs/toy/submission.json").read_text())
        return workplace / "runs/toy" / summary["ensemble"]["folder"]

    return train


def predicted(rows="data/toy/test.csv", *arguments):
    assert main(["predict", "toy", "--rows", rows, "--out", "new.csv", *arguments]) == 0
    with open("new.csv") as file:
        return list(csv.DictReader(file))


def values(rows):
    return np.array([[row[f"kind_{k}"] for k in range(3)] for row in rows], np.float32)


@pytest.mark.parametrize("method", ["auto", "stack_ridge", "stack_logistic", "stack_lightgbm", "rank_mean"])
def test_test_rows_get_the_values_of_the_submission(train, method):
    blend = train("log_loss", method)
    rows = predicted()
    np.testing.assert_array_equal(values(rows), np.load(blend / "test.npy"))
    with open("runs/toy/submission.csv") as file:
        submitted = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [row["id"] for row in submitted]
    np.testing.assert_allclose(values(rows), values(submitted), rtol=2e-5, atol=2e-6)


def test_a_row_gets_the_same_among_others(train, workplace):
    blend = train()
    table = pd.read_csv("data/toy/test.csv", dtype=str)
    table.iloc[::-1].iloc[:5].to_csv("few.csv", index=False)
    np.testing.assert_allclose(values(predicted("few.csv")), np.load(blend / "test.npy")[::-1][:5], rtol=1e-6)


def test_a_submission_of_other_members_is_told_of(train, capsys):
    train("log_loss", "mean")
    predicted()
    assert "made with another configuration" not in capsys.readouterr().out
    predicted("data/toy/test.csv", "--set", "ensemble.method=convex")
    assert "predicted by this configuration's own ensemble" in " ".join(capsys.readouterr().out.split())


def test_models_that_were_averaged_before_they_were_blended_are_so_again(train, capsys):
    train("log_loss", "mean")
    run = open_run("toy")
    members = averaged(own_members(run), {"near": "pair", "forest": "pair"})
    product = submission_product(run, ensemble_product(run, members))
    run.made(product)
    blend = run.plan.store.root / publish(run, product, 0.0)["ensemble"]["folder"]
    capsys.readouterr()
    rows = predicted()
    assert "made with another configuration" not in capsys.readouterr().out
    np.testing.assert_array_equal(values(rows), np.load(blend / "test.npy"))


def test_only_models_with_a_weight_are_asked(train, monkeypatch):
    blend = train("log_loss", "best")
    asked, ask = [], answering._predict_fold

    def told(run, name, *others):
        asked.append(name)
        return ask(run, name, *others)

    monkeypatch.setattr(answering, "_predict_fold", told)
    np.testing.assert_array_equal(values(predicted()), np.load(blend / "test.npy"))
    assert len(set(asked)) == 1
    assert len(asked) == 3


def test_nothing_is_fitted_for_new_rows(train, monkeypatch):
    train()

    def forbidden(*_, **__):
        raise AssertionError("an ensemble is fitted")

    monkeypatch.setattr("pipeline.stages.submission.make_ensemble", forbidden)
    assert predicted()


def test_where_labels_are_wanted_they_are_the_submission_s(train, workplace):
    sample = pd.read_csv("data/toy/sample_submission.csv", dtype=str)
    sample[["id"]].assign(species="kind_0").to_csv("data/toy/sample_submission.csv", index=False)
    blend = train("f1_macro", "convex")
    rows = predicted()
    np.testing.assert_array_equal(values(rows), np.load(blend / "test.npy"))
    with open("runs/toy/submission.csv") as file:
        assert [row["species"] for row in rows] == [row["species"] for row in csv.DictReader(file)]


def write_outside(workplace, sure):
    """Writes out-of-fold and test predictions of a member from elsewhere."""
    train = pd.read_csv(workplace / "data/toy/train.csv", dtype=str)
    test = pd.read_csv(workplace / "data/toy/test.csv", dtype=str)
    classes = ["kind_0", "kind_1", "kind_2"]
    truth = np.array([[label == name for name in classes] for label in train["species"]])
    random = np.random.default_rng(0)
    for name, ids, table in (
        ("oof", train["id"], 1 / 3 + sure * (truth - 1 / 3)),
        ("test", test["id"], random.dirichlet(np.ones(3), size=len(test))),
    ):
        table = pd.DataFrame(table, columns=classes)
        table.insert(0, "id", ids)
        table.sample(frac=1, random_state=0).to_csv(workplace / f"{name}.csv", index=False)


OUTSIDE = ("--set", "ensemble.outside={friend: {oof: oof.csv, test: test.csv}}")


@pytest.mark.parametrize("method", ["convex", "stack_logistic"])
def test_outside_members_are_looked_up_by_id(train, workplace, method, capsys):
    write_outside(workplace, 0.8)
    blend = train("log_loss", method, *OUTSIDE)
    rows = predicted("data/toy/test.csv", *OUTSIDE)
    np.testing.assert_array_equal(values(rows), np.load(blend / "test.npy"))
    new = pd.read_csv("data/toy/test.csv", dtype=str)
    new.loc[[1, 4], "id"] = ["new_1", "new_4"]
    new.to_csv("rows.csv", index=False)
    capsys.readouterr()
    assert main(["predict", "toy", "--rows", "rows.csv", "--out", "other.csv", *OUTSIDE]) == 1
    said = capsys.readouterr().err
    assert "needs `ensemble.outside.friend`" in said
    assert "2 of the" in said
    assert "new_1, new_4" in said
    assert not (workplace / "other.csv").exists()
    assert predicted("rows.csv", "--set", "ensemble.outside={}")


def test_an_outside_member_without_weight_is_not_missed(train, workplace):
    write_outside(workplace, -0.4)  # worse than guessing
    train("log_loss", "best", *OUTSIDE)
    new = pd.read_csv("data/toy/test.csv", dtype=str)
    new["id"] = [f"new_{name}" for name in new["id"]]
    new.to_csv("rows.csv", index=False)
    assert len(predicted("rows.csv", *OUTSIDE)) == len(new)


def test_groups_and_time_reach_the_ensemble(train, workplace):
    table = pd.read_csv("data/toy/train.csv", dtype=str)
    table["place"] = [f"p{row % 12}" for row in range(len(table))]
    table["year"] = [str(1990 + row) for row in range(len(table))]
    table.to_csv("data/toy/train.csv", index=False)
    test = pd.read_csv("data/toy/test.csv", dtype=str)
    test.assign(place="p0", year="2090").to_csv("data/toy/test.csv", index=False)
    seen = []

    def look(members, target, metric, split, *_):
        seen.append(split)
        raise RuntimeError("seen")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.stages.submission.make_ensemble", look)
        for folds in ("{n: 3, group: place}", "{n: 3, time: year}", "{n: 3}"):
            with pytest.raises(RuntimeError, match="seen"):
                train("log_loss", "mean", "--set", f"folds={folds}")
    grouped, timed, plain = seen
    assert len(np.unique(grouped.groups)) == 12
    assert (grouped.ordered, timed.ordered, plain.ordered) == (False, True, False)
    assert timed.groups is None
    assert plain.groups is None

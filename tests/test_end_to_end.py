"""Whole competitions, from their files to a submission that is read back."""

import csv
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score, log_loss

from pipeline.cli import main

pytestmark = pytest.mark.slow


def manifest(folder, name):
    return json.loads((folder / "runs" / name / "submission.json").read_text())


def test_pictures_and_table_twice_the_same_bytes(workplace):
    assert main(["train", "toy"]) == 0
    first = (workplace / "runs/toy/submission.csv").read_bytes()
    facts = manifest(workplace, "toy")
    assert set(facts["models"]) == {"net", "lgbm", "logit"}
    assert facts["cross_fitted_score"] < np.log(3)
    (workplace / "runs").rename(workplace / "elsewhere")
    assert main(["train", "toy"]) == 0
    assert (workplace / "runs/toy/submission.csv").read_bytes() == first


def test_the_line_during_training_is_that_of_the_table(workplace, capsys):
    assert main(["train", "toy", "--only", "logit", "--set", "metric=auc"]) == 0
    (line,) = [
        line for line in capsys.readouterr().out.splitlines() if line.startswith("logit ") and "in" in line
    ]
    model = manifest(workplace, "toy")["models"]["logit"]
    assert f"auc {model['score']:.5f} ± {np.std(model['fold_scores']):.5f} over the folds" in line
    assert f"{model['score']:.5f}" != f"{np.mean(model['fold_scores']):.5f}"


def test_predict_runs_pictures_through_every_network(workplace, pages):
    assert main(["train", "toy"]) == 0
    page = (workplace / "runs/toy/report.html").read_text(encoding="utf-8")
    assert "net, network: kept is epoch 3 (dots)" in page
    assert "could not be drawn" not in page
    assert main(["predict", "toy", "--rows", "data/toy/test.csv", "--out", "new.csv"]) == 0
    with open("new.csv") as file, open("runs/toy/submission.csv") as other:
        rows, submitted = list(csv.DictReader(file)), list(csv.DictReader(other))
    for row, sent in zip(rows, submitted, strict=True):
        assert row["id"] == sent["id"]
        for column in ("kind_0", "kind_1", "kind_2"):
            assert float(row[column]) == pytest.approx(float(sent[column]), abs=1e-3)


def test_digits_from_scratch(digits_workplace):
    """The embedded default, two folds and small models: the way, not the score of the real run."""
    arguments = [
        "train",
        "digits",
        "--set",
        "folds.n=2",
        "--set",
        "models.cnn.epochs=6",
        "--only",
        "cnn,neighbours",
    ]
    assert main(arguments) == 0
    facts = manifest(digits_workplace, "digits")
    assert facts["metric"] == "accuracy"
    assert facts["cross_fitted_score"] > 0.95
    with open("runs/digits/submission.csv") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["id", "label"]
    assert len(rows) == 361
    assert {row[1] for row in rows[1:]} <= set("0123456789")


def test_kappa_is_measured_by_the_classes_values_in_a_run(workplace):
    """Grades 1, 2 and 9: by their places 9 would be as near to 2 as 1 is."""
    folder = workplace / "data/toy"
    grade = {"kind_0": "1", "kind_1": "2", "kind_2": "9"}
    train = pd.read_csv(folder / "train.csv", dtype=str).replace({"species": grade})
    train.to_csv(folder / "train.csv", index=False)
    sample = pd.read_csv(folder / "sample_submission.csv", dtype=str)
    sample[["id"]].assign(species="1").to_csv(folder / "sample_submission.csv", index=False)
    assert main(["train", "toy", "--only", "logit", "--set", "metric=qwk"]) == 0
    (oof,) = (workplace / "runs/toy/products").glob("logit-predictions-*/oof.npy")
    said, truth = np.load(oof).argmax(axis=1), train["species"].astype(int).to_numpy()
    values = np.array([1, 2, 9])[said]
    expected = cohen_kappa_score(truth, values, weights="quadratic", labels=np.arange(1, 10))
    assert manifest(workplace, "toy")["models"]["logit"]["score"] == pytest.approx(expected)


def test_a_metric_that_sees_columns_is_that_of_the_whole_run(workplace):
    """Weights, groups and rows reach folds, table and manifest; models of tables learn with the weights."""
    folder = workplace / "data/toy"
    train = pd.read_csv(folder / "train.csv", dtype=str)
    train["importance"] = np.arange(len(train)) % 4
    train.to_csv(folder / "train.csv", index=False)
    seen = "metric={kind: log_loss, weights: importance, rows: {place: north}}"
    assert main(["train", "toy", "--only", "logit", "--set", seen]) == 0
    (oof,) = (workplace / "runs/toy/products").glob("logit-predictions-*/oof.npy")
    rows = (train["place"] == "north").to_numpy()
    truth = pd.factorize(train["species"], sort=True)[0]
    expected = log_loss(truth[rows], np.load(oof)[rows], sample_weight=train["importance"][rows])
    facts = manifest(workplace, "toy")
    assert facts["metric"] == "log_loss (weights, rows)"
    assert facts["models"]["logit"]["score"] == pytest.approx(expected, rel=1e-5)
    assert main(["train", "toy", "--only", "logit"]) == 0
    assert len(list((workplace / "runs/toy/products").glob("logit-predictions-*"))) == 2
    oofs = [np.load(path) for path in (workplace / "runs/toy/products").glob("logit-predictions-*/oof.npy")]
    assert not np.allclose(*oofs), "weights change what is learned"

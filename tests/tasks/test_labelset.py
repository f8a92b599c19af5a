import csv
import json

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.errors import DataError, SubmissionError
from pipeline.registry import TASKS
from pipeline.tasks.answer import Answer
from pipeline.tasks.contest import Column, Contest
from pipeline.tasks.labelset import LabelSet, Writing
from pipeline.tasks.telling import find_kind

KINDS = ("classification", "multilabel")


def asked(cells, kinds=KINDS, wants="label", columns=("labels",)):
    def numbers(name):
        return pd.to_numeric(pd.Series(cells), errors="coerce").to_numpy(float)

    text = Column(np.array(cells))
    return Contest(
        {"labels": text}, np.arange(len(cells)).astype(str).copy, columns, numbers, kinds, wants=wants
    )


@pytest.mark.parametrize(
    "cells",
    [
        ["a b", "c", ""],
        ["a,b", "c", ""],
        ["a, b", "c", ""],
        ["a;b", "c"],
        ["a | b", "c"],
        ["['a', 'b']", "['c']", "[]"],
        ['["a","b"]', '["c"]'],
        ["['a' 'b']", "['c']"],
        ["[1, 2]", "[3]"],
        ["""["it's", 'b']""", "['b', 'c']"],
        ["New York, Rome", "Rome"],
    ],
)
def test_cells_are_written_as_they_were_read(cells):
    writing = Writing.of(cells)
    labels = [writing.split(cell) for cell in cells]
    assert len(labels[0]) == 2
    for cell, found in zip(cells, labels, strict=True):
        assert writing.join(found).replace('"', "'") == cell.replace('"', "'")


def test_a_label_that_stands_twice_counts_once():
    assert Writing().split("a b a") == ["a", "b"]


@pytest.mark.parametrize(
    "cells, kind",
    [
        (["scab", "rust", "scab rust", "rot", "rot rust", "rot scab"] * 4, "labelset"),
        (["['a']", "['a', 'b']"], "labelset"),
        (["Iris setosa", "Iris virginica", "Iris versicolor"] * 9, "classification"),
        (
            [f"{a} {b}" for a in ("red", "green", "blue") for b in ("plum", "pear", "apple")] * 9,
            "classification",
        ),
        (["red wine", "white wine", "wine"] * 9, "classification"),
        (["a", "b", "c"] * 9, "classification"),
        (["1", "0"] * 9, "classification"),
    ],
)
def test_several_labels_in_a_cell_are_told(cells, kind):
    assert find_kind(asked(cells)).kind == kind


def test_classes_stay_classes_where_a_probability_is_wanted():
    cells = ["scab", "rust", "scab rust", "rot", "rot rust", "rot scab"] * 4
    assert find_kind(asked(cells, wants="probability")).kind == "classification"
    assert find_kind(asked(cells, ("multilabel",))).kind == "labelset"
    assert find_kind(asked(cells), "classification").kind == "classification"
    assert find_kind(asked(["x y", "z"], ("classification",))).kind == "classification"


def test_the_target_is_a_column_per_label():
    task, target, form = LabelSet.read(asked(["b a", "", "c"]))
    assert task.outputs == ("a", "b", "c")
    assert target.tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert form == Answer("label", ("labels",), ())
    assert task.cells(form, target, None, None) == [["a b"], [""], ["c"]]


def test_a_sample_with_a_column_per_label():
    task, _, form = LabelSet.read(asked(["b a", "", "c"], wants="probability", columns=("c", "a", "b")))
    assert task.outputs == ("c", "a", "b")
    assert (form.kind, form.outputs) == ("probability", (0, 1, 2))
    with pytest.raises(SubmissionError, match="empty cells: x"):
        task.verify(form, [["0.5", "", "0.5"]], ["x"])


def test_what_is_no_set_of_labels_is_refused():
    one = asked(["b a", "c"])
    several = Contest({**one.targets, "other": one.only}, one.ids, one.columns, one.numbers, KINDS)
    with pytest.raises(DataError, match=r"stands in one column.*multilabel"):
        LabelSet.read(several)
    task = TASKS.get("labelset")(("a", "b"))
    with pytest.raises(SubmissionError, match="lacks: c"):
        task.verify(Answer("label", ("labels",), ()), [["a c"]], ["0"])


def write(root, onehot=False, rows=90, test_rows=30):
    """Writes a contest of a small table: several labels in a cell, or a 0/1 column per class."""
    rng = np.random.default_rng(0)
    total = rows + test_rows
    numbers = rng.normal(size=(total, 3))
    table = pd.DataFrame(numbers, columns=["width", "height", "depth"])
    table.insert(0, "id", [f"{row:04d}" for row in range(total)])
    if onehot:
        names = ["ant", "bee", "cat"]
        table[names] = np.eye(3, dtype=int)[numbers.argmax(axis=1)]
        answers = dict.fromkeys(names, 0)
    else:
        names, answers = ["labels"], {"labels": "rust scab"}
        known = np.array(["scab", "rust", "rot"])
        table["labels"] = [" ".join(known[row > 0]) for row in numbers + rng.normal(0, 0.2, numbers.shape)]
    root.mkdir(parents=True)
    table[:rows].to_csv(root / "train.csv", index=False)
    test = table[rows:]
    test.drop(columns=names).to_csv(root / "test.csv", index=False)
    test[["id"]].assign(**answers).to_csv(root / "sample_submission.csv", index=False)
    return test


def train(place, monkeypatch, **data):
    monkeypatch.chdir(place)
    config = {
        "competition": "toy",
        "metric": data.pop("metric"),
        "data": {"root": "data/toy", **data},
        "folds": {"n": 3},
        "models": {"logit": {"kind": "logistic"}, "trees": {"kind": "lightgbm", "n_estimators": 30}},
    }
    (place / "configs").mkdir()
    (place / "configs" / "toy.yaml").write_text(json.dumps(config))
    assert main(["train", "toy"]) == 0
    with (place / "runs/toy/submission.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_a_contest_of_label_sets_from_end_to_end(tmp_path, monkeypatch):
    truth = write(tmp_path / "data" / "toy")
    sent = train(tmp_path, monkeypatch, metric="f1_samples", task="labelset")
    right = [
        set(row["labels"].split()) == set(labels.split())
        for row, labels in zip(sent, truth["labels"], strict=True)
    ]
    assert np.mean(right) > 0.6
    assert any(row["labels"] == "" for row in sent)
    assert main(["predict", "toy", "--rows", "data/toy/test.csv", "--out", "new.csv"]) == 0
    new = pd.read_csv("new.csv", keep_default_na=False)
    assert new["labels"].tolist() == [row["labels"] for row in sent]


@pytest.mark.slow
@pytest.mark.parametrize("metric, kind", [("accuracy", "label"), ("log_loss", "probability")])
def test_a_one_hot_contest_from_end_to_end(tmp_path, monkeypatch, metric, kind):
    truth = write(tmp_path / "data" / "toy", onehot=True)
    names = ["ant", "bee", "cat"]
    sent = np.array(
        [[float(row[name]) for name in names] for row in train(tmp_path, monkeypatch, metric=metric)]
    )
    assert np.allclose(sent.sum(axis=1), 1, atol=1e-5)
    assert np.mean(sent.argmax(axis=1) == truth[names].to_numpy().argmax(axis=1)) > 0.7
    assert set(np.unique(sent)) == {0.0, 1.0} or kind == "probability"

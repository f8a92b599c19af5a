"""Tricks of training are measured on rows that nothing learned from, and on contests that are there."""

import io
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench import trick_contests as contests
from bench import tricks
from competitions.whales.sample import write_sample
from pipeline.registry import MODELS

PEOPLE = 60


@pytest.fixture
def titanic(tmp_path):
    """A small zip of the columns that the contest names."""
    rng = np.random.default_rng(0)
    people = pd.DataFrame({"PassengerId": np.arange(PEOPLE), "Age": rng.normal(size=PEOPLE)})
    truth = (people["Age"] > 0).astype(int)
    tables = {
        "train.csv": people[:40].assign(Survived=truth[:40]),
        "test.csv": people[40:],
        "sample_submission.csv": people[40:][["PassengerId"]].assign(Survived=0),
    }
    path = tmp_path / "titanic.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name, table in tables.items():
            text = io.StringIO()
            table.to_csv(text, index=False)
            packed.writestr(name, text.getvalue())
    return path


def said(monkeypatch, capsys, *words):
    """What the command says of words that it refuses."""
    monkeypatch.setattr(sys, "argv", ["tricks.py", *words])
    with pytest.raises(SystemExit, match="2"):
        tricks.main()
    return capsys.readouterr().err


@pytest.mark.parametrize("name", contests.CONTESTS)
def test_a_contest_knows_its_tricks(name):
    contest = contests.CONTESTS[name]
    config = MODELS.get(contest.section["kind"]).Config
    for trick in contest.tricks:
        keys = contest.section | tricks.TRICKS[trick]
        assert config.model_validate(keys).problems("models.net") == []


def test_what_is_not_there_is_refused(monkeypatch, capsys, tmp_path):
    assert "there is no" in said(monkeypatch, capsys, "--contest", "leaves", "--data", str(tmp_path))
    assert "--data names the folder of leaves.zip" in said(monkeypatch, capsys, "--contest", "leaves")
    assert "unknown EMA. Of titanic" in said(monkeypatch, capsys, "--contest", "titanic", "--only", "EMA")
    assert "two at least. Received: 1" in said(monkeypatch, capsys, "--seeds", "1")


def test_seeds_hold_out_one_fold_after_the_other(titanic):
    with contests.opened("titanic", titanic, 0) as drawn:
        parts = [drawn.part(seed) for seed in range(5)]
        assert sorted(np.concatenate([part.valid for part in parts])) == list(range(40))
        assert all(not set(part.train) & set(part.valid) for part in parts)
        assert set(drawn.part(5).valid) != set(parts[0].valid)


def test_a_student_learns_from_the_tests_rows_as_its_teacher_labels_them(titanic):
    asked = []

    class Teacher:
        def predict(self, rows, context):
            asked.append(list(rows.dataset.ids))
            return np.tile(np.array([0.0, 1.0], np.float32), (len(rows), 1))

    settings = {"kind": "tabular", "epochs": 20, "patience": None, "members": 1, "units": 8, "layers": 1}
    settings |= {"learning_rate": 0.05}
    student = settings | tricks.TRICKS["noisy student"]
    with contests.opened("titanic", titanic, 0) as drawn:
        plain = tricks.fit(settings, drawn, 1)
        taught = tricks.fit(student, drawn, 1, tricks.Fitted(Teacher(), 0.0, 0.0, 100.0))
        rows = drawn.experiment.train.rows(drawn.part(1).valid)
    assert asked == [[str(person) for person in range(40, PEOPLE)]]
    assert taught.model.predict(rows)[:, 1].mean() > plain.model.predict(rows)[:, 1].mean() + 0.05
    assert taught.seconds > 100
    right = plain.model.predict(rows)[np.arange(len(rows)), rows.target]
    assert plain.loss == pytest.approx(-np.log(right).mean(), rel=1e-5)
    assert plain.errors == pytest.approx((right < 0.5).mean())


def test_heads_are_upright_and_days_stay_together(monkeypatch, tmp_path):
    monkeypatch.setattr(contests, "write_sample", lambda root: write_sample(root, 0, 40, 4, 12))
    root = contests.write_heads(tmp_path / "heads")
    with Image.open(root / "imgs" / "w_0.jpg") as head:
        assert head.size == contests.HEAD[::-1]
    with contests.opened("whale_heads", None, 0) as drawn:
        days = pd.read_csv(root / "train.csv")["day"].to_numpy()
        part = drawn.part(0)
        assert not set(days[part.train]) & set(days[part.valid])


def test_the_gain_is_against_the_plain_network_of_the_same_seed():
    base, better = np.array([1.0, 2.0, 3.0]), np.array([0.9, 1.9, 2.9])
    line = tricks.line("SWA", better, base, np.full(3, 0.1), np.array([1.0, 9.0, 2.0]))
    assert line == "| SWA | 1.9000 | +0.1000 | +0.1000 to +0.1000 | 10.00% | 2.0 |"

import json
from types import SimpleNamespace

import pytest

from pipeline.cli import main
from pipeline.errors import KaggleError
from pipeline.kaggle.submit import submissions, upload, wait_for_score

CONFIG = """\
competition: toy
data: {target: species, kaggle: real-toy}
metric: log_loss
folds: {n: 3}
models: {logit: {kind: logistic}}
"""


@pytest.fixture
def place(workplace):
    (workplace / "configs" / "toy.yaml").write_text(CONFIG, encoding="utf-8")
    return workplace


def board(place):
    return json.loads((place / "runs/toy/board.json").read_text())


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass where somebody sleeps, and nowhere else; yields each sleep."""
    slept = []
    now = SimpleNamespace(monotonic=lambda: 7.0 + sum(slept), sleep=slept.append)
    monkeypatch.setattr("pipeline.kaggle.submit.time", now)
    return slept


def quiet(*_):
    """Hears how the waiting goes."""


def test_an_upload_is_found_among_others_and_waited_for(kaggle, tmp_path, clock):
    file = tmp_path / "submission.csv"
    file.write_text("id\n")
    assert submissions("toy") == []
    upload("toy", file, "first, with a comma")
    kaggle.answers(pending=2, score="0.5")
    before = upload("toy", file, "second")
    assert before == {"100"}
    found = wait_for_score("toy", "second", before, quiet, patience=900, pause=5)
    assert len(clock) == 2
    assert (found.ref, found.status, found.public, found.private) == ("101", "complete", 0.5, None)
    assert submissions("toy")[1].description == "first, with a comma"


def test_patience_ends(kaggle, tmp_path, clock):
    file = tmp_path / "submission.csv"
    file.write_text("id\n")
    kaggle.answers(pending=999)
    before = upload("toy", file, "slow")
    found = wait_for_score("toy", "slow", before, quiet, patience=30, pause=5)
    assert sum(clock) == 30
    assert (found.status, found.public) == ("pending", None)
    assert wait_for_score("toy", "never sent", before, quiet, patience=0.0) is None


def test_a_failed_upload_is_an_error_though_its_exit_code_is_0(kaggle, tmp_path):
    file = tmp_path / "submission.csv"
    file.write_text("id\n")
    kaggle.answers(refuses=True)
    with pytest.raises(KaggleError, match="did not take the file"):
        upload("toy", file, "x")


def test_the_command_verifies_uploads_and_notes_the_score(kaggle, place, capsys):
    assert main(["submit", "toy", "--message", "x"]) == 1
    assert "Run make train COMP=toy first" in capsys.readouterr().err
    main(["train", "toy"])
    capsys.readouterr()
    assert main(["submit", "toy", "--message", "a first try"]) == 0
    assert "public score 0.81" in capsys.readouterr().out
    (noted,) = board(place)["submissions"]
    assert (noted["ref"], noted["status"], noted["public"]) == ("100", "complete", 0.81)
    assert noted["submission"] == board(place)["runs"][0]["submission"]
    (words,) = kaggle.asked("submit")
    assert words[2:] == ["-c", "real-toy", "-f", "runs/toy/submission.csv", "-m", "a first try"]
    assert main(["submit", "toy"]) == 1
    assert "handed in on" in capsys.readouterr().err
    assert main(["submit", "toy", "--again"]) == 0
    assert "cross-fitted log_loss" in kaggle.asked("submit")[1][-1]
    assert len(board(place)["submissions"]) == 2


def test_a_file_that_was_changed_by_hand_is_refused_before_the_upload(kaggle, place, capsys):
    main(["train", "toy"])
    file = place / "runs/toy/submission.csv"
    file.write_text(file.read_text().replace("0060", "9999"))
    assert main(["submit", "toy"]) == 1
    assert "missing or unknown: 0060, 9999" in capsys.readouterr().err
    assert kaggle.calls == []


def test_a_score_that_was_late_is_asked_for_again_without_an_upload(kaggle, place, capsys, monkeypatch):
    main(["train", "toy"])
    kaggle.answers(pending=999)
    monkeypatch.setattr("pipeline.commands.contest.PATIENCE", 0.0)
    assert main(["submit", "toy"]) == 1
    assert "The same command asks again" in capsys.readouterr().out
    assert board(place)["submissions"][0]["status"] == "pending"
    kaggle.answers()
    assert main(["submit", "toy"]) == 0
    assert len(kaggle.asked("submit")) == 1
    assert [one["public"] for one in board(place)["submissions"]] == [0.81]


def test_an_error_in_the_file_is_said(kaggle, place, capsys):
    main(["train", "toy"])
    kaggle.answers(status="ERROR")
    assert main(["submit", "toy"]) == 1
    assert "Kaggle found an error in the file" in capsys.readouterr().err
    assert board(place)["submissions"][0]["status"] == "error"

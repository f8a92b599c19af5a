import json

import pytest

from pipeline.board import Board, flatten
from pipeline.cli import main
from pipeline.errors import StoreError

CONFIG = """\
competition: toy
data: {target: species}
metric: log_loss
folds: {n: 3}
models: {logit: {kind: logistic}}
"""


@pytest.fixture
def place(workplace):
    (workplace / "configs" / "toy.yaml").write_text(CONFIG, encoding="utf-8")
    return workplace


def summary(score=0.5, file="a", models=("lgbm",)):
    return {
        "metric": "log_loss",
        "greater_is_better": False,
        "cross_fitted_score": score,
        "optimistic": [],
        "ensemble": {"method": "mean"},
        "models": {name: {"score": score} for name in models},
        "seconds": 12.0,
        "files": {"submission.csv": file},
    }


def lgbm(**keys):
    return {"metric": "log_loss", "models": {"lgbm": {"kind": "lightgbm", **keys}}}


def test_changes_are_told_by_dotted_key(tmp_path):
    board = Board.open(tmp_path)
    board.record_run(summary(), lgbm(), "1")
    board.record_run(summary(0.4, "b"), lgbm(seeds=3), "2")
    both = {**lgbm(), "models": {**lgbm()["models"], "net": {"kind": "tabular", "epochs": 9}}}
    board.record_run(summary(0.3, "c", ("lgbm", "net")), both, "3")
    board.record_run(summary(0.3, "d"), both, "4")
    again = Board.open(tmp_path)
    assert again.changes(0) == ["first run"]
    assert again.changes(1) == ["models.lgbm.seeds default -> 3"]
    assert again.changes(2) == ["+ models.net", "models.lgbm.seeds 3 -> default"]
    assert again.changes(3) == ["- models.net"]  # left out on the command line
    assert [run["score"] for run in again.runs] == [0.5, 0.4, 0.3, 0.3]


def test_the_same_run_again_adds_no_line(tmp_path):
    for name in "12":
        Board.open(tmp_path).record_run(summary(), lgbm(), name)
    assert len(Board.open(tmp_path).runs) == 1


def test_what_a_run_published_on_its_way_is_replaced(tmp_path):
    board = Board.open(tmp_path)
    board.record_run(summary(0.9, "baseline"), lgbm(), "1")
    board.record_run(summary(0.5, "end"), lgbm(), "1")
    assert [run["submission"] for run in Board.open(tmp_path).runs] == ["end"]
    board.record_run(summary(0.9, "baseline"), lgbm(), "2")
    board.record_run(summary(0.5, "end"), lgbm(), "2")
    assert [run["name"] for run in Board.open(tmp_path).runs] == ["1"]


def test_public_scores_belong_to_files(tmp_path):
    board = Board.open(tmp_path)
    board.record_run(summary(), lgbm(), "1")
    assert board.public_score(board.runs[0]) is None
    upload = {
        "upload": "1",
        "when": "now",
        "submission": "a",
        "message": "m",
        "public": None,
        "private": None,
    }
    board.record_submission({**upload, "status": "pending"})
    assert board.handed_in("a")["status"] == "pending"
    board.record_submission({**upload, "status": "complete", "public": 0.52})
    again = Board.open(tmp_path)
    assert again.public_score(again.runs[0]) == 0.52
    assert len(again.submissions) == 1
    assert again.handed_in("b") is None


def test_a_damaged_board_is_not_overwritten(tmp_path):
    (tmp_path / "board.json").write_text("{")
    with pytest.raises(StoreError, match=r"board\.json is damaged"):
        Board.open(tmp_path)


def test_nested_keys_are_dotted():
    assert flatten({"a": 1, "b": {"c": [1], "d": {"e": None}}}) == {"a": 1, "b.c": [1], "b.d.e": None}


def test_the_command_shows_scores_and_changes(place, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["board", "toy"]) == 0
    assert "No run of toy has ended yet" in capsys.readouterr().out
    main(["train", "toy"])
    main(["train", "toy"])
    main(["train", "toy", "--set", "folds.seed=1"])
    runs = json.loads((place / "runs/toy/board.json").read_text())["runs"]
    assert len(runs) == 2
    board = Board.open(place / "runs/toy")
    upload = {"upload": "1", "when": "now", "message": "m", "status": "complete", "private": None}
    scored = {"submission": runs[1]["submission"], "public": runs[1]["score"] + 0.25}
    board.record_submission({**upload, **scored})
    capsys.readouterr()
    assert main(["board", "toy"]) == 0
    said = capsys.readouterr().out
    assert "folds.seed default -> 1" in said
    assert "+0.25000" in said

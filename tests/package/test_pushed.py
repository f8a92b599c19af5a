"""`make submit CODE=1`: data set and notebook pushed, waited for, handed in, noted on the board."""

import json
from types import SimpleNamespace

import pytest

from pipeline.cli import main
from tests.kaggle.conftest import kaggle  # noqa: F401 (a fixture)

pytestmark = pytest.mark.slow


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass where somebody sleeps, and nowhere else; yields each sleep."""
    slept = []
    now = SimpleNamespace(monotonic=lambda: 7.0 + sum(slept), sleep=slept.append)
    for module in ("submit", "code"):
        monkeypatch.setattr(f"pipeline.kaggle.{module}.time", now)
    return slept


def asked(kaggle, group):  # noqa: F811
    return [words[1] for words in kaggle.calls if words[0] == group]


def test_the_package_is_pushed_waited_for_and_handed_in(kaggle, packed, clock, capsys):  # noqa: F811
    kaggle.answers(kernel_polls=3, score="0.9")
    assert main(["submit", "toy", "--code", "--owner", "me", "--message", "by code"]) == 0
    said = capsys.readouterr().out
    assert "public score 0.9" in said
    assert "by code [me/toy-inference version 1]" in said
    assert asked(kaggle, "datasets") == ["list", "create", "status"]
    assert asked(kaggle, "kernels") == ["push", *["status"] * 4]
    assert len(clock) == 3
    (words,) = kaggle.asked("submit")
    assert words[2:10] == ["-c", "real-toy", "-k", "me/toy-inference", "-v", "1", "-f", "submission.csv"]
    board = json.loads((packed / "runs/toy/board.json").read_text())
    assert board["submissions"][-1]["public"] == 0.9
    assert board["submissions"][-1]["submission"] == board["runs"][-1]["submission"]
    assert main(["submit", "toy", "--code", "--owner", "me", "--again"]) == 0
    assert asked(kaggle, "datasets")[3:] == ["list", "version", "status"]
    assert kaggle.asked("submit")[-1][7] == "2"


def test_a_notebook_that_still_runs_is_asked_for_again_and_not_pushed_again(kaggle, packed, clock, capsys):  # noqa: F811
    kaggle.answers(kernel_polls=3)
    assert main(["submit", "toy", "--code", "--owner", "me", "--hours", "0"]) == 1
    assert "The same command asks again" in capsys.readouterr().out
    assert not kaggle.asked("submit")
    assert main(["submit", "toy", "--code", "--owner", "me"]) == 0
    assert asked(kaggle, "kernels").count("push") == 1


def test_what_cannot_be_handed_in_is_said(kaggle, packed, clock, capsys, monkeypatch):  # noqa: F811
    monkeypatch.delenv("KAGGLE_USERNAME", raising=False)
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(packed))
    assert main(["submit", "toy", "--code"]) == 1
    assert "OWNER=name" in capsys.readouterr().err
    kaggle.answers(kernel_refused=True)
    assert main(["submit", "toy", "--code", "--owner", "me"]) == 1
    assert "are not valid dataset sources" in capsys.readouterr().err
    kaggle.answers(kernel="ERROR")
    assert main(["submit", "toy", "--code", "--owner", "me"]) == 1
    assert "The notebook failed at Kaggle (error)" in capsys.readouterr().err
    facts = packed / "runs/toy/package/dataset/package.json"
    facts.write_text(facts.read_text().replace('"submission": "', '"submission": "0'))
    assert main(["submit", "toy", "--code", "--owner", "me"]) == 1
    assert "was made of another submission" in capsys.readouterr().err

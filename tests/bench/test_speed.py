"""The command line of the bench, with cases that only pretend to measure."""

import pytest

from bench import speed
from bench.child import in_child


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A page of results of its own."""
    path = tmp_path / "RESULTS.md"
    path.write_text("# Measured\n", encoding="utf-8")
    monkeypatch.setattr(speed, "PAGE", path)
    return path


def pretend(monkeypatch, number):
    facts = {"name": "head.speed", "value": number, "what": "times faster", "unit": ""}
    monkeypatch.setattr(speed, "in_child", lambda module, function, **settings: [facts])


def test_check_fails_below_a_floor_only(page, monkeypatch, capsys):
    pretend(monkeypatch, 9.0)
    assert speed.main(["--only", "head", "--check"]) == 1
    assert "head.speed: 9, floor 10, BELOW" in capsys.readouterr().out
    assert speed.main(["--only", "head"]) == 0
    pretend(monkeypatch, 11.0)
    assert speed.main(["--only", "head", "--check"]) == 0


def test_tiny_sizes_are_not_written(page, monkeypatch):
    pretend(monkeypatch, 11.0)
    speed.main(["--only", "head", "--quick"])
    assert page.read_text(encoding="utf-8") == "# Measured\n"
    speed.main(["--only", "head"])
    assert "### head" in page.read_text(encoding="utf-8")


def test_a_case_that_fails_is_said_and_not_written(page, monkeypatch, capsys):
    def fail(module, function, **settings):
        raise RuntimeError("no memory left")

    monkeypatch.setattr(speed, "in_child", fail)
    assert speed.main(["--only", "head"]) == 1
    assert "head: FAILED, no memory left" in capsys.readouterr().out
    assert page.read_text(encoding="utf-8") == "# Measured\n"


def test_an_unknown_case_is_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        speed.main(["--only", "head,hed"])
    assert "unknown hed" in capsys.readouterr().err


def test_a_child_returns_what_its_function_returns_or_says_why_not():
    assert in_child("bench.measure", "family", process=0) == [0]
    with pytest.raises(RuntimeError, match="JSONDecodeError"):
        in_child("json", "loads", s="{")

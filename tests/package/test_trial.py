"""The trial: what it lays out, what it executes and within what limits, what it says of times."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from pipeline.config.data_section import DataConfig
from pipeline.data.source import FolderSource
from pipeline.errors import DataError, ModelError
from pipeline.package import sandbox
from pipeline.package.finished import Finished, shift
from pipeline.package.sandbox import Executed, execute
from pipeline.package.stage import lay_out
from pipeline.package.trial import Limits, Tried, differ, foretell
from pipeline.package.wheels import read_image, wanted

GB = 2**30


def tried(**changes):
    once, often = Executed("a", 30.0, GB, "x"), Executed("b", 60.0, GB, "x")
    made = Tried(
        once=once,
        often=often,
        predicting=(10.0, 40.0),
        rows=100,
        away=0.0,
        hidden=100,
        limits=Limits(3600.0, 16 * GB),
        of_models={"net": 30.0, "trees": 10.0},
        adds={"net": 0.003, "trees": 0.004},
        size=GB,
    )
    return replace(made, **changes)


def test_time_is_foretold_on_the_line_through_both_trials():
    assert foretell(100, 400, (10.0, 40.0), 100) == 10.0
    assert foretell(100, 400, (10.0, 40.0), 1000) == 100.0
    assert foretell(100, 400, (10.0, 9.0), 1000) == 10.0
    assert tried(hidden=1000).foretold == 120.0
    assert tried(hidden=1000, often=None, note="no").foretold == 120.0
    assert tried().good
    disturbed = tried(hidden=1000, predicting=(10.0, 9.0))  # four times the rows were no slower
    assert (disturbed.foretold, disturbed.at_most) == (30.0, 42.5)
    assert tried(hidden=10).at_most == tried(hidden=400).at_most == 60.0


def test_what_is_too_slow_names_what_could_go():
    slow = tried(hidden=100_000)
    assert not slow.good
    said = slow.lines()
    assert "foretold for 100,000 rows: 2 h 47 min of 1 h 00 min (on this machine), at most 2 h 47 min" in said
    at = said.index("  net: 75% of the time; it adds +0.00300 to the score")
    assert said[at + 1] == "  trees: 25% of the time; it adds +0.00400 to the score"
    assert not tried(away=1e-3).good
    assert "OFF BY 0.001" in tried(away=1e-3).lines()[1]


@pytest.mark.parametrize(
    "other, away",
    [
        ("id,a\n1,0.5\n", 0.0),
        ("id,a\n1,0.75\n", 0.25),
        ("id,a\n2,0.5\n", 1.0),
        ("id,a\n1,0.5\n2,1\n", np.inf),
    ],
)
def test_files_are_compared_cell_by_cell(tmp_path, other, away):
    for name, text in (("one", "id,a\n1,0.5\n"), ("other", other)):
        (tmp_path / name).write_text(text)
    assert differ(tmp_path / "one", tmp_path / "other") == away
    (tmp_path / "other").write_text("id,a\nx,0.5\n")
    assert differ(tmp_path / "one", tmp_path / "other") == np.inf


class Rows:
    """What is laid out of a competition."""

    id = "id"
    test_pictures = ("images/1.png", "images/2.png")
    test_clips = ()
    test_arrays = ()
    pixel_rows = class_rows = None


def test_a_larger_contest_has_ids_and_pictures_of_its_own(tmp_path):
    source = tmp_path / "data"
    (source / "images").mkdir(parents=True)
    (source / "train.csv").write_text("id,a\n9,1\n")
    (source / "test.csv").write_text('id;a\n1;"x;y"\n2;z\n', encoding="utf-16")
    (source / "sample_submission.csv").write_text("id,p\n1,0\n2,0\n")
    for name in "12":
        (source / f"images/{name}.png").write_bytes(name.encode())
    data = DataConfig(images="images/{id}.png")
    lay_out(FolderSource(source), data, Rows, 2, tmp_path / "new")
    text = (tmp_path / "new/test.csv").read_bytes().decode("utf-16")
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert rows == [["id", "a"], ["1", "x;y"], ["2", "z"], ["1c1", "x;y"], ["2c1", "z"]]
    asked = (tmp_path / "new/sample_submission.csv").read_text().split()
    assert asked == ["id,p", "1,0", "2,0", "1c1,0", "2c1,0"]
    assert (tmp_path / "new/images/2c1.png").read_bytes() == b"2"
    assert not (tmp_path / "new/train.csv").exists()


def test_pictures_that_are_the_rows_are_laid_out_whatever_their_names(tmp_path):
    source = tmp_path / "data"
    (source / "test/1/images").mkdir(parents=True)
    (source / "test/1/images/a.png").write_bytes(b"1")
    (source / "s.csv").write_text("id,p\n1,0\n")
    data = DataConfig(test="test/{id}/images/*.png", sample="s.csv", images="train/{id}/images/*.png")
    competition = type("Broken", (Rows,), {"test_pictures": ()})
    lay_out(FolderSource(source), data, competition, 2, tmp_path / "new")
    new = tmp_path / "new"
    found = sorted(path.relative_to(new).as_posix() for path in new.rglob("*.png"))
    assert found == ["test/1/images/a.png", "test/1c1/images/a.png"]


def test_wheels_that_an_image_needs(tmp_path):
    versions = {"python": "3.11", "sklearn": "1.9.1", "lightgbm": "4.7.0", "numpy": "2.4"}
    assert "skops" in wanted(versions, None)
    there = {"skops": "0.1", "prettytable": "3", "wcwidth": "0", "ruamel.yaml": "0", "scikit-learn": "1.2"}
    assert wanted(versions, there | {"lightgbm": "4.7.0"}) == {"scikit-learn": "1.9.1"}
    file = tmp_path / "freeze.txt"
    file.write_text("Python 3.12.4\nscikit-learn==1.2\nruamel.yaml==0\nx @ file:///y\n")
    assert read_image(file) == ({"scikit-learn": "1.2", "ruamel.yaml": "0"}, "3.12")
    file.write_text("nothing\n")
    with pytest.raises(DataError, match="names no version"):
        read_image(file)


def test_distributions_that_differ_are_told_of(tmp_path):
    rng = np.random.default_rng(0)
    oof, alike, other = (rng.beta(a, 2, (500, 1)).astype(np.float32) for a in (2, 2, 9))
    assert abs(shift(oof[:, 0], alike[:, 0])) < 0.12
    assert shift(np.array([1.0, 3.0]), np.array([4.0])) == 2.0
    facts = (tmp_path / "submission.csv", 500, 3, 2.0, GB, ("p",), oof)
    assert not any("Look" in line for line in Finished(*facts, alike, {}).lines())
    lines = Finished(*facts, other, {"net": 1.5}).lines()
    assert lines[0] == "submission.csv: 500 rows in 2.0 s (4.00 ms a row), 1,024 MB at most."
    assert lines[1].startswith("3 rows are answered by the prior")
    assert lines[2] == "Seconds: net 1.5."
    assert lines[3].startswith("Look: the mean prediction is another than out of fold")
    assert "in standard deviations: p (+" in lines[3]
    few = Finished(*facts[:6], oof, oof[-5:], {})
    assert not any("Look" in line for line in few.lines())  # five rows prove little


NOTEBOOK = {
    "cells": [],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "x", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def run_cell(tmp_path, code, memory=16 * GB, seconds=600.0):
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": None, "outputs": []}
    path = tmp_path / "one.ipynb"
    path.write_text(json.dumps(NOTEBOOK | {"cells": [cell | {"source": code}]}))
    (tmp_path / "working").mkdir()
    return execute(path, tmp_path / "working", tmp_path, tmp_path / "done.ipynb", seconds, memory, 1)


@pytest.mark.slow
@pytest.mark.parametrize("unshared", [True, False])
def test_a_notebook_reaches_nobody_and_knows_no_toolkit(tmp_path, monkeypatch, unshared):
    pytest.importorskip("nbclient")
    if unshared and not sandbox.can_unshare():
        pytest.skip("this machine lets nobody unshare a network")
    monkeypatch.setattr(sandbox, "can_unshare", lambda: unshared)
    code = """\
import importlib.util, os, pathlib, socket
try:
    socket.create_connection(("127.0.0.1", 9), timeout=5)
    said = "connected"
except OSError as error:
    said = error.errno
there, inputs = importlib.util.find_spec("pipeline"), os.environ["KAGGLE_INPUT"]
pathlib.Path("said.txt").write_text(str([said, there, inputs, len(os.sched_getaffinity(0))]))
"""
    found = run_cell(tmp_path, code)
    said = (tmp_path / "working/said.txt").read_text()
    assert said == str([101, None, str(tmp_path), 1])
    assert ("unshare)" in found.cut) == unshared
    assert found.peak > 2**20
    assert json.loads((tmp_path / "done.ipynb").read_text())["cells"][0]["execution_count"] == 1


@pytest.mark.slow
def test_a_notebook_that_fails_or_takes_too_much_is_ended(tmp_path):
    pytest.importorskip("nbclient")
    with pytest.raises(
        ModelError, match=r"The notebook failed: ValueError: no such luck Look at .*done\.ipynb"
    ):
        run_cell(tmp_path, "raise ValueError('no such luck')")
    (tmp_path / "working").rmdir()
    with pytest.raises(ModelError, match=r"needs more than 0\.\d+ GB of memory"):
        run_cell(tmp_path, "1", memory=2**20)
    (tmp_path / "working").rmdir()
    with pytest.raises(ModelError, match="more time than the contest gives"):
        run_cell(tmp_path, "1", seconds=0.0)


def test_without_nbclient_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match="make setup PACKAGE=1"):
        run_cell(tmp_path, "1")

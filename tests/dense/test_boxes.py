"""From pictures with rows of boxes to a submission and new rows."""

import csv
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.tasks.box_array import ious, make_boxes
from tests.dense.hidden import answered
from tests.dense.rectangles import write_boxes

pytestmark = pytest.mark.slow

SIDE = 32
NET = "{kind: centernet, size: 32, stride: 2, batch_size: 4, epochs: 40, learning_rate: 0.005, tta: none}"
CONFIG = f"""
competition: toy
data: {{root: data, id: image_id, target: bbox, task: boxes, images: "train/{{image_id}}.jpg",
       test_images: "test/{{image_id}}.jpg", test: sample_submission.csv, sample: sample_submission.csv}}
metric: box_map@0.5
folds: {{kind: stratified, n: 2}}
models:
  net: {NET}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()
    (tmp_path / "data").mkdir()
    return tmp_path


def rows_of(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def boxes_of(cell):
    """Returns the boxes of a cell "confidence x y width height" as shares of the picture."""
    numbers = np.array(cell.split(), float).reshape(-1, 5)
    corners = np.concatenate([numbers[:, 1:3], numbers[:, 1:3] + numbers[:, 3:]], axis=1)
    return make_boxes(corners / SIDE, 0, numbers[:, 0])


def test_boxes_from_rows_to_new_rows(place, capsys):
    known = write_boxes(place / "data", rows=32, side=SIDE)
    (place / "configs" / "toy.yaml").write_text(CONFIG)
    assert main(["train", "toy"]) == 0
    said = capsys.readouterr().out
    assert float(re.search(r"net\s+│\s+([0-9.]+)", said)[1]) > 0.2  # chance: 0.02
    answers = rows_of("runs/toy/submission.csv")
    assert [row["image_id"] for row in answers] == list(known)[32:]
    overlaps = []
    for row in answers:
        true, found = known[row["image_id"]], boxes_of(row["PredictionString"])
        corners = np.concatenate([true[:, :2], true[:, :2] + true[:, 2:]], axis=1) / SIDE
        overlaps.append(ious(make_boxes(corners), found[:1]).max())
    assert np.mean(overlaps) > 0.3
    shutil.copytree("data/test", "more/test")
    pd.DataFrame({"image_id": list(known)[32:]}).to_csv("more/new.csv", index=False)
    assert main(["predict", "toy", "--rows", "more/new.csv", "--out", "new_rows.csv"]) == 0
    assert rows_of("new_rows.csv") == answers
    hidden_boxes_are_answered_by_the_package(place, answers)


def hidden_boxes_are_answered_by_the_package(place, answers):
    """A hidden test twice as large: the same boxes of the same pictures, of a broken one none."""
    _, done = answered(place, "test/p32c1.jpg")
    assert (done.rows, done.by_prior) == (8, 1)
    hidden = {row["image_id"]: row["PredictionString"] for row in rows_of("hidden.csv")}
    for row in answers:
        key, cell = row.values()
        assert hidden[key] == cell
        assert hidden[f"{key}c1"] == ("" if key == "p32" else cell)

"""From a folder of pictures and run lengths to a submission and new rows, with nothing edited."""

import csv
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.tasks.rle import RunLengths, is_rle
from tests.dense.discs import SIDE, write_class_masks, write_masks, write_objects
from tests.dense.hidden import answered

pytestmark = pytest.mark.slow

TINY = "{kind: unet, backbone: plain, size: 32, width: 4, batch_size: 4, epochs: 25, tta: none}"


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path


def rows_of(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def drafted(place):
    return (place / "configs" / "toy.yaml").read_text()


def new(place):
    assert main(["new", "toy", "--data", str(place / "data")]) == 0
    text = drafted(place)
    assert "kind: unet, backbone: plain" in text
    path = place / "configs" / "toy.yaml"
    path.write_text(re.sub(r"unet: \{.*\}", f"unet: {TINY}", text))
    return text


def test_masks_from_draft_to_new_rows(place, capsys):
    table = write_masks(place / "data")
    text = new(place)
    assert "task: mask" in text
    assert "metric: mask_precision" in text
    assert main(["train", "toy"]) == 0
    said = capsys.readouterr().out
    assert float(re.search(r"unet\s+│\s+([0-9.]+)", said)[1]) > 0.4
    answers = rows_of("runs/toy/submission.csv")
    assert [row["id"] for row in answers] == table["id"][12:].tolist()
    assert all(not row["rle_mask"] or is_rle(row["rle_mask"]) for row in answers)
    true = [RunLengths().read(cell, (SIDE, SIDE)) for cell in table["rle_mask"][12:]]
    found = [RunLengths().read(row["rle_mask"], (SIDE, SIDE)) for row in answers]
    assert np.mean([(one == other).mean() for one, other in zip(true, found, strict=True)]) > 0.95
    shutil.copytree("data/test", "more/test")
    table[12:].drop(columns="rle_mask").to_csv("more/new.csv", index=False)
    assert main(["predict", "toy", "--rows", "more/new.csv", "--out", "new_rows.csv"]) == 0
    assert rows_of("new_rows.csv") == answers


def test_objects_have_a_row_each(place, capsys):
    write_objects(place / "data")
    text = new(place)
    assert "task: objects" in text
    assert "metric: object_precision" in text
    assert main(["train", "toy"]) == 0
    answers = rows_of("runs/toy/submission.csv")
    sample = pd.read_csv("data/stage1_sample_submission.csv")
    ids = [row["ImageId"] for row in answers]
    assert list(dict.fromkeys(ids)) == sample["ImageId"].tolist()
    assert len(ids) > len(sample)
    for key in sample["ImageId"]:
        size = (SIDE, 40) if int(key[1:]) % 2 == 0 else (SIDE, SIDE)
        objects = [RunLengths().read(row["EncodedPixels"], size) for row in answers if row["ImageId"] == key]
        assert sum(objects).max() <= 1
    assert main(["train", "toy"]) == 0  # nothing to do
    hidden_objects_are_answered_by_the_package(place)


def hidden_objects_are_answered_by_the_package(place):
    """A hidden test twice as large: the same objects of the same pictures, of a broken one none."""
    contest, done = answered(place, "stage1_test/n12c1/images/n12c1.png")
    assert not (contest / "stage1_train").exists()
    assert (done.rows, done.by_prior) == (8, 1)
    local, hidden = (cells_by_id(path) for path in ("runs/toy/submission.csv", "hidden.csv"))
    asked = pd.read_csv(contest / "stage1_sample_submission.csv", dtype=str)["ImageId"]
    assert list(hidden) == asked.tolist()
    for key, cells in local.items():
        assert hidden[key] == cells
        assert hidden[f"{key}c1"] == (["1 1"] if key == "n12" else cells)  # what the sample shows


def cells_by_id(path):
    found = {}
    for row in rows_of(path):
        found.setdefault(row["ImageId"], []).append(row["EncodedPixels"])
    return found


def test_masks_of_classes_have_a_row_each(place, capsys):
    table = write_class_masks(place / "data", in_ids=True)
    text = new(place)
    assert "task: class_masks" in text
    path = place / "configs" / "toy.yaml"
    path.write_text(path.read_text().replace("n: 3", "n: 2").replace("epochs: 25", "epochs: 10"))
    assert main(["train", "toy"]) == 0
    said = capsys.readouterr().out
    assert "dark: threshold" in said
    answers = rows_of("runs/toy/submission.csv")
    sample = rows_of("data/sample_submission.csv")
    assert [row["image"] for row in answers] == [row["image"] for row in sample]
    assert {row["image"] for row in answers} == set(table["image"][24:])
    assert all(not row["rle"] or is_rle(row["rle"]) for row in answers)
    shutil.copytree("data/test", "more/test")
    pd.DataFrame({"image": ["p14.png", "p12.png"]}).to_csv("more/new.csv", index=False)
    assert main(["predict", "toy", "--rows", "more/new.csv", "--out", "new_rows.csv"]) == 0
    known = {row["image"]: row["rle"] for row in answers}
    asked = [f"{key}_{name}" for key in ("p14.png", "p12.png") for name in ("dark", "red")]
    assert rows_of("new_rows.csv") == [{"image": key, "rle": known[key]} for key in asked]


def test_a_budget_ends_with_a_submission(place):
    write_masks(place / "data")
    new(place)
    assert main(["train", "toy", "--budget", "12s"]) == 0
    assert len(rows_of("runs/toy/submission.csv")) == 4

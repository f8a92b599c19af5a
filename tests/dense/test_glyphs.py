"""Pages of glyphs of many classes: from strings of boxes to points with labels, with nothing edited."""

import csv
import re

import numpy as np
import pytest

from bench.many_classes import TEST_PAGES, write_glyphs
from pipeline.cli import main
from tests.dense.hidden import answered

pytestmark = pytest.mark.slow

TINY = (
    "{kind: centernet, size: 64, stride: 2, finest: 2, width: 16, decoder: unet, augment: none, tta: none, "
)
TINY += "batch_size: 4, epochs: 25, learning_rate: 0.01}"


def rows_of(path):
    with open(path) as file:
        return {row["image_id"]: row["labels"] for row in csv.DictReader(file)}


def test_glyphs_from_draft_to_a_package(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    write_glyphs(tmp_path / "data", pages=32, classes=300, side=64)
    assert main(["new", "toy", "--data", str(tmp_path / "data")]) == 0
    path = tmp_path / "configs" / "toy.yaml"
    text = re.sub(r"boxes: \{.*\}", f"boxes: {TINY}", path.read_text())
    path.write_text(re.sub(r"n: \d", "n: 2", text))
    assert main(["train", "toy"]) == 0
    said = capsys.readouterr().out
    labels = [word for cell in rows_of("data/train.csv").values() for word in cell.split()[::5]]
    most = max(labels.count(label) for label in set(labels)) / len(labels)
    assert len(set(labels)) > 80  # told at the middles
    assert float(re.search(r"boxes\s+│\s+([0-9.]+)", said)[1]) > 1.5 * most
    answers = rows_of("runs/toy/submission.csv")
    assert list(answers) == [f"p{page:03d}" for page in range(32, 32 + TEST_PAGES)]
    for cell in answers.values():
        words = cell.split()
        assert set(words[::3]) <= set(labels)
        assert np.array(words[1::3] + words[2::3], float).max() <= 64
    _, done = answered(tmp_path, "test/p032c1.png")
    assert (done.rows, done.by_prior) == (2 * TEST_PAGES, 1)
    hidden = rows_of("hidden.csv")
    for key, cell in answers.items():
        assert hidden[key] == cell
        assert (hidden[f"{key}c1"] == cell) == (key != "p032")

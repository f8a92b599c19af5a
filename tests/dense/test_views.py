"""A package of networks that see where others draw masks, and of one that sees tiles of pictures."""

import csv

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.tasks.rle import RunLengths
from tests.dense.discs import drawn, write_picture
from tests.dense.hidden import answered

pytestmark = pytest.mark.slow

CONFIG = """\
competition: toy
data: {root: data, id: id, target: rle, task: mask, images: "train/{id}.png", test: sample_submission.csv,
       test_images: "test/{id}.png"}
metric: dice
folds: {n: 2}
ensemble: {method: mean, members: [level, tiles]}
models:
  coarse: {kind: unet, size: 32, width: 4, epochs: 25, batch_size: 4, learning_rate: 0.01, tta: none}
  near: {kind: unet, size: 32, width: 4, finest: 2, epochs: 12, batch_size: 4, tta: none, view: {by: coarse}}
  level:
    {kind: unet, size: 32, width: 4, finest: 2, epochs: 12, batch_size: 4, tta: none,
     view: {by: near, axis: [2, 3], width: 3, height: 3}}
  tiles: {kind: unet, size: 32, tiles: true, width: 4, finest: 2, epochs: 12, batch_size: 4, tta: flips}
"""


def write_contest(root, rows=12, test_rows=4):
    """Writes a contest of one mask per picture, of pictures of several sizes."""
    lines = []
    for row in range(rows + test_rows):
        size = (32 + 8 * (row % 3), 48 + 16 * (row % 2))
        picture, masks = drawn(row, 1, size)
        write_picture(root / ("train" if row < rows else "test") / f"p{row:02d}.png", picture)
        lines.append((f"p{row:02d}", RunLengths().write(masks[0])))
    table = pd.DataFrame(lines, columns=["id", "rle"])
    table[:rows].to_csv(root / "train.csv", index=False)
    table[rows:].assign(rle="").to_csv(root / "sample_submission.csv", index=False)


def cells(path):
    with open(path) as file:
        return {row["id"]: row["rle"] for row in csv.DictReader(file)}


def test_a_chain_of_masks_and_a_network_of_tiles_are_packed(tmp_path, monkeypatch):
    """A hidden test twice as large: the same masks of the same pictures, of a broken one none."""
    monkeypatch.chdir(tmp_path)
    write_contest(tmp_path / "data")
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "toy.yaml").write_text(CONFIG)
    assert main(["train", "toy"]) == 0
    contest, done = answered(tmp_path, "test/p12c1.png", larger="test/p15c1.png")
    assert not (contest / "train").exists()
    assert (done.rows, done.by_prior) == (8, 1)
    assert set(done.of_models) == {"coarse", "near", "level", "tiles"}
    local, hidden = cells("runs/toy/submission.csv"), cells("hidden.csv")
    assert any(local.values())
    for key, cell in local.items():
        assert hidden[key] == cell
        if key != "p15":
            assert hidden[f"{key}c1"] == ("" if key == "p12" else cell)
    size = (32, 64)
    small, large = RunLengths().read(local["p15"], size), RunLengths().read(hidden["p15c1"], (64, 128))
    assert np.mean(small != large[::2, ::2]) < 0.05

"""From a zip of stained pages to a grey for each pixel of others, with nothing edited."""

import re

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main
from tests.dense.hidden import answered
from tests.dense.pages import packed, page, write_pages

pytestmark = pytest.mark.slow


def read(path, truth):
    """Returns the written pictures by name, in the file's order of pixels."""
    table = pd.read_csv(path, dtype={"id": str})
    parts = table["id"].str.rsplit("_", n=2, expand=True)
    found = {}
    for name, clean in truth.items():
        own = (parts[0] == name).to_numpy()
        found[name] = np.full(clean.shape, np.nan)
        found[name][parts[1][own].astype(int) - 1, parts[2][own].astype(int) - 1] = table["value"][own]
    return table["id"].tolist(), found


def error(found, truth):
    pairs = [((found[name] - clean / 255) ** 2).ravel() for name, clean in truth.items()]
    return float(np.sqrt(np.concatenate(pairs).mean()))


def test_pages_from_draft_to_new_rows(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    truth = write_pages(tmp_path / "files")
    assert main(["new", "toy", "--data", str(packed(tmp_path / "files"))]) == 0
    path = tmp_path / "configs" / "toy.yaml"
    tiny = "{kind: unet, size: 32, width: 4, finest: 2, tiles: true, begin: background, tta: none"
    tiny += ", epochs: 4, batch_size: 4}"
    path.write_text(re.sub(r"unet: \{.*\}", f"unet: {tiny}", path.read_text()))
    assert main(["train", "toy"]) == 0
    said = capsys.readouterr().out
    assert float(re.search(r"ensemble.*?│\s+([0-9.]+)", said)[1]) < 0.15
    ids, found = read("runs/toy/submission.csv", truth)
    sample = pd.read_csv("files/sampleSubmission.csv", dtype=str)
    assert ids == sample["id"].tolist()
    as_they_are = {name: page(int(name) - 1, clean.shape)[0] / 255 for name, clean in truth.items()}
    assert error(found, truth) < 0.6 * error(as_they_are, truth)
    pd.DataFrame({"id": list(truth)}).to_csv("files/new.csv", index=False)
    assert main(["predict", "toy", "--rows", "files/new.csv", "--out", "new_rows.csv"]) == 0
    assert (tmp_path / "new_rows.csv").read_bytes() == (tmp_path / "runs/toy/submission.csv").read_bytes()
    assert main(["train", "toy"]) == 0  # nothing to do
    hidden_pages_are_answered_by_the_package(tmp_path, truth)


def hidden_pages_are_answered_by_the_package(place, truth):
    """A hidden test twice as large, a page of it broken, one too large: the same greys of the same pages."""
    first, *_, last = truth
    contest, done = answered(place, f"test/{first}c1.png", f"test/{last}c1.png")
    assert not (contest / "train").exists()
    assert (done.rows, done.by_prior) == (6, 1)
    local, hidden = (rows_by_id(path) for path in ("runs/toy/submission.csv", "hidden.csv"))
    assert list(hidden) == list(pd.read_csv(contest / "sampleSubmission.csv", dtype=str)["id"])
    assert len(hidden) == 2 * len(local)
    for key, value in local.items():
        name, rest = key.split("_", 1)
        assert hidden[key] == value
        if name not in (first, last):
            assert hidden[f"{name}c1_{rest}"] == value
    apart = []
    for row in range(truth[last].shape[0]):  # the sample asks for a quarter of the page, which was shrunk
        here = [float(hidden[f"{last}c1_{row + 1}_{column}"]) for column in (11, 12, 31, 32)]
        there = [float(local[f"{last}_{row // 2 + 1}_{column}"]) for column in (6, 6, 16, 16)]
        apart += np.abs(np.subtract(here, there)).tolist()
    assert np.mean(apart) < 0.1


def rows_by_id(path):
    table = pd.read_csv(path, dtype=str)
    return dict(zip(table["id"], table["value"], strict=True))

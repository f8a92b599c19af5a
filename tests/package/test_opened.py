"""A package answers as the run did that it was made of: for any test rows, or it says why not."""

import csv
import json
import shutil
import sys

import numpy as np
import pandas as pd
import pytest

from pipeline.config.load import load_config
from pipeline.data.source import FolderSource
from pipeline.errors import DataError, ModelError, StoreError
from pipeline.package import opened, versions
from pipeline.package.opened import open_package
from pipeline.package.package import Place, write_package
from pipeline.progress import Progress
from pipeline.registry import MODELS
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.stages.order import train
from pipeline.store import Store
from tests.package.conftest import kaggle_inputs

pytestmark = pytest.mark.slow


def read(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def opened_at(inputs):
    return open_package(inputs / "datasets" / "toy-package", inputs)


def test_a_model_that_no_package_can_bring_is_named_before_anything_goes(packed, monkeypatch):
    monkeypatch.setattr(MODELS.get("neighbours"), "unpacked", "it reads a folder")
    config, store = load_config(packed / "configs/toy.yaml"), Store(packed / "runs/toy")
    run = Run(Plan(config, FolderSource(packed / "data/toy"), store), Progress())
    with pytest.raises(ModelError, match=r"near \(kind: neighbours\) cannot be packed: it reads a folder"):
        write_package(run, Place(packed / "runs/toy/package", "toy", "toy"), wheels=False)
    assert (packed / "runs/toy/package/dataset").is_dir()


def test_the_file_is_the_local_one_whatever_the_blocks(packed, inputs, tmp_path):
    package = opened_at(inputs)
    assert not (inputs / "competitions/real-toy/train.csv").exists()
    wanted = (packed / "runs/toy/submission.csv").read_bytes()
    for most in (None, 5):
        finished = package.predict(package.read_test(), tmp_path / "submission.csv", most)
        assert (tmp_path / "submission.csv").read_bytes() == wanted
        assert (finished.rows, finished.by_prior) == (12, 0)
    assert set(finished.of_models) == {"logit", "near", "forest"}
    assert finished.picture().startswith(b"\x89PNG")


def test_a_larger_test_in_another_order_gets_the_same_answers(packed, tmp_path):
    inputs = kaggle_inputs(packed, tmp_path / "input", times=3)
    contest = inputs / "competitions/real-toy"
    for name, seed in (("test.csv", 1), ("sample_submission.csv", 2)):
        table = pd.read_csv(contest / name, dtype=str)
        table.sample(frac=1, random_state=seed).to_csv(contest / name, index=False)
    package = opened_at(inputs)
    package.predict(package.read_test(), tmp_path / "submission.csv", most=13)
    header, *rows = read(tmp_path / "submission.csv")
    head, *local = read(packed / "runs/toy/submission.csv")
    known = {key: values for key, *values in local}
    assert header == head
    assert [key for key, *_ in rows] == pd.read_csv(contest / "sample_submission.csv", dtype=str)[
        "id"
    ].tolist()
    assert len(rows) == 36
    for key, *values in rows:
        assert np.array(values, float) == pytest.approx(np.array(known[key[:4]], float), abs=1e-6)


def test_rows_that_the_sample_lacks_are_answered_behind_its_own(packed, inputs, tmp_path):
    path = inputs / "competitions/real-toy/sample_submission.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], *lines[:-4:-1]]) + "\n")
    package = opened_at(inputs)
    package.predict(package.read_test(), tmp_path / "submission.csv")
    ids = [key for key, *_ in read(tmp_path / "submission.csv")[1:]]
    assert ids[:3] == [line[:4] for line in lines[:-4:-1]]
    assert sorted(ids) == sorted(line[:4] for line in lines[1:])


def test_what_is_not_there_is_named(packed, inputs, tmp_path):
    with pytest.raises(DataError, match="holds no package"):
        open_package(tmp_path, inputs)
    root = inputs / "datasets" / "toy-package"
    fit = next((root / "run/products").glob("near-fold1-*"))
    shutil.rmtree(fit / "model")
    with pytest.raises(StoreError, match=f"is not whole: {fit.name}"):
        opened_at(inputs)
    shutil.rmtree(inputs / "competitions")
    with pytest.raises(DataError, match="is the contest added to the notebook"):
        opened_at(inputs)


def test_the_check_says_which_versions_differ_and_stops_where_answers_do(inputs, monkeypatch):
    package = opened_at(inputs)
    assert package.check() == [
        "All versions are the same.",
        "12 rows with known answers are predicted again: the same.",
    ]
    real = versions.version_of
    monkeypatch.setattr(versions, "version_of", lambda name: "9.9" if name == "sklearn" else real(name))
    assert package.check()[0].startswith("Other versions than it was made with: sklearn 9.9 (made with ")
    known = np.load(package.root / "probe.npy")
    np.save(package.root / "probe.npy", known[::-1])
    with pytest.raises(ModelError, match=r"something else here: 12 known rows.*sklearn 9\.9 \(made with"):
        package.check()
    monkeypatch.setattr(versions, "version_of", lambda name: "none" if name == "skops" else real(name))
    with pytest.raises(ModelError, match="need are not here: skops"):
        package.check()


def test_models_that_cannot_be_read_are_said_to_be_of_another_version(inputs, monkeypatch):
    package = opened_at(inputs)

    def fails(*_):
        raise TypeError("unexpected keyword")
        yield

    monkeypatch.setattr(opened, "answers", fails)
    with pytest.raises(ModelError, match="cannot predict here: unexpected keyword All versions are the same"):
        package.check()


TEXTS = """\
competition: words
data: {id: id, target: mood, columns: {line: text}}
metric: log_loss
folds: {n: 2}
models:
  letters: {kind: ngrams}
"""


def test_texts_are_packed(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    words = {"glad": ["sun and song", "a merry day"], "sad": ["rain and sorrow", "a weary night"]}
    rows = [
        (f"{n}", words[mood][n % 4 // 2] + f" {n}", mood)
        for n in range(40)
        for mood in [sorted(words)[n % 2]]
    ]
    table = pd.DataFrame(rows, columns=["id", "line", "mood"])
    table[:30].to_csv(data / "train.csv", index=False)
    table[30:].drop(columns="mood").to_csv(data / "test.csv", index=False)
    pd.DataFrame({"id": table["id"][30:], "glad": 0.5, "sad": 0.5}).to_csv(
        data / "sample_submission.csv", index=False
    )
    (tmp_path / "words.yaml").write_text(TEXTS)
    run = Run(
        Plan(load_config(tmp_path / "words.yaml"), FolderSource(data), Store(tmp_path / "runs")), Progress()
    )
    train(run)
    place = Place(tmp_path / "package", "words", "words")
    write_package(run, place, wheels=False)
    package = open_package(place.dataset, tmp_path)
    package.predict(package.read_test(), tmp_path / "submission.csv")
    assert (tmp_path / "submission.csv").read_text() == (tmp_path / "runs/submission.csv").read_text()
    facts = json.loads((place.dataset / "package.json").read_text())
    assert facts["models"] == ["letters"]
    assert str(place.dataset / "code") in sys.path
    sys.path.remove(str(place.dataset / "code"))

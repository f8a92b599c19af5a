"""A package answers as the run did that it was made of: for any test rows, or it says why not."""

import csv
import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.config.load import load_config
from pipeline.data.source import FolderSource
from pipeline.errors import DataError, ModelError, StoreError
from pipeline.networks.brought import bring
from pipeline.networks.config import CNNConfig
from pipeline.networks.texts import encoder
from pipeline.package import opened, versions
from pipeline.package.opened import open_package
from pipeline.package.package import Place, write_package
from pipeline.package.weights import brought_weights, carry_weights
from pipeline.progress import Progress
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


def write_words(data):
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


def packed_words(tmp_path, text):
    """Trains and packs a contest of texts; returns where."""
    write_words(tmp_path / "data")
    (tmp_path / "words.yaml").write_text(text)
    config, source = load_config(tmp_path / "words.yaml"), FolderSource(tmp_path / "data")
    run = Run(Plan(config, source, Store(tmp_path / "runs")), Progress())
    train(run)
    place = Place(tmp_path / "package", "words", "words")
    write_package(run, place, wheels=False)
    return place


def test_texts_are_packed(tmp_path):
    place = packed_words(tmp_path, TEXTS)
    package = open_package(place.dataset, tmp_path)
    package.predict(package.read_test(), tmp_path / "submission.csv")
    assert (tmp_path / "submission.csv").read_text() == (tmp_path / "runs/submission.csv").read_text()
    facts = json.loads((place.dataset / "package.json").read_text())
    assert facts["models"] == ["letters"]
    assert str(place.dataset / "code") in sys.path
    sys.path.remove(str(place.dataset / "code"))


ENCODED = """\
competition: words
data: {id: id, target: mood, columns: {line: text}}
metric: log_loss
folds: {n: 2}
models:
  letters: {kind: ngrams, max_features: 2}
  frozen: {kind: transformer, weights: FOLDER/encoder}
  idle: {kind: transformer, weights: FOLDER/other, enabled: false}
ensemble: {method: mean, members: [frozen]}
"""


def test_the_weights_that_predicting_needs_are_packed(tmp_path, monkeypatch):
    for name, letters in (("encoder", "sung"), ("other", "x")):
        (tmp_path / name / "onnx").mkdir(parents=True)
        for file in ("config.json", "tokenizer.json"):
            (tmp_path / name / file).write_text("{}")
        (tmp_path / name / "model.safetensors").write_text(letters)
        (tmp_path / name / "pytorch_model.bin").write_text("the same once more")

    def opened_encoder(folder, *_):
        letters = (folder / "model.safetensors").read_text()

        def features(texts, most, report):
            return np.array([[text.count(one) for one in letters] for text in texts], np.float32)

        return SimpleNamespace(features=features)

    monkeypatch.setattr(encoder, "installed", lambda: True)
    monkeypatch.setattr(encoder, "open_encoder", opened_encoder)
    try:
        place = packed_words(tmp_path, ENCODED.replace("FOLDER", str(tmp_path)))
        for name in ("encoder", "other"):
            shutil.rmtree(tmp_path / name)
        package = open_package(place.dataset, tmp_path)
        package.predict(package.read_test(), tmp_path / "submission.csv")
    finally:
        bring({})
        sys.path.remove(str(place.dataset / "code"))
    assert (tmp_path / "submission.csv").read_text() == (tmp_path / "runs/submission.csv").read_text()
    kept = ["config.json", "model.safetensors", "tokenizer.json"]
    assert sorted(path.name for path in (place.dataset / "weights").rglob("*.*")) == kept
    made = json.loads((place.dataset / "made.json").read_text())["weights"]
    assert {Path(name).name for name in made} == set(kept)
    assert f"frozen began with the weights in {tmp_path}/encoder" in (place.dataset / "README.md").read_text()


@pytest.mark.usefixtures("untraced")
def test_a_network_of_texts_is_packed_without_the_vectors_that_it_began_with(tmp_path):
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("sun 1 0\nrain 0 1\n")
    net = f"  letters: {{kind: text_net, layers: {{word: E2 GA}}, vectors: {vectors}, epochs: 1}}\n"
    text = TEXTS.replace("  letters: {kind: ngrams}\n", net) + "ensemble: {method: mean}\n"
    try:
        place = packed_words(tmp_path, text)
        vectors.unlink()
        package = open_package(place.dataset, tmp_path)
        package.predict(package.read_test(), tmp_path / "submission.csv")
    finally:
        bring({})
        sys.path.remove(str(place.dataset / "code"))
    assert (tmp_path / "submission.csv").read_text() == (tmp_path / "runs/submission.csv").read_text()
    assert list(json.loads((place.dataset / "made.json").read_text())["weights"]) == [str(vectors)]
    assert not list((place.dataset / "weights").glob("*"))


def test_weights_that_a_network_began_with_are_not_asked_for(tmp_path):
    section = CNNConfig(kind="cnn", backbone="mobilenet", weights="gone.h5")
    assert any("no such file" in problem for problem in section.problems("models.cnn"))
    try:
        brought_weights({"weights": carry_weights({"cnn": section}, ["cnn"], tmp_path)}, tmp_path)
        assert section.problems("models.cnn") == []
    finally:
        bring({})

"""Fixtures that several tests share."""

import contextlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.cli import main
from pipeline.reports.page import render
from pipeline.stages import page
from pipeline.testing import write_competition
from tests.fresh import train_afresh

ROOT = Path(__file__).parents[1]

CONFIG = """\
competition: toy
data: {target: species, images: "images/{id}.png"}
metric: log_loss
folds: {n: 3}
models:
  net: {kind: cnn, backbone: "4C3 MP2 FC8", size: 12, epochs: 3}
  lgbm: {kind: lightgbm, n_estimators: 30, inputs: [table, net.embedding]}
  logit: {kind: logistic}
"""


@pytest.fixture(scope="session", autouse=True)
def _pages_are_blank():
    """A page at the end of a run takes a second, and many tests train: those of it ask for `pages`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "render", lambda material, key, failed: f'<meta name="made-of" content="{key}">')
        yield


@pytest.fixture
def pages(monkeypatch):
    """Pages are drawn."""
    monkeypatch.setattr(page, "render", render)


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A folder with a config, a generated competition and nothing else; the current folder."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "toy.yaml").write_text(CONFIG, encoding="utf-8")
    write_competition(tmp_path / "data" / "toy")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def tables_trained(tmp_path_factory):
    """Returns a function: a folder in which a configuration of `toy` was trained, made once for each text."""
    made = {}

    def train(config):
        if config not in made:
            folder = made[config] = tmp_path_factory.mktemp("trained")
            (folder / "configs").mkdir()
            (folder / "configs" / "toy.yaml").write_text(config, encoding="utf-8")
            write_competition(folder / "data" / "toy")
            with contextlib.chdir(folder):
                assert main(["train", "toy"]) == 0
        return made[config]

    return train


@pytest.fixture
def as_one_process(workplace):
    """Returns a function that trains once more in one process and compares every byte of the results."""

    def test_predictions():
        folders = (workplace / "runs/toy/products").glob("*-fold*")
        files = {folder.name: folder / "test.npy" for folder in folders}
        return {name: np.load(file) for name, file in files.items() if file.exists()}

    def compare(*options):
        submission = (workplace / "runs/toy/submission.csv").read_bytes()
        several = test_predictions()
        (workplace / "runs").rename(workplace / "several")
        train_afresh(*options)
        alone = test_predictions()
        assert alone
        assert set(alone) == set(several)
        for name, values in alone.items():
            assert np.array_equal(values, several[name]), name
        assert (workplace / "runs/toy/submission.csv").read_bytes() == submission

    return compare


@pytest.fixture
def digits_workplace(tmp_path, monkeypatch):
    """A folder with the project's own digits."""
    shutil.copytree(ROOT / "competitions", tmp_path / "competitions")
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def untraced():
    """TensorFlow takes each step as it comes: where there are few, tracing them first is all the time."""
    tf = pytest.importorskip("tensorflow")
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)

"""A packed contest of tables, trained once, and a place laid out as Kaggle lays it."""

import contextlib
import shutil

import pytest

from pipeline.cli import main
from pipeline.config.load import load_config
from pipeline.data.source import FolderSource
from pipeline.package.stage import lay_out
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.store import Store

CONFIG = """\
competition: toy
data: {target: species, kaggle: real-toy}
metric: log_loss
folds: {n: 3}
models:
  logit: {kind: logistic}
  near: {kind: neighbours}
  forest: {kind: random_forest, n_estimators: 10}
ensemble: {method: mean}
"""


@pytest.fixture(scope="session")
def packed_once(tables_trained, tmp_path_factory):
    """The folder of a run that was packed, and must not be changed."""
    folder = tmp_path_factory.mktemp("packed") / "place"
    shutil.copytree(tables_trained(CONFIG), folder)
    with contextlib.chdir(folder):
        assert main(["package", "toy", "--no-trial", "--no-wheels", "--owner", "me"]) == 0
    return folder


@pytest.fixture
def packed(packed_once, tmp_path, monkeypatch):
    """The same as a copy, and the current folder."""
    shutil.copytree(packed_once, tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    return tmp_path / "place"


@pytest.fixture
def inputs(packed, tmp_path):
    """What takes the place of /kaggle/input: the contest without a training row, and the data set."""
    return kaggle_inputs(packed, tmp_path / "input")


def kaggle_inputs(place, folder, times=1):
    """Lays a packed toy out so many times as large, and returns the folder."""
    run = Run(
        Plan(
            load_config(place / "configs/toy.yaml"),
            FolderSource(place / "data/toy"),
            Store(place / "runs/toy"),
        ),
        None,
    )
    lay_out(run.plan.source, run.config.data, run.competition, times, folder / "competitions" / "real-toy")
    shutil.copytree(place / "runs/toy/package/dataset", folder / "datasets" / "toy-package")
    return folder

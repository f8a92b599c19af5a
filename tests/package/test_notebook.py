"""The notebook: run from its own text by a Python that has never heard of the toolkit."""

import json
import os
import subprocess
import sys
import zipfile

import pytest

from pipeline.package.notebook import code_of
from pipeline.package.wheel import write_wheel

pytestmark = pytest.mark.slow


def test_it_installs_from_the_data_set_and_hands_in_the_local_file(packed, inputs, tmp_path):
    working = tmp_path / "working"
    working.mkdir()
    *cells, last = code_of(packed / "runs/toy/package/notebook/toy.ipynb")
    assert "Image" in last  # of IPython, which is Kaggle's
    code = "\n".join([*cells, "picture = finished.picture()", "print(sys.modules['pipeline'].__file__)"])
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"KAGGLE_INPUT": str(inputs), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=working, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (working / "submission.csv").read_bytes() == (packed / "runs/toy/submission.csv").read_bytes()
    assert "12 rows with known answers are predicted again: the same." in done.stdout
    assert "12 rows to answer, 0 of them by the prior" in done.stdout
    assert done.stdout.splitlines()[-1].startswith(str(tmp_path))  # the toolkit is the data set's
    assert json.loads((working / "prediction.json").read_text())["rows"] == 12


def test_what_kaggle_is_told(packed):
    root = packed / "runs/toy/package"
    dataset = json.loads((root / "dataset/dataset-metadata.json").read_text())
    kernel = json.loads((root / "notebook/kernel-metadata.json").read_text())
    assert dataset["id"] == "me/toy-package"
    assert kernel["dataset_sources"] == ["me/toy-package"]
    assert kernel["competition_sources"] == ["real-toy"]
    assert (kernel["enable_internet"], kernel["enable_gpu"], kernel["is_private"]) == (False, False, True)
    assert (root / "notebook" / kernel["code_file"]).is_file()


def test_the_card_says_what_it_is(packed):
    card = (packed / "runs/toy/package/dataset/README.md").read_text()
    summary = json.loads((packed / "runs/toy/submission.json").read_text())
    for said in (f"**{summary['cross_fitted_score']:.5g}**", "| near | neighbours |", "60 training rows"):
        assert said in card
    assert summary["files"]["submission.csv"] in card
    assert summary["folds"][:16] in card


def test_the_package_holds_no_feature_of_a_training_row(packed):
    products = packed / "runs/toy/package/dataset/run/products"
    competition = next(products.glob("competition-*"))
    import pandas as pd

    assert len(pd.read_parquet(competition / "train.parquet")) == 0
    assert not list(products.glob("*-predictions-*"))
    assert not list(products.glob("*-fold*/valid.npy"))


def test_the_wheel_is_the_same_bytes_every_time(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    one, other = (write_wheel(tmp_path / name) for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert archive.testzip() is None
        assert "pipeline/package/wheel.py" in archive.namelist()

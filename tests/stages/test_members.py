"""An ensemble takes in what was made with the same folds, wherever it comes from, and nothing else."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main

pytestmark = pytest.mark.slow

CONFIG = """\
competition: toy
data: {target: species}
metric: log_loss
folds: {n: 3}
models:
  logit: {kind: logistic}
  near: {kind: neighbours}
"""


@pytest.fixture
def trained(tables_trained, tmp_path, monkeypatch):
    shutil.copytree(tables_trained(CONFIG), tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def members(workplace):
    return json.loads((workplace / "runs/toy/submission.json").read_text())["models"]


def outside_files(workplace):
    """Writes a perfect out-of-fold file and a test file, rows shuffled."""
    train = pd.read_csv(workplace / "data/toy/train.csv", dtype=str)
    test = pd.read_csv(workplace / "data/toy/test.csv", dtype=str)
    classes = ["kind_2", "kind_0", "kind_1"]
    sure = 0.04 + 0.88 * np.array([[label == name for name in classes] for label in train["species"]])
    for name, ids, values in (
        ("oof", train["id"], sure),
        ("test", test["id"], np.full((len(test), 3), 1 / 3)),
    ):
        table = pd.DataFrame(values, columns=classes)
        table.insert(0, "id", ids)
        table.sample(frac=1, random_state=0).to_csv(workplace / f"{name}.csv", index=False)


def test_earlier_settings_of_a_model_join(trained):
    assert set(members(trained)) == {"logit", "near"}
    assert main(["train", "toy", "--set", "models.near.seeds=2"]) == 0
    assert main(["ensemble", "toy"]) == 0
    assert len(members(trained)) == 3
    assert main(["ensemble", "toy", "--own"]) == 0
    assert set(members(trained)) == {"logit", "near"}


def test_another_configuration_of_the_competition_joins(trained):
    other = CONFIG.replace("competition: toy", "competition: toy2").replace("logit:", "logit2:")
    (trained / "configs" / "toy2.yaml").write_text(other, encoding="utf-8")
    assert main(["train", "toy2", "--data", "data/toy", "--only", "logit2"]) == 0
    assert main(["ensemble", "toy"]) == 0
    assert set(members(trained)) == {"logit", "near", "toy2.logit2"}


def test_other_folds_do_not_join(trained):
    assert main(["train", "toy", "--set", "folds.seed=5"]) == 0
    assert main(["ensemble", "toy"]) == 0
    assert set(members(trained)) == {"logit", "near"}


def test_outside_predictions_join_by_their_ids(trained):
    outside_files(trained)
    pair = "ensemble.outside={friend: {oof: oof.csv, test: test.csv}}"
    plain = [
        "--set",
        pair,
        "--set",
        "ensemble.calibration=false",
    ]  # else its score is that of its calibrated values
    assert main(["train", "toy", *plain]) == 0
    friend = members(trained)["friend"]
    assert friend["kind"] == "outside"
    assert friend["score"] == pytest.approx(-np.log(0.92), abs=1e-4)
    assert friend["weight"] > 0.5


def test_outside_files_that_do_not_fit_are_named(trained, capsys):
    outside_files(trained)
    shutil.copy(trained / "test.csv", trained / "oof.csv")
    assert main(["train", "toy", "--set", "ensemble.outside={friend: {oof: oof.csv, test: test.csv}}"]) == 1
    assert "oof.csv" in capsys.readouterr().err


def test_an_outside_file_that_is_missing_is_named_before_anything_starts(trained, capsys):
    assert main(["train", "toy", "--set", "ensemble.outside={friend: {oof: no.csv, test: no.csv}}"]) == 1
    assert "`ensemble.outside.friend`: there is no file no.csv" in capsys.readouterr().err


def test_a_second_file_and_a_page_are_written(trained):
    runs = trained / "runs/toy"
    first = (runs / "submission.csv").read_text().splitlines()
    second = (runs / "second_submission.csv").read_text().splitlines()
    assert first[0] == second[0]
    assert len(first) == len(second)
    assert (runs / "report.html").is_file()

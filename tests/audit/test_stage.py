"""The audit as part of the commands."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from pipeline.audit.finding import Finding, by_severity, refuse
from pipeline.cli import main
from pipeline.errors import DataError

ENV = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""}
CONFIG = """\
competition: toy
data: {target: species}
metric: log_loss
folds: {n: 3}
models: {logit: {kind: logistic}}
"""


@pytest.fixture
def place(workplace):
    (workplace / "configs" / "toy.yaml").write_text(CONFIG, encoding="utf-8")
    return workplace


def spoil(place):
    """Lets a column of both tables tell the class."""
    for name in ("train", "test"):
        path = place / "data" / "toy" / f"{name}.csv"
        table = pd.read_csv(path, dtype={"id": str})
        table["code"] = table["species"].str.upper() if name == "train" else "KIND_0"
        table.to_csv(path, index=False)


def test_train_stops_where_the_score_would_be_a_lie_and_goes_on_where_that_is_allowed(place, capsys):
    spoil(place)
    assert main(["train", "toy"]) == 1
    said = capsys.readouterr().err
    assert "leaking-column: the answer can be read from one column alone: 'code'" in said
    assert "--set audit.allow=[leaking-column]" in said
    assert not (place / "runs/toy/submission.csv").exists()
    assert main(["audit", "toy"]) == 1
    assert "stop    leaking-column" in capsys.readouterr().out
    allow = ["--set", "audit.allow=[leaking-column]"]
    assert main(["train", "toy", *allow]) == 0
    assert main(["audit", "toy", *allow]) == 0
    assert "allowed leaking-column" in capsys.readouterr().out
    assert main(["train", "toy"]) == 1  # nothing is left to do, but it is not allowed any more


def test_the_audit_is_made_once_and_read_without_heavy_libraries(place, capsys):
    assert main(["audit", "toy"]) == 0
    assert "nothing forbids training" in capsys.readouterr().out
    (product,) = (place / "runs/toy/products").glob("audit-*")
    before = product.stat().st_mtime_ns
    assert main(["train", "toy"]) == 0
    assert product.stat().st_mtime_ns == before
    code = (
        "import sys; from pipeline.cli import main; code = main(['train', 'toy']); "
        "print(sorted({'tensorflow', 'sklearn', 'lightgbm', 'pandas', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENV)
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_unknown_name_is_refused_with_the_nearest_known_one(place, capsys):
    assert main(["train", "toy", "--set", "audit.allow=[leaking-colum]"]) == 1
    assert "Did you mean 'leaking-column'" in capsys.readouterr().err


def test_pictures_are_looked_at(workplace, capsys):
    images = workplace / "data" / "toy" / "images"
    for number in range(30, 60):  # every second half of the pictures shows the first half again
        (images / f"{number:04d}.png").write_bytes((images / f"{number - 30:04d}.png").read_bytes())
    assert main(["audit", "toy", "--only", "logit"]) in (0, 1)
    said = capsys.readouterr().out
    assert "duplicate-pictures" in said


def test_labels_that_look_wrong_are_named_at_the_end(place, capsys, monkeypatch):
    finding = Finding("suspicious-labels", "info", "0007 (kind_1; predicted kind_0)")
    monkeypatch.setattr("pipeline.stages.audit.label_finding", lambda *_: finding)
    assert main(["train", "toy"]) == 0
    assert "0007 (kind_1; predicted kind_0)" in capsys.readouterr().out
    assert main(["audit", "toy"]) == 0
    assert "suspicious-labels" in capsys.readouterr().out
    (product,) = (place / "runs/toy/products").glob("labels-*")
    assert json.loads((product / "findings.json").read_text())[0]["severity"] == "info"


def test_the_worst_comes_first_and_only_stops_refuse():
    info, stop = Finding("leaking-order", "info", "a"), Finding("leaking-column", "stop", "b")
    assert by_severity([info, stop]) == [stop, info]
    refuse([info], [])
    refuse([stop, info], ["leaking-column"])
    with pytest.raises(DataError, match=r"leaking-column: b"):
        refuse([stop, info], ["leaking-order"])

"""What a submission's manifest says of its members."""

import json

from pipeline.cli import main
from pipeline.testing import write_competition

CONFIG = """\
competition: toy
data: {target: species}
metric: log_loss
folds: {n: 3}
models:
  honest: {kind: lightgbm, n_estimators: 10}
  eager: {kind: lightgbm, n_estimators: 10, validate_on: fold}
  reader: {kind: logistic, inputs: [eager.prediction]}
"""


def test_a_model_that_looked_at_the_scored_fold_is_marked(tmp_path, monkeypatch):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "toy.yaml").write_text(CONFIG, encoding="utf-8")
    write_competition(tmp_path / "data" / "toy", pictures=False)
    monkeypatch.chdir(tmp_path)
    assert main(["train", "toy"]) == 0
    models = json.loads((tmp_path / "runs/toy/submission.json").read_text())["models"]
    assert not models["honest"]["optimistic"]
    for name in ("eager", "reader"):
        assert any("looked at the scored folds" in mark for mark in models[name]["optimistic"]), name

"""Workers change how long a run takes, and nothing else."""

import numpy as np
import pytest

from pipeline.cli import main
from pipeline.data.folds import Fold
from pipeline.errors import ModelError
from pipeline.runners import pool
from pipeline.runners.pool import Pool, gpus
from tests.fresh import train_afresh


@pytest.mark.slow
def test_two_workers_give_what_one_gives(as_one_process):
    said = train_afresh("--set", "workers=2", short=0.0)  # these fits are too short to be worth a process
    assert "2 folds by 2 workers" in said
    as_one_process()


def test_short_fits_stay_in_one_process(workplace, monkeypatch, capsys):
    def start(self):
        raise AssertionError("a process was started")

    monkeypatch.setattr(pool.Pool, "_start", start)
    monkeypatch.setattr(pool, "SHORT", float("inf"))  # whatever a busy machine takes for them
    assert main(["train", "toy", "--only", "logit", "--set", "workers=2"]) == 0
    assert "logit" in capsys.readouterr().out


def test_an_error_in_a_worker_is_the_runs_error(workplace, monkeypatch, capsys):
    monkeypatch.setattr(pool, "SHORT", 0.0)
    sitecustomize = workplace / "broken"
    sitecustomize.mkdir()
    (sitecustomize / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'work' in sys.argv:\n"
        "    from pipeline.errors import ModelError\n"
        "    from pipeline.models.logistic import Logistic\n"
        "    def fit(self, *_, **__):\n"
        "        raise ModelError('no luck')\n"
        "    Logistic.fit = fit\n"
    )
    from pathlib import Path

    here = Path(pool.__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", f"{sitecustomize}:{here}")
    assert main(["train", "toy", "--only", "logit", "--set", "workers=2"]) == 1
    assert "models.logit, fold" in capsys.readouterr().err
    monkeypatch.setenv("PYTHONPATH", str(here))
    assert main(["train", "toy", "--only", "logit", "--set", "workers=2"]) == 0


def test_a_worker_that_has_ended_is_named():
    fold = Fold(0, 1, train=np.arange(4), valid=np.arange(4, 8))
    with (
        Pool(["--help"], 1) as pool,
        pytest.raises(ModelError, match=r"fold1: its process ended"),
    ):
        pool.submit("logit", fold).result(timeout=600)


def test_gpus_are_those_that_the_process_may_use(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,3")
    assert gpus() == ["1", "3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert gpus() == []

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import main

ROOT = Path(__file__).parents[1]


def write_tables_only(workplace):
    """Leaves the two quick models that need no network."""
    config = workplace / "configs" / "toy.yaml"
    lines = config.read_text().replace(", inputs: [table, net.embedding]", "").splitlines()
    config.write_text("\n".join(line for line in lines if "net:" not in line))


def test_train_writes_a_submission_and_says_what_it_did(workplace, capsys):
    write_tables_only(workplace)
    assert main(["train", "toy"]) == 0
    said = capsys.readouterr().out
    assert "submission: runs/toy/submission.csv" in said
    assert "logit" in said
    manifest = json.loads((workplace / "runs/toy/submission.json").read_text())
    assert {"competition", "metric", "cross_fitted_score", "models", "seconds", "config", "files"} <= set(
        manifest
    )
    assert set(manifest["models"]) == {"lgbm", "logit"}
    assert {"score", "weight"} <= set(manifest["models"]["lgbm"])


def test_one_model_one_fold_and_overrides(workplace, capsys):
    write_tables_only(workplace)
    assert main(["train", "toy", "--only", "logit", "--fold", "1"]) == 0
    assert "Fold 1 is trained" in capsys.readouterr().out
    assert not (workplace / "runs/toy/submission.csv").exists()
    assert main(["train", "toy", "--only", "logit", "--set", "folds.n=4"]) == 0
    manifest = json.loads((workplace / "runs/toy/submission.json").read_text())
    assert list(manifest["models"]) == ["logit"]
    assert manifest["config"]["folds"]["n"] == 4


def test_predict_needs_no_training(workplace, capsys):
    write_tables_only(workplace)
    rows = workplace / "data" / "toy" / "test.csv"
    assert main(["predict", "toy", "--rows", str(rows)]) == 1
    assert "Not trained yet: lgbm fold0" in capsys.readouterr().err
    main(["train", "toy"])
    assert main(["predict", "toy", "--rows", str(rows), "--out", "new.csv"]) == 0
    new = (workplace / "new.csv").read_text().splitlines()
    submitted = (workplace / "runs/toy/submission.csv").read_text().splitlines()
    assert new[0] == submitted[0]
    for mine, theirs in zip(new[1:], submitted[1:], strict=True):
        one, two = mine.split(","), theirs.split(",")
        assert one[0] == two[0]
        assert [float(v) for v in one[1:]] == pytest.approx([float(v) for v in two[1:]], abs=1e-4)


def test_a_changed_line_redoes_only_what_depends_on_it(workplace):
    write_tables_only(workplace)
    main(["train", "toy"])
    before = {path.name: path.stat().st_mtime_ns for path in (workplace / "runs/toy/products").iterdir()}
    main(["train", "toy", "--set", "models.logit.seeds=2"])
    after = {path.name: path.stat().st_mtime_ns for path in (workplace / "runs/toy/products").iterdir()}
    assert {name: after[name] for name in before} == before
    made = {name.rsplit("-", 1)[0] for name in set(after) - set(before)}
    assert made == {
        "logit-fold0",
        "logit-fold1",
        "logit-fold2",
        "logit-predictions",
        "ensemble",
        "labels",
        "submission",
    }


def test_clean_keeps_what_the_config_uses(workplace, capsys):
    write_tables_only(workplace)
    main(["train", "toy"])
    main(["train", "toy", "--set", "models.logit.seeds=2"])
    used = len(list((workplace / "runs/toy/products").iterdir()))
    assert main(["clean", "toy"]) == 0
    assert len(list((workplace / "runs/toy/products").iterdir())) < used
    assert main(["train", "toy"]) == 0
    assert main(["clean", "toy", "--all"]) == 0
    assert not list((workplace / "runs/toy/products").iterdir())


def test_folds_ensemble_submission_and_list(workplace, capsys):
    write_tables_only(workplace)
    assert main(["folds", "toy"]) == 0
    assert "fold2" in capsys.readouterr().out
    main(["train", "toy"])
    capsys.readouterr()
    assert main(["ensemble", "toy", "--set", "ensemble.method=mean"]) == 0
    assert "ensemble (mean)" in capsys.readouterr().out
    assert main(["submission", "toy"]) == 0
    assert main(["list"]) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("toy", "lightgbm", "accuracy", "mobilenet_v2", "convex"))


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (["train", "tou"], "Did you mean 'toy'"),
        (["train", "toy", "--set", "folds.sed=3"], "`folds.sed`: unknown key. Did you mean 'seed'"),
        (["train", "toy", "--only", "logt"], "no model 'logt'. Did you mean 'logit'"),
        (["train", "toy", "--fold", "3"], "--fold must be from 0 to 2. Received: 3"),
        (["train", "toy", "--data", "nowhere"], "There is no data at nowhere"),
    ],
)
def test_mistakes_end_with_exit_code_1_and_one_message(workplace, capsys, arguments, expected):
    write_tables_only(workplace)
    assert main(arguments) == 1
    assert expected in capsys.readouterr().err
    assert not (workplace / "runs" / "toy" / "products").exists()


def test_a_full_disk_is_said_in_plain_words(workplace, capsys, monkeypatch):
    write_tables_only(workplace)

    def full(*_, **__):
        raise OSError(28, "No space left on device", "runs/toy/x")

    monkeypatch.setattr("pipeline.run.run.Run.train_model", full)
    assert main(["train", "toy"]) == 1
    assert "No space left on device" in capsys.readouterr().err


def test_nothing_to_do_imports_nothing_heavy_and_writes_no_product(workplace):
    """What such a run imports and makes is what it takes; a limit in seconds would measure the machine."""
    write_tables_only(workplace)
    assert main(["train", "toy"]) == 0
    products = workplace / "runs/toy/products"
    before = {path: path.stat().st_mtime_ns for path in [products, *products.rglob("*")]}
    heavy = {"tensorflow", "keras", "sklearn", "lightgbm", "pandas", "scipy", "numpy.random", "matplotlib"}
    code = (
        "import sys; from pipeline.cli import main; code = main(['train', 'toy']); "
        f"print(sorted({heavy} & set(sys.modules))); "
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert {path: path.stat().st_mtime_ns for path in [products, *products.rglob("*")]} == before


def test_a_damaged_product_is_made_again(workplace):
    write_tables_only(workplace)
    main(["train", "toy"])
    first = (workplace / "runs/toy/submission.csv").read_bytes()
    for path in (workplace / "runs/toy/products").glob("submission-*"):
        shutil.rmtree(path)
    damaged = next((workplace / "runs/toy/products").glob("logit-fold0-*")) / "valid.npy"
    damaged.write_bytes(damaged.read_bytes()[:-8])
    for path in (workplace / "runs/toy/products").glob("logit-predictions-*"):
        shutil.rmtree(path)
    assert main(["train", "toy"]) == 0
    assert (workplace / "runs/toy/submission.csv").read_bytes() == first


def test_what_is_left_out_is_counted_and_answered_by_the_prior(workplace, capsys):
    write_tables_only(workplace)
    data = workplace / "data" / "toy"
    for key in ("0003", "0060"):
        (data / "images" / f"{key}.png").write_bytes(b"no picture")
    assert main(["train", "toy", "--set", "data.broken_pictures=leave_out"]) == 0
    assert "test rows answered by the prior" in capsys.readouterr().out
    manifest = json.loads((workplace / "runs/toy/submission.json").read_text())
    assert sorted(manifest["left_out"].values()) == [1, 1]
    rows = dict(
        line.split(",", 1) for line in (workplace / "runs/toy/submission.csv").read_text().splitlines()
    )
    classes = [
        line.split(",")[1] for line in (data / "train.csv").read_text().splitlines()[1:] if line[:4] != "0003"
    ]
    prior = [classes.count(f"kind_{k}") / len(classes) for k in range(3)]
    assert [float(cell) for cell in rows["0060"].split(",")] == pytest.approx(prior, abs=1e-5)
    arguments = [
        "--set",
        "data.broken_pictures=leave_out",
        "--rows",
        str(data / "test.csv"),
        "--out",
        "new.csv",
    ]
    assert main(["predict", "toy", *arguments]) == 0
    new = dict(line.split(",", 1) for line in (workplace / "new.csv").read_text().splitlines())
    assert [float(cell) for cell in new["0060"].split(",")] == pytest.approx(prior, abs=1e-5)
    assert set(new) == set(rows)

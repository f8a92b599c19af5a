"""A submission is made again from its card: the same bytes, or it is said first what differs."""

import json
import shutil
import zipfile

import pytest

from pipeline.api import open_run
from pipeline.cli import main
from pipeline.data.source import FolderSource, ZipSource
from pipeline.package import made, reproduced
from pipeline.package.made import data_files
from pipeline.package.reproduced import open_card
from pipeline.stages.members import averaged, own_members
from pipeline.stages.submission import ensemble_product, publish, submission_product

pytestmark = pytest.mark.slow


@pytest.fixture
def clone(packed, tmp_path, monkeypatch):
    """A place where nothing was trained: the package, and the contest's files."""
    place = tmp_path / "clone"
    shutil.copytree(packed / "runs/toy/package", place / "package")
    shutil.copytree(packed / "data/toy", place / "data/toy")
    monkeypatch.chdir(place)
    return place


def changed(clone, **update):
    path = clone / "package/dataset/made.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | update))


def test_a_fresh_clone_makes_the_same_bytes(clone, packed, capsys):
    assert main(["reproduce", "package/dataset/README.md"]) == 0
    said = capsys.readouterr().out
    assert "toolkit, libraries and machine are those of the card" in said
    assert "the same bytes as the card's, and so are the ensemble's predictions" in said
    wanted = (packed / "runs/toy/submission.csv").read_bytes()
    again = clone / "runs/toy/reproduced"
    assert (again / "products").is_dir(), "in a store of its own: nothing of another run is taken"
    assert (again / "submission.csv").read_bytes() == wanted


def test_seeds_that_a_budget_averaged_are_averaged_again(packed, tmp_path, monkeypatch, capsys):
    run = open_run("toy")
    product = submission_product(
        run, ensemble_product(run, averaged(own_members(run), {"near": "pair", "forest": "pair"}))
    )
    run.made(product)
    publish(run, product, 0.0)
    assert main(["package", "toy", "--no-trial", "--no-wheels"]) == 0
    monkeypatch.chdir(tmp_path)
    assert main(["reproduce", str(packed / "runs/toy/package"), "--data", str(packed / "data/toy")]) == 0
    assert "the same bytes as the card's" in capsys.readouterr().out


def test_what_differs_is_said_before_anything_is_trained(clone, monkeypatch, capsys):
    record = json.loads((clone / "package/dataset/made.json").read_text())
    changed(
        clone,
        versions=record["versions"] | {"sklearn": "0.1"},
        machine=record["machine"] | {"cores": 99},
        toolkit=record["toolkit"] | {"code": "other"},
        timed=["forest"],
    )

    def stops(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(reproduced, "train_models", stops)
    assert main(["reproduce", "package"]) == 130
    said = capsys.readouterr().out
    for words in ("sklearn: made with 0.1, here", "cores: recorded 99", "code: made with"):
        assert words in said
    assert "ends by the clock (`max_seconds`), and never twice alike: forest" in said


def test_other_bytes_are_a_failure(clone, capsys):
    files = json.loads((clone / "package/dataset/made.json").read_text())["files"]
    changed(clone, files=files | {"submission.csv": "0" * 64})
    assert main(["reproduce", "package"]) == 1
    said = capsys.readouterr().out
    assert "other bytes than the card's: submission.csv" in said
    assert "cross-fitted, the card says" in said


def test_other_files_than_the_cards_are_refused_by_name(clone, capsys):
    path = clone / "data/toy/train.csv"
    path.write_text(path.read_text() + "\n")
    (clone / "data/toy/more.csv").write_text("")
    assert main(["reproduce", "package"]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "others: train.csv; not known to the card: more.csv" in said


def test_a_configuration_that_was_changed_is_refused(clone, tmp_path, capsys):
    path = clone / "package/dataset/config.yaml"
    path.write_text(path.read_text() + "seed: 7\n")
    assert main(["reproduce", "package"]) == 1
    assert "is not the configuration that made.json names" in " ".join(capsys.readouterr().err.split())
    assert main(["reproduce", str(tmp_path)]) == 1
    assert "holds no made.json" in " ".join(capsys.readouterr().err.split())


def test_modules_of_the_card_go_before_those_of_the_checkout(clone):
    folder = clone / "package/dataset/code/competitions"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "of_the_card.py").write_text("KNOWN = 1\n")
    open_card(clone / "package")
    import competitions

    from competitions.of_the_card import KNOWN  # isort: skip

    assert KNOWN == 1
    competitions.__path__.remove(str(folder))


def test_a_folder_and_its_zip_have_the_same_hashes(tmp_path, monkeypatch):
    monkeypatch.setattr(made, "MOST_NAMED", 2)
    for name in ("train.csv", "images/1.png", "images/2.png", "images/3.png"):
        path = tmp_path / "toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    with zipfile.ZipFile(tmp_path / "toy.zip", "w") as archive:
        for path in sorted((tmp_path / "toy").rglob("*.*")):
            archive.write(path, path.relative_to(tmp_path / "toy"))
    found = data_files(FolderSource(tmp_path / "toy"))
    assert list(found) == ["images/ (3 files)", "train.csv"]
    assert data_files(ZipSource(tmp_path / "toy.zip")) == found
    (tmp_path / "toy/images/2.png").write_bytes(b"other")
    assert data_files(FolderSource(tmp_path / "toy"))["images/ (3 files)"] != found["images/ (3 files)"]

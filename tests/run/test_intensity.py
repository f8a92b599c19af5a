"""Faint 16-bit pictures through a whole run: found, said, kept, and used for new rows."""

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from pipeline.cli import main
from pipeline.config.load import load_config
from pipeline.data.source import open_source
from pipeline.errors import ConfigError
from pipeline.inputs.images.intensity import read_intensity
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.stages.audit import audit_product
from pipeline.store import Store

ROWS, TEST_ROWS, SIDE = 24, 6, 12
YAML = """\
competition: faint
data: {target: side, images: "images/{id}.png"}
metric: accuracy
folds: {n: 3}
models:
  alike: {kind: gallery, size: 12}
  prior: {kind: baseline}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """16-bit pictures that hold 0 to 240, their upper or left half brighter; the current folder.

    The last test picture is brighter than all the others.
    """
    rng, data = np.random.default_rng(0), tmp_path / "data/faint"
    (data / "images").mkdir(parents=True)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/faint.yaml").write_text(YAML)
    rows = [(f"p{row:02d}", ("left", "top")[row % 2]) for row in range(ROWS + TEST_ROWS)]
    for name, side in rows:
        picture = rng.integers(0, 120, (SIDE, SIDE)).astype(np.uint16)
        half = picture[:, : SIDE // 2] if side == "left" else picture[: SIDE // 2]
        half += 121
        picture += 300 * (name == rows[-1][0])
        Image.fromarray(picture).save(data / f"images/{name}.png")
    write(data / "train.csv", ("id", "side", "size"), [(*row, i % 5) for i, row in enumerate(rows[:ROWS])])
    write(data / "test.csv", ("id", "size"), [(name, 1) for name, _ in rows[ROWS:]])
    write(data / "sample_submission.csv", ("id", "side"), [(name, "top") for name, _ in rows[ROWS:]])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, header, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def run_of(place, *overrides):
    source = open_source(place / "data/faint", "train.csv")
    config = load_config(place / "configs/faint.yaml", overrides)
    return Run(Plan(config, source, Store(place / "runs/faint")), Progress())


def test_faint_pictures_are_told_apart_and_new_rows_seen_alike(place):
    assert main(["train", "faint"]) == 0
    assert (
        "24 of 24 training pictures have more than 8 bits: 0 to 24"
        in (place / "runs/faint/run.log").read_text()
    )
    manifest = json.loads((place / "runs/faint/submission.json").read_text())
    assert manifest["models"]["alike"]["score"] == 1.0
    run = run_of(place)
    folder = run.pixels_product("alike").path
    found = read_intensity(folder)
    assert (found.low, found.high, found.deep) == (0, 240, ROWS)
    train, test = (np.load(folder / f"{side}.npy") for side in ("train", "test"))
    assert (train.min(), train.max()) == (0, 255)
    assert test[-1].min() == 255
    first = np.asarray(Image.open(place / f"data/faint/images/p{ROWS}.png")).astype(float)
    scaled = np.rint(np.clip(first, found.low, found.high) * 255 / found.high)
    np.testing.assert_array_equal(test[0, :, :, 0], scaled)
    told_by_bright_new_ones(place)


def told_by_bright_new_ones(place):
    """New rows of which one is far brighter are scaled as training was, not by their own range."""
    new = place / "new"
    shutil.copytree(place / "data/faint/images", new / "images")
    names = [f"p{row}" for row in range(ROWS, ROWS + TEST_ROWS)]
    Image.fromarray(np.full((SIDE, SIDE), 65535, np.uint16)).save(new / f"images/{names[-1]}.png")
    write(new / "rows.csv", ("id", "size"), [(name, 1) for name in names])
    assert main(["predict", "faint", "--rows", str(new / "rows.csv"), "--out", "out.csv"]) == 0
    with (place / "out.csv").open() as file:
        said = list(csv.DictReader(file))
    sides = ["top" if float(row["top"]) > 0.5 else "left" for row in said]
    assert sides[:-1] == [("left", "top")[row % 2] for row in range(ROWS, ROWS + TEST_ROWS - 1)]


def test_a_stated_range_is_used_and_changes_the_pictures_alone(place):
    found, stated = run_of(place), run_of(place, "data.intensity=[0, 480]")
    fold = found.plan.all_folds[0]
    assert found.pixels_product("alike").key != stated.pixels_product("alike").key
    assert found.fit_product("alike", fold).key != stated.fit_product("alike", fold).key
    assert audit_product(found).key != audit_product(stated).key
    assert found.fit_product("prior", fold).key == stated.fit_product("prior", fold).key
    assert found.folds_product.key == stated.folds_product.key
    assert main(["train", "faint", "--only", "alike", "--set", "data.intensity=[0, 480]"]) == 0
    assert np.load(stated.pixels_product("alike").path / "train.npy").max() in (127, 128)
    assert read_intensity(stated.pixels_product("alike").path).high == 480


def test_keys_of_pictures_that_cannot_be_deep_stay(place):
    text = YAML.replace(".png", ".jpg")
    (place / "configs/faint.yaml").write_text(text)
    plain, stated = run_of(place), run_of(place, "data.intensity=[0, 480]")
    assert plain.pixels_product("alike").key == stated.pixels_product("alike").key
    assert (
        plain.fit_product("alike", plain.plan.all_folds[0]).key
        == stated.fit_product("alike", plain.plan.all_folds[0]).key
    )


@pytest.mark.parametrize("value", ["[5, 1]", "[0, 1, 2]", "[3, 3]"])
def test_a_range_must_rise(place, value):
    with pytest.raises(ConfigError, match=r"`data.intensity` must be two numbers, the smaller one first"):
        run_of(place, f"data.intensity={value}")

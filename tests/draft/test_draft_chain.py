"""Boxes and points beside the tables become a chain of networks."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.tasks.rle import RunLengths


@pytest.fixture
def scenes(folder):
    folder.table["id"] = folder.table["id"] + ".png"
    folder.table = folder.table[["id", "target"]]
    folder.save_all().pictures("imgs/{id}", folder.table["id"], side=96)
    return folder


def boxes(folder, rows=None, **columns):
    ids = folder.train["id"][:rows]
    around = columns or {"x1": 10, "y1": 20, "x2": 60, "y2": 62}
    return pd.DataFrame({"id": ids, **around})


def points(folder):
    return boxes(folder, nose_x=20, nose_y=30, tail_x=50, tail_y=70, fin_x=1, fin_y=2)


def test_boxes_and_points_give_the_whole_chain(scenes):
    scenes.save("boxes.csv", boxes(scenes, rows=70)).save("points.csv", points(scenes))
    draft = scenes.draft()
    models = scenes.config().models
    assert list(models)[:3] == ["localiser", "aligner", "cnn"]
    assert (models["localiser"].target, models["localiser"].annotations) == ("box", "boxes.csv")
    assert (models["aligner"].target, models["aligner"].view.by) == ("points", "localiser")
    assert (models["cnn"].view.by, models["cnn"].view.axis) == ("aligner", [0, 1])
    assert "70 of 80 training pictures have their coordinates" in draft.text
    assert "turned so that nose lies left and tail right" in draft.text
    assert "not read" not in draft.text


@pytest.mark.parametrize("columns", [("xmin", "ymin", "xmax", "ymax"), ("left", "top", "right", "bottom")])
def test_boxes_alone(scenes, columns):
    sides = dict(zip(columns, (10, 20, 60, 62), strict=True))
    models = scenes.save("notes/of_heads.csv", boxes(scenes, **sides)).config().models
    assert models["localiser"].annotations == "notes/of_heads.csv"
    assert models["cnn"].view.by == "localiser"
    assert "aligner" not in models


def test_points_alone_and_a_single_point(scenes):
    models = scenes.save("points.csv", points(scenes)).config().models
    assert (models["aligner"].view, models["cnn"].view.by) == (None, "aligner")
    models = scenes.save("points.csv", points(scenes)[["id", "nose_x", "nose_y"]]).config().models
    assert "aligner" not in models
    assert models["cnn"].view is None


@pytest.mark.parametrize(
    "columns",
    [
        {"x1": 10, "x2": 60, "y1": 20, "y2": 62},  # in another order than boxes have
        {"x1": 60, "y1": 20, "x2": 10, "y2": 62},  # no box
        {"age": 1, "weight": 2},
        {"x1": "a", "y1": "b", "x2": "c", "y2": "d"},
    ],
)
def test_tables_that_hold_no_coordinates(scenes, columns):
    models = scenes.save("boxes.csv", boxes(scenes, **columns)).config().models
    assert "localiser" not in models
    assert models["cnn"].view is None


def test_coordinates_of_pictures_that_are_not_there(scenes):
    scenes.save("boxes.csv", boxes(scenes).assign(id=[f"other {row}" for row in range(80)]))
    assert "localiser" not in scenes.config().models


def test_the_network_behind_sees_a_crop(scenes):
    scenes.pictures("imgs/{id}", scenes.table["id"], side=400)
    small = {"x1": 10.0, "y1": 10.0, "x2": 40.0, "y2": 38.0}
    models = scenes.save("boxes.csv", boxes(scenes, **small)).config().models
    assert np.max(models["cnn"].size) <= 40


def masks(folder, name="masks/{}.png", rows=70, spoiled=None):
    """Draws discs of 20 pixels for some training pictures."""
    for place, key in enumerate(folder.train["id"][:rows]):
        down, across = np.mgrid[:96, :96]
        mask = ((down - 30 - place % 8) ** 2 + (across - 40) ** 2 <= 100).astype(np.uint8) * 255
        mask = mask if spoiled is None else spoiled(mask)
        path = folder.root / name.format(key.removesuffix(".png"))
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(path)
    return folder


@pytest.mark.parametrize(
    "name, pattern",
    [
        ("masks/{}.png", "masks/{id}.png"),
        ("notes/{}_mask.png", "notes/{id}_mask.png"),
        ("notes/{}/segmentation/0.png", "notes/{id}/segmentation/*.png"),
    ],
)
def test_masks_beside_the_pictures_give_a_chain(scenes, name, pattern):
    masks(scenes, name)
    draft = scenes.draft()
    models = scenes.config().models
    assert list(models)[:2] == ["masks", "cnn"]
    assert (models["masks"].kind, models["masks"].annotations) == ("unet", pattern)
    assert models["cnn"].view.by == "masks"
    assert np.max(models["cnn"].size) <= 40
    assert "70 of 80 training pictures have a mask" in draft.text
    assert "the box around the mask" in draft.text


def test_run_lengths_in_a_table_give_a_chain(scenes):
    cells = [RunLengths().write(np.pad(np.ones((20, 30)), 20))] * 40
    scenes.save("spots.csv", pd.DataFrame({"id": scenes.train["id"][:40], "rle": cells}))
    draft = scenes.draft()
    assert scenes.config().models["masks"].annotations == "spots.csv"
    assert "not read" not in draft.text


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda mask: mask[:64],  # of another size
        lambda mask: np.tile(np.arange(96, dtype=np.uint8), (96, 1)),  # many greys
        lambda mask: np.full_like(mask, 255),  # all of every picture
        lambda mask: np.zeros_like(mask),  # nothing
    ],
)
def test_pictures_that_are_no_masks(scenes, spoiled):
    models = masks(scenes, spoiled=spoiled).config().models
    assert "masks" not in models
    assert models["cnn"].view is None


def test_few_masks_and_boxes_beside_them(scenes):
    assert "masks" not in masks(scenes, rows=9).config().models
    masks(scenes).save("boxes.csv", boxes(scenes))
    assert list(scenes.config().models)[:2] == ["localiser", "cnn"]

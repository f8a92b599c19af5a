"""Boxes and points beside the tables become a chain of networks."""

import numpy as np
import pandas as pd
import pytest


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

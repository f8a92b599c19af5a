"""Boxes are found as lists and numbers of a row each, and as strings of a picture's."""

import numpy as np
import pandas as pd
import pytest

from bench.many_classes import write_glyphs
from pipeline.config.load import load_config
from pipeline.data.competition import read_competition
from pipeline.data.source import open_source
from pipeline.draft.box_columns import find_boxes
from pipeline.draft.cost import Machine
from pipeline.draft.draft import make_draft
from pipeline.draft.files import Asked
from pipeline.draft.findings import Surroundings
from tests.dense.rectangles import SIDE, write_boxes


def drafted(root):
    around = Surroundings(Machine(threads=2), root / "no weights", fetching=False)
    draft = make_draft("toy", root / "files", Asked(), around)
    config = load_config(draft.write(root / "configs", force=True))
    return config, read_competition(open_source(root / "files", config.data.train), config)


@pytest.mark.parametrize(
    "form, target",
    [
        ("wheat", "bbox"),
        ("strings", "boxes"),
        ("columns", ["x", "y", "width", "height", "class_id"]),
    ],
)
def test_boxes_are_found_in_every_form(tmp_path, form, target):
    (tmp_path / "files").mkdir()
    known = write_boxes(tmp_path / "files", rows=8, form=form)
    config, competition = drafted(tmp_path)
    assert (config.data.task, config.data.target, config.metric) == ("boxes", target, "box_map")
    assert config.data.test_images == "test/{image_id}.jpg"
    assert [(one.kind, one.size) for one in config.models.values()] == [("centernet", SIDE)]
    task = competition.task
    assert task.outputs == (("0", "1") if form == "columns" else ("box",))
    for row, key in enumerate(competition.ids):
        boxes = task.known.row(row)
        corner = np.stack([boxes[name] for name in ("x", "y", "width", "height")], axis=1) * SIDE
        assert sorted(corner.round().astype(int).tolist()) == sorted(known[key].tolist())


def test_points_of_many_classes_are_found(tmp_path):
    """As Kuzushiji has them: labels that are no numbers in strings, a sample of points."""
    write_glyphs(tmp_path / "files", pages=12, classes=1500, side=64)
    config, competition = drafted(tmp_path)
    assert (config.data.task, config.data.target, config.metric) == ("boxes", "labels", "point_f1")
    assert [(one.kind, one.classes_at) for one in config.models.values()] == [("centernet", "auto")]
    assert len(competition.task.outputs) > 80
    assert competition.task.form.fields == ("label", "x", "y")


def test_a_column_of_many_classes_goes_with_its_boxes():
    rows = pd.DataFrame({"id": np.repeat(np.arange(50), 40).astype(str)})
    rows = rows.assign(xmin=1, ymin=2, xmax=5, ymax=9, class_name=[f"c{row % 400}" for row in range(2000)])
    found = find_boxes(rows, ["PredictionString"], "id")
    assert found.value == ["xmin", "ymin", "xmax", "ymax", "class_name"]
    own = rows.assign(class_name=[f"c{row}" for row in range(2000)])  # a name of each box
    assert find_boxes(own, ["PredictionString"], "id").value == ["xmin", "ymin", "xmax", "ymax"]


@pytest.mark.parametrize(
    "columns, answers",
    [
        ({"x": [1, 2], "y": [1, 2], "z": [3, 4]}, ["target"]),  # a row for each id
        ({"runs": ["1 2 5 3", "7 8 20 4"]}, ["runs"]),
        ({"text": ["a b c", "d e f g"]}, ["label"]),
        ({"bbox": ["[1, 2, 3, 4]", "[1, 2, 3, 4]"]}, ["x", "y"]),
    ],
)
def test_other_columns_are_no_boxes(columns, answers):
    train = pd.DataFrame({"id": ["a", "b"], **columns}).astype(str)
    assert find_boxes(train, answers, "id") is None


def test_a_table_whose_ids_are_made_of_its_columns_holds_no_boxes():
    train = pd.DataFrame({"Store": ["1", "2"], "Date": ["2020-01-01", "2020-01-02"], "Sales": ["3", "4"]})
    assert find_boxes(train, ["Weekly"], "Id") is None

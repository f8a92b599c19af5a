import numpy as np
import pytest
from pydantic import ValidationError

from pipeline.config.load import load_config
from pipeline.errors import ConfigError
from pipeline.inputs.images.view import ViewConfig, make_views
from pipeline.networks.config import CNNConfig

SIZES = np.array([[100, 200], [100, 200]])

CHAIN = """\
competition: toy
data: {target: kind, images: "{id}.png"}
metric: log_loss
models:
  box: {kind: cnn, backbone: "FC8", size: 16, target: box, annotations: boxes.csv}
  dots: {kind: cnn, backbone: "FC8", size: 16, target: points, annotations: dots.csv, view: {by: box}}
  who: {kind: cnn, backbone: "FC8", size: [8, 16], view: {by: dots, axis: [0, 1]}}
"""


def view(**keys) -> ViewConfig:
    return ViewConfig(by="other", **keys)


def test_without_a_rule_the_picture_is_whole():
    views, fallback = make_views(None, None, SIZES, (50, 50))
    np.testing.assert_allclose(views.apply(np.array([[[-0.5, 99.5]], [[199.5, -0.5]]]))[:, 0],
                               [[-0.5, 49.5], [49.5, -0.5]])  # fmt: skip
    assert not fallback.any()


def test_a_box_fills_the_picture_with_its_margin():
    boxes = np.array([[20.0, 30, 60, 70], [np.nan, 0, 1, 1]])
    views, fallback = make_views(view(margin=0.5), boxes, SIZES, (80, 80))
    np.testing.assert_allclose(views.invert(np.array([[[39.5, 39.5]]] * 2))[0, 0], [40, 50])
    np.testing.assert_allclose(np.abs(np.linalg.det(views.affines[0, :, :2])), 1.0)
    assert fallback.tolist() == [False, True]


def test_an_axis_lies_level_its_second_point_to_the_right():
    points = np.array([[150.0, 50, 0, 0, 150, 90], [10, 10, 0, 0, 10, 10]])
    views, fallback = make_views(view(axis=[0, 2], width=2.0, height=1.0), points, SIZES, (40, 80))
    seen = views.apply(points.reshape(2, 3, 2))[0]
    np.testing.assert_allclose(seen[[0, 2]], [[19.5, 19.5], [59.5, 19.5]])
    assert fallback.tolist() == [False, True]


def test_a_crop_is_the_same_part_of_every_picture():
    sizes = np.array([[100, 200], [10, 10]])
    views, fallback = make_views(ViewConfig(crop=[0.25, 0.2, 0.75, 0.7]), None, sizes, (50, 50))
    corners = np.array([[[-0.5, -0.5], [49.5, 49.5]]] * 2)
    np.testing.assert_allclose(views.invert(corners), [[[49.5, 19.5], [149.5, 69.5]], [[2, 1.5], [7, 6.5]]])
    assert not fallback.any()


def test_the_whole_picture_is_a_crop_of_it():
    whole, _ = make_views(None, None, SIZES, (30, 40))
    crop, _ = make_views(ViewConfig(crop=[0, 0, 1, 1]), None, SIZES, (30, 40))
    np.testing.assert_allclose(crop.affines, whole.affines)


def test_an_axis_of_points_that_there_are_not_is_refused():
    with pytest.raises(ConfigError, match=r"`view.axis` names points of 'other', which finds 2.*\[0, 2\]"):
        make_views(view(axis=[0, 2]), np.zeros((2, 4)), SIZES, (8, 8))


def test_keys_are_strict():
    with pytest.raises(ValidationError, match="marign"):
        view(marign=0.2)


@pytest.mark.parametrize(
    "keys, message",
    [
        ({"target": "box"}, "`m.annotations`: is required for `target: box`: a CSV with the id and x1,y1,x2"),
        ({"annotations": "a.csv"}, "`m.annotations`: is for `target: box` and `target: points`"),
        ({"view": {"by": "b"}, "backbone": "FC3"}, "`m.size`: is required behind a view"),
        ({"view": {"by": "b", "axis": [1, 1]}}, "`m.view.axis`: must be two different points"),
        ({"view": {"by": "b", "along": 0.4}}, "`m.view.along`: is for views by points, with `axis`"),
        ({"view": {"by": "b", "axis": [0, 1], "margin": 0.1}}, "`m.view.margin`: is for views by boxes"),
        ({"view": {}}, "`m.view`: must name either `by` (the network that it follows) or `crop`"),
        ({"view": {}}, "Received: neither"),
        ({"view": {"by": "b", "crop": [0, 0, 1, 1]}}, "Received: both"),
        ({"view": {"crop": [0.5, 0, 0.5, 1]}}, "`m.view.crop`: must be x1, y1, x2, y2 from 0 to 1"),
        ({"view": {"crop": [0, 0, 1]}}, "`m.view.crop`: must be x1, y1, x2, y2 from 0 to 1"),
        ({"view": {"crop": [0, 0, 1, 1], "along": 0.5}}, "`m.view.along`: is for views that follow another"),
    ],
)
def test_each_mistake_is_named(keys, message):
    section = CNNConfig.model_validate({"kind": "cnn", **keys})
    assert message in "\n".join(section.problems("m"))


@pytest.fixture
def load(tmp_path):
    def load(old="", new=""):
        path = tmp_path / "toy.yaml"
        path.write_text(CHAIN.replace(old, new) if old else CHAIN, encoding="utf-8")
        return load_config(path)

    return load


def test_a_chain_is_accepted_and_says_what_it_reads(load):
    models = load().models
    assert models["who"].views() == ["dots"]
    assert models["who"].uses() == []
    assert models["who"].picture()["view"]["axis"] == [0, 1]
    assert [name for name, section in models.items() if section.answers()] == ["who"]


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("by: dots", "by: dost", r"`models.who.view.by`: no model 'dost'. Did you mean 'dots'"),
        ("by: dots, axis: [0, 1]", "by: dots", r"`models.who.view.axis`: is required: which two points"),
        ("by: dots, axis", "by: box, axis", r"`models.who.view.axis`: is for points, and 'box' finds boxes"),
        ("view: {by: box}", "view: {by: who}", r"'who' finds no coordinates"),
        ("view: {by: box}", "view: {by: dots, axis: [0, 1]}", r"in a circle: dots -> dots"),
        ('size: [8, 16], ', 'size: [8, 16], weights: bxo, ', r"`models.who.weights`: 'bxo' is no model"),
        ("metric: log_loss", "metric: log_loss\nreport: {optimism: [whom]}",
         r"(?s)`report.optimism` compares with folds.*no model 'whom'. Did you mean 'who'"),
        ("metric: log_loss", "metric: log_loss\nfolds: {group: day}\nreport: {optimism: [dots]}",
         r"`report.optimism`: 'dots' does not predict"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_named(load, old, new, message):
    with pytest.raises(ConfigError, match=message):
        load(old, new)

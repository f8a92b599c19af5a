"""Boxes are drawn as maps of middles, moved with their pictures, and read back."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import ModelError
from pipeline.networks.dense.centre_config import CenterNetConfig
from pipeline.networks.dense.centre_fitting import MOST_CLASSES, CentreFit
from pipeline.networks.dense.centre_loss import PRIOR, make_centre_loss
from pipeline.networks.dense.centres import CentreBatches, drawn, moved, read_back, turned_back
from pipeline.networks.dense.network import UNet
from pipeline.networks.dense.structure import make_centre_structure
from pipeline.networks.keras_import import load_keras
from pipeline.tasks.box_array import clipped, corners_of, in_row, ious, make_boxes
from pipeline.tasks.box_truth import BoxTruth
from pipeline.tasks.boxes import Boxes
from pipeline.transforms.augment import Augmenter
from pipeline.transforms.test_time import affines, apply_test_time
from pipeline.transforms.views import invert_affines

GRID = (12, 16)
BOXES = make_boxes([[0.1, 0.1, 0.4, 0.5], [0.55, 0.3, 0.9, 0.6], [0.3, 0.7, 0.45, 0.95]], [0, 1, 0])


def test_boxes_come_back_from_their_maps():
    maps = drawn(BOXES, GRID, 2)
    assert maps.shape == (*GRID, 7)
    assert (maps[..., :2] == 1.0).sum() == 3
    assert maps[..., -1].sum() == 3
    found = read_back(maps[..., :-1], 2, 5)
    assert (found["confidence"] > 0).tolist() == [True] * 3 + [False] * 2
    overlap = ious(found[:3], BOXES) * (found["label"][:3, None] == BOXES["label"])
    assert sorted(overlap.argmax(axis=1).tolist()) == [0, 1, 2]
    assert overlap.max(axis=1) == pytest.approx(1.0, abs=1e-4)


def test_a_row_holds_the_surest_middles():
    maps = drawn(BOXES, GRID, 2)[..., :-1]
    maps[..., 1] *= 0.5
    assert read_back(maps, 2, 2)["label"].tolist() == [0.0, 0.0]
    assert not read_back(np.zeros_like(maps), 2, 2)["confidence"].any()


@pytest.mark.parametrize("name", ["flips_both", "dihedral"])
def test_maps_of_turned_pictures_are_those_of_the_picture(name):
    grid = (16, 16)
    straight = drawn(BOXES, grid, 2)[..., :-1]
    for way in affines(name, grid):
        corners = (corners_of(BOXES).reshape(-1, 2) * 16 - 0.5) @ way[:, :2].T + way[:, 2]
        both = ((corners + 0.5) / 16).reshape(-1, 2, 2)
        turned = make_boxes(np.concatenate([both.min(axis=1), both.max(axis=1)], axis=1), BOXES["label"])
        shown = drawn(turned, grid, 2)[None, ..., :-1]
        back = turned_back(apply_test_time(shown, invert_affines(way)), way, 2)[0]
        assert back == pytest.approx(straight, abs=1e-4)


def bounds(picture):
    """Returns left, top, right and bottom of what is bright, as shares."""
    y, x = np.nonzero(picture[:, :, 0] > 128)
    size = np.array(picture.shape[1::-1] * 2)
    return np.array([x.min(), y.min(), x.max() + 1, y.max() + 1]) / size


@pytest.mark.parametrize(
    "spec", [[{"SquareSymmetry": {"p": 1.0}}], [{"Affine": {"translate_percent": (-0.2, 0.2), "p": 1.0}}]]
)
def test_boxes_move_with_their_picture(spec):
    picture = np.zeros((60, 60, 1), np.uint8)
    picture[15:30, 6:30] = 255
    boxes, augmenter, places = make_boxes([[0.1, 0.25, 0.5, 0.5]]), Augmenter(spec), set()
    for seed in range(6):
        changed, found = moved(augmenter, picture, boxes, seed)
        assert corners_of(found)[0] == pytest.approx(bounds(changed), abs=0.03)
        places.add(tuple(bounds(changed)))
    assert len(places) > 2


def test_boxes_that_leave_the_picture_are_left_out():
    spec = [{"Affine": {"translate_percent": {"x": (0.4, 0.4), "y": (0, 0)}, "p": 1.0}}]
    boxes = make_boxes(
        [[0.0, 0.0, 0.2, 0.2], [0.5, 0.0, 0.7, 0.2], [0.55, 0.0, 0.8, 0.2], [0.7, 0.0, 0.9, 0.2]]
    )
    found = moved(Augmenter(spec), np.zeros((50, 50, 1), np.uint8), boxes, 0)[1]
    assert corners_of(found)[:, [0, 2]] == pytest.approx(np.array([[0.4, 0.6], [0.9, 1.0]]), abs=0.01)


def test_no_box_moves_without_trouble():
    changed, found = moved(Augmenter("dihedral"), np.zeros((8, 8, 1), np.uint8), BOXES[:0], 1)
    assert changed.shape == (8, 8, 1)
    assert len(found) == 0


def test_the_loss_is_that_of_the_paper():
    """One cell is a middle and was given p, one beside it is 0.5 near and was given q."""
    p, q = 0.7, 0.2
    truth = np.array([[[1.0, 0.25, 0.0, 1.0, 2.0, 1.0], [0.5, 0, 0, 0, 0, 0]]], np.float32)[None]
    logits = [np.log(one / (1 - one)) - PRIOR for one in (p, q)]
    said = np.array([[[logits[0], 0.0, 0.5, 1.0, 1.0], [logits[1], 9, 9, 9, 9]]], np.float32)[None]
    loss = make_centre_loss(load_keras(1), 1)(truth, said)
    expected = -((1 - p) ** 2) * np.log(p) - 0.5**4 * q**2 * np.log(1 - q) + (0.25 + 0.5 + 0.0 + 1.0)
    assert np.asarray(loss) == pytest.approx([expected], rel=1e-4)
    nothing = make_centre_loss(load_keras(1), 1)(np.zeros_like(truth), said)
    assert np.isfinite(np.asarray(nothing)).all()


@pytest.mark.parametrize("keys", [{}, {"decoder": "unet", "finest": 2}, {"stride": 2}])
def test_it_answers_with_a_grid_of_its_stride(keys):
    config = CenterNetConfig(kind="centernet", width=4, **keys)
    assert config.problems("m") == []
    network = UNet(make_centre_structure(config, (32, 64, 1), 2))
    said = network.answering.predict_on_batch(np.zeros((1, 32, 64, 1), np.uint8))
    assert np.asarray(said).shape == (1, 32 // config.stride, 64 // config.stride, 6)


def test_a_map_finer_than_its_encoder_is_refused():
    problems = CenterNetConfig(kind="centernet", finest=4, stride=2).problems("m")
    assert problems == ["`m.finest`: is at most `stride`, 2. Received: 4."]


def test_a_change_that_boxes_cannot_follow_is_refused():
    [problem] = CenterNetConfig(kind="centernet", augment=["ElasticTransform"]).problems("m")
    assert problem.startswith("m.augment[0]"), problem
    assert "ElasticTransform" in problem
    assert CenterNetConfig(kind="centernet", augment={"randaugment": {"n": 1, "m": 5}}).problems("m") == []


def test_batches_are_pictures_with_maps():
    task = Boxes(("a", "b"), 5, truth=BoxTruth.of(np.full((3, 2), 32), [BOXES, BOXES[:0], BOXES[:1]]))
    shown, target = np.zeros((3, 32, 32, 1), np.uint8), np.arange(3.0)[:, None]
    batches = CentreBatches(shown, task, target, np.array([0, 2]), 4)
    images, maps, _ = batches(np.array([1, 0]), np.array([3, 4]))
    assert images.shape == (2, 32, 32, 1)
    assert maps[..., -1].sum(axis=(1, 2)).tolist() == [1.0, 3.0]
    again = replace(batches, augmenter=Augmenter("dihedral"))
    one, other = again(np.array([1]), np.array([7])), again(np.array([1]), np.array([7]))
    assert (one[1] == other[1]).all()
    assert in_row(clipped(BOXES), 5)["confidence"].sum() == 3


def test_too_many_classes_are_refused():
    task = Boxes(tuple(str(k) for k in range(MOST_CLASSES + 1)))
    fit = CentreFit.__new__(CentreFit)
    fit.task = task
    with pytest.raises(ModelError, match=r"draws a map for each class, of at most 256.*257"):
        fit._structure()

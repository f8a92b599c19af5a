"""Boxes are drawn as maps of middles, moved with their pictures, and read back."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.data.rows import Dataset
from pipeline.errors import ModelError
from pipeline.inputs.images.part import Pictures
from pipeline.models.centernet import CenterNetModel
from pipeline.networks.dense.centre_classes import MOST_TOLD, class_layer, make_class_loss
from pipeline.networks.dense.centre_config import MANY, MOST_MAPS, CenterNetConfig
from pipeline.networks.dense.centre_fitting import CentreFit
from pipeline.networks.dense.centre_loss import PRIOR, make_centre_loss
from pipeline.networks.dense.centres import CentreBatches, drawn, moved, numbered, read_back, turned_back
from pipeline.networks.dense.network import UNet
from pipeline.networks.dense.structure import CLASS_FEATURES, make_centre_structure
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
    task = Boxes(tuple(str(k) for k in range(MOST_MAPS + 1)))
    fit = CentreFit.__new__(CentreFit)
    fit.task, fit.config = task, CenterNetConfig(kind="centernet", classes_at="heatmap")
    with pytest.raises(ModelError, match=r"draws a map for each class, of at most 256.*257"):
        fit._structure()


@pytest.mark.parametrize(
    "classes, said, at_centre",
    [(MANY, "auto", False), (MANY + 1, "auto", True), (2, "centre", True), (MOST_MAPS, "heatmap", False)],
)
def test_where_classes_are_told_follows_from_their_number(classes, said, at_centre):
    config = CenterNetConfig(kind="centernet", classes_at=said)
    head = make_centre_structure(config, (32, 32, 1), classes).head
    assert (head.classes, head.heatmaps) == ((classes, 1) if at_centre else (0, classes))
    assert head.layers == (5 + CLASS_FEATURES if at_centre else classes + 4)


def test_memory_does_not_grow_with_the_classes():
    network = UNet(make_centre_structure(CenterNetConfig(kind="centernet", width=4), (32, 32, 1), 4000))
    said = np.asarray(network.answering.predict_on_batch(np.zeros((1, 32, 32, 1), np.uint8)))
    assert said.shape == (1, 8, 8, 5 + CLASS_FEATURES)
    assert tuple(network.class_layer().kernel.shape) == (CLASS_FEATURES, 4000)
    boxes = make_boxes([[0.1, 0.1, 0.4, 0.5]], [3999])
    truth = BoxTruth.of(np.full((1, 2), 32), [boxes])
    task = Boxes(tuple(str(k) for k in range(4000)), truth=truth)
    seen = (np.zeros((1, 32, 32, 1), np.uint8), task, np.zeros((1, 1)), np.array([0]))
    _, maps, _ = CentreBatches(*seen, 4, at_centre=True)(np.array([0]), np.array([1]))
    assert maps.shape == (1, 8, 8, 7)
    assert maps[..., 0].max() == 1.0
    assert sorted(np.unique(maps[..., -1]).tolist()) == [0.0, 4000.0]


def test_so_many_middles_of_a_picture_are_asked_for_their_class():
    corners = np.stack(np.mgrid[:20, :20], axis=2).reshape(-1, 2) / 20
    boxes = make_boxes(np.concatenate([corners, corners + 0.05], axis=1), np.arange(400))
    asked = [numbered(boxes, (20, 20), seed) for seed in (1, 1, 2)]
    assert [int((one > 0).sum()) for one in asked] == [MOST_TOLD] * 3
    assert np.array_equal(asked[0], asked[1])
    assert not np.array_equal(asked[0], asked[2])
    whole = numbered(boxes[:MOST_TOLD], (20, 20), 1)
    assert sorted(whole[whole > 0].tolist()) == (1 + np.arange(MOST_TOLD)).tolist()


def classes_at(kernel, bias):
    layer = class_layer(load_keras(1))(kernel.shape[1], kernel.shape[0])
    layer.build((None, 1, 1, 9))
    layer.kernel.assign(kernel)
    layer.bias.assign(bias)
    return layer


def test_the_class_is_learned_at_true_middles_alone():
    """The cross-entropy of the class at the one middle that is asked; features elsewhere change nothing."""
    rng = np.random.default_rng(0)
    kernel, bias = rng.normal(size=(4, 3)).astype(np.float32), rng.normal(size=3).astype(np.float32)
    loss = make_class_loss(load_keras(1), classes_at(kernel, bias))
    truth = np.zeros((1, 2, 2, 7), np.float32)
    truth[0, 1, 0, [0, 5, 6]] = 1.0, 1.0, 2.0
    said = rng.normal(size=(1, 2, 2, 9)).astype(np.float32)
    alone = make_centre_loss(load_keras(1), 1)(truth[..., :-1], said[..., :5])
    logits = said[0, 1, 0, 5:] @ kernel + bias
    expected = np.asarray(alone) - (logits[1] - np.log(np.exp(logits).sum()))
    assert np.asarray(loss(truth, said)) == pytest.approx(expected, rel=1e-4)
    said[0, 0, :, 5:] += 10.0
    assert np.asarray(loss(truth, said)) == pytest.approx(expected, rel=1e-4)
    truth[..., -1] = 0.0
    assert np.asarray(loss(truth, said)) == pytest.approx(np.asarray(alone), rel=1e-4)


def test_boxes_come_back_with_the_class_that_their_features_tell():
    alone = BOXES.copy()
    alone["label"] = 0.0
    maps = np.concatenate([drawn(alone, GRID, 1)[..., :-1], np.zeros((*GRID, 2), np.float32)], axis=2)
    asked = numbered(BOXES, GRID, 0)[..., 0]
    maps[asked == 1, 5], maps[asked == 2, 6] = 4.0, 4.0
    kernel, bias = np.eye(2, dtype=np.float32), np.array([0.5, 0.0], np.float32)
    found = read_back(maps, 1, 5, (kernel, bias))
    overlap = ious(found[:3], BOXES)
    assert overlap.max(axis=1) == pytest.approx(1.0, abs=1e-4)
    assert found["label"][:3].tolist() == BOXES["label"][overlap.argmax(axis=1)].tolist()
    sure = {0: 1 / (1 + np.exp(-4.5)), 1: 1 / (1 + np.exp(-3.5))}
    assert found["confidence"][:3] == pytest.approx([sure[int(one)] for one in found["label"][:3]], rel=1e-4)


def test_features_of_turned_pictures_stay_as_they_are():
    maps = np.random.default_rng(0).normal(size=(1, 4, 4, 9)).astype(np.float32)
    for way in affines("dihedral", (4, 4)):
        back = turned_back(maps, way, 1)
        assert np.array_equal(back[..., [0, 5, 6, 7, 8]], maps[..., [0, 5, 6, 7, 8]])


@pytest.mark.slow
def test_the_matrix_of_the_classes_learns():
    """What is told at middles is learned through the loss: the layer's weights move, and tell two classes."""
    rng = np.random.default_rng(0)
    shown, rows = np.zeros((24, 32, 32, 1), np.uint8), []
    for row in range(24):
        corner, label = rng.integers(0, 20, 2), row % 2
        shown[row, corner[0] : corner[0] + 12, corner[1] : corner[1] + 12, 0] = 120 + 120 * label
        left, top = corner[1] / 32, corner[0] / 32
        rows.append(make_boxes([[left, top, left + 12 / 32, top + 12 / 32]], [label]))
    task = Boxes(("dim", "lit"), truth=BoxTruth.of(np.full((24, 2), 32), rows))
    target = np.arange(24.0)[:, None]
    data = Dataset(np.arange(24).astype(str), {"images": Pictures(shown)}, target)
    config = CenterNetConfig(
        kind="centernet", classes_at="centre", size=32, width=4, finest=2, stride=2, epochs=30, batch_size=4,
        learning_rate=0.01, augment="none", tta="none",
    )  # fmt: skip
    model = CenterNetModel(config, task)
    said = model.fit(data.rows(np.arange(16))).predict(data.rows(np.arange(16, 24)))
    assert (said["label"][:, 0] == np.arange(16, 24) % 2).mean() > 0.8
    overlap = [ious(found[:1], true)[0, 0] for found, true in zip(said, rows[16:], strict=True)]
    assert np.mean(overlap) > 0.3

"""Tiles of masks: picture and mask stay together, rare objects are seen, answers come back to the grid."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pipeline.context import Context
from pipeline.inputs.images import bands as reading
from pipeline.inputs.images.canvas import write_canvas
from pipeline.inputs.images.part import Pictures
from pipeline.models.unet import UNetModel
from pipeline.networks.dense import inference, tiles
from pipeline.networks.dense.config import UNetConfig
from pipeline.networks.dense.inference import tiled_probabilities
from pipeline.networks.dense.mask_tiles import MaskTileBatches
from pipeline.registry import TASKS
from pipeline.tasks.mask_rule import enlarged
from pipeline.tasks.mask_truth import MaskTruth
from pipeline.testing import dataset_of
from pipeline.transforms.views import upper_left

SIZES = np.array([(80, 100), (72, 90), (24, 100), (80, 60)])
CANVAS = (80, 100)
rng = np.random.default_rng(0)


def masks_of():
    """Returns int32 labels of every picture: two small rectangles, the last one has none."""
    found = []
    for row, (height, width) in enumerate(SIZES.tolist()):
        labels = np.zeros((height, width), np.int32)
        if row < 3:
            labels[3 + row : 8, 5:9], labels[height - 5 : height, width - 7 : width - 2] = 1, 2
        found.append(labels)
    return found


def truth_of(masks, order="columns"):
    runs = []
    for labels in masks:
        flat = labels.ravel(order="F" if order == "columns" else "C")
        pixels = [np.flatnonzero(flat == number) for number in range(1, labels.max() + 1)]
        runs.append([np.stack([one, one + 1], axis=1) for one in pixels])
    return MaskTruth.of(SIZES, runs, order)


def batches(positions, share, masks=None, kind="mask", shown=None):
    """Returns batches of pictures that show their masks: 50 where there is none, 200 where there is one."""
    masks = masks_of() if masks is None else masks
    canvas = np.full((4, *CANVAS, 1), 7, np.uint8)
    for row, labels in enumerate(masks if shown is None else shown):
        canvas[row, : labels.shape[0], : labels.shape[1], 0] = np.where(labels, 200, 50)
    task = TASKS.get(kind)(("mask",), 40, 50, truth=truth_of(masks))
    pictures = Pictures(canvas, extents=SIZES)
    target = np.arange(4, dtype=float)[:, None]
    return MaskTileBatches(pictures, task, target, np.array(positions), (32, 32), 4, share)


@pytest.mark.parametrize("order", ["columns", "rows"])
@pytest.mark.parametrize("corner, size", [((0, 0), (32, 32)), ((70, 80), (32, 32)), ((2, 6), (1, 200))])
def test_a_window_is_that_part_of_the_labels(order, corner, size):
    labels = masks_of()[0]
    window = truth_of(masks_of(), order).window(0, corner, size)
    assert (window == labels[corner[0] : corner[0] + size[0], corner[1] : corner[1] + size[1]]).all()


@pytest.mark.parametrize("order", ["columns", "rows"])
def test_somewhere_is_on_an_object_and_each_is_as_likely(order):
    truth, labels = truth_of(masks_of(), order), masks_of()[2]
    drawn = [labels[truth.somewhere(2, np.random.default_rng(seed))] for seed in range(60)]
    assert set(drawn) == {1, 2}
    assert 20 <= drawn.count(1) <= 40
    assert truth.somewhere(3, rng) is None


@pytest.mark.parametrize("kind", ["mask", "objects"])
def test_a_tile_and_its_mask_are_the_same_part(kind):
    source = batches([0, 1, 2, 3], 0.5, kind=kind)
    assert len(source) == 16
    images, masks, _ = source(np.arange(16), np.arange(16) + 100)
    assert images.shape == (16, 32, 32, 1)
    assert masks.shape == (16, 32, 32, source.task.layers)
    assert (images[..., 0] == np.where(masks[..., 0], 200, 50)).all()
    again, _, _ = source(np.arange(16)[::-1], np.arange(16)[::-1] + 100)
    assert (again[::-1] == images).all()


def test_a_share_of_the_tiles_holds_some_of_the_mask():
    rows, seeds = np.arange(12), np.arange(12)
    held = [batches([0, 1, 2], share)(rows, seeds)[1].any(axis=(1, 2, 3)).mean() for share in (1.0, 0.0)]
    assert held[0] == 1.0
    assert held[1] < 0.7
    assert not batches([3], 1.0)(np.arange(4), np.arange(4))[1].any()


def test_a_class_that_covers_little_is_drawn_as_often():
    large = [np.ones(size, np.int32) for size in SIZES.tolist()]
    small = masks_of()
    runs = [list(truth.spans(row)) for truth in map(truth_of, (large, small)) for row in range(4)]
    task = TASKS.get("class_masks")(("a", "b"), 40, 50, truth=MaskTruth.of(np.tile(SIZES, (2, 1)), runs))
    drawn = [small[0][task.somewhere(0, np.random.default_rng(seed))] > 0 for seed in range(60)]
    assert 0.3 < np.mean(drawn) < 0.7
    assert (task.layers_in(0, (0, 0), (9, 9))[:, :, 1] == (small[0][:9, :9] > 0)).all()


def test_rows_that_do_not_train_change_no_batch():
    rows, seeds = np.arange(8), np.arange(8)
    honest = batches([0, 2], 1.0)(rows, seeds)
    blank, full = np.zeros((72, 90), np.int32), np.ones((80, 60), np.int32)
    spoiled = [masks_of()[0], blank, masks_of()[2], full]
    for one, two in zip(honest[:2], batches([0, 2], 1.0, spoiled)(rows, seeds)[:2], strict=True):
        assert (one == two).all()


def test_answers_of_tiles_lie_where_their_pictures_do(monkeypatch):
    monkeypatch.setattr(tiles, "OVERLAP", 16)
    monkeypatch.setattr(tiles, "WHOLE", 32)
    monkeypatch.setattr(tiles, "SIDE", 32)
    monkeypatch.setattr(inference, "_mean_over", lambda network, seen, ways: seen[..., :1] / np.float32(255))
    source = batches([0], 0.0)
    asked = []
    found = tiled_probabilities(asked.append, source.task, source.seen, np.array([2, 0]), "none")
    assert asked == [(32, 32, 1)]
    for values, row in zip(found, (2, 0), strict=True):
        truth = np.where(masks_of()[row], 200, 50)[:, :, None] / 255
        expected = enlarged(truth.astype(np.float32), (40, 50))
        assert np.allclose(values.reshape(40, 50, 1), expected, atol=2e-3)


@pytest.mark.parametrize("size", [(80, 100), (150, 70)])
def test_windows_of_a_file_say_what_the_whole_picture_does(monkeypatch, tmp_path, size):
    for name, value in (("OVERLAP", 16), ("WHOLE", 32), ("SIDE", 32)):
        monkeypatch.setattr(tiles, name, value)
    monkeypatch.setattr(reading, "BAND", 9 * size[1])
    monkeypatch.setattr(
        inference, "_mean_over", lambda network, seen, ways: np.square(seen[..., :1] / np.float32(255))
    )
    picture, sizes = rng.integers(0, 256, (*size, 3), np.uint8), np.array([size])
    Image.fromarray(picture).save(tmp_path / "a.tif", strip_size=3 * 4 * size[1], compression="tiff_lzw")
    open_file = lambda name: (tmp_path / name).open("rb")  # noqa: E731
    write_canvas(tmp_path / "a.npy", open_file, ["a.tif"], upper_left(sizes, size), sizes, 3)
    task = TASKS.get("mask")(("mask",), *size)
    found = [
        tiled_probabilities(lambda shape: None, task, Pictures(shown, extents=sizes), np.array([0]), "none")
        for shown in (np.load(tmp_path / "a.npy", mmap_mode="r"), picture[None])
    ]
    whole = tiles.stitched(lambda seen: np.square(seen[..., :1] / np.float32(255)), picture, (32, 32))
    assert (found[0] == found[1]).all()
    assert (found[0].reshape(*size, 1) == whole.astype(np.float16)).all()


def test_a_network_learns_by_tiles_and_answers_pictures_of_any_size():
    source = batches([0, 1, 2], 0.5)
    data = dataset_of(np.arange(4).astype(str), pixels=source.seen.all(), target=source.target)
    data = replace(data, parts={**data.parts, "images": source.seen})
    config = UNetConfig(
        kind="unet", tiles=True, size=32, width=4, epochs=20, batch_size=4, learning_rate=0.01, tta="none"
    )
    model = UNetModel(config, source.task).fit(data.rows(np.array([0, 1, 2])), context=Context())
    found = model.predict(data.rows(np.array([3, 1])))
    assert found.shape == (2, 40 * 50)
    truth = source.task.grid(1).ravel() > 0.5
    assert found[1][truth].mean() > found[1][~truth].mean() + 0.1

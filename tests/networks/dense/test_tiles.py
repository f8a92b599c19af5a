"""Tiles: picture and answer stay together, other rows are never looked at, seams are blended."""

import numpy as np
import pytest

from pipeline.context import Context
from pipeline.networks.dense import tiles
from pipeline.networks.dense.building import apart, greys, together
from pipeline.networks.dense.config import UNetConfig
from pipeline.networks.dense.fitting import UNetFit
from pipeline.networks.dense.network import UNet
from pipeline.networks.dense.structure import UNetStructure, make_unet_structure
from pipeline.networks.dense.tiles import TileBatches, answering_size, cut, stitched, tiles_per_picture
from pipeline.networks.keras_import import load_keras, to_numpy
from pipeline.registry import TASKS
from pipeline.tasks.image_truth import ImageTruth
from pipeline.testing import dataset_of

SIZES = [(40, 64), (52, 50), (20, 64), (40, 64)]
rng = np.random.default_rng(0)
PICTURES = [rng.integers(0, 200, size).astype(np.uint8) for size in SIZES]


def batches(positions, pictures=PICTURES, answers=None):
    """Returns batches of pictures whose answers are the pictures themselves, 50 brighter."""
    answers = [one + 50 for one in pictures] if answers is None else answers
    canvas = np.full((len(pictures), 52, 64, 1), 7, np.uint8)
    for row, one in enumerate(pictures):
        canvas[row, : one.shape[0], : one.shape[1], 0] = one
    truth = ImageTruth.of(np.array(SIZES), answers.__getitem__)
    task = TASKS.get("image")(("grey",), 52, 64, truth=truth)
    target = np.arange(len(pictures), dtype=float)[:, None]
    return TileBatches(canvas, task, target, np.array(positions), (32, 32), 3)


def test_a_tile_and_its_answer_are_the_same_part():
    source = batches([0, 1, 2])
    assert len(source) == 9
    images, answers, _ = source(np.arange(9), np.arange(9) + 100)
    assert images.shape == answers.shape == (9, 32, 32, 1)
    assert (answers == images + 50).all()
    assert len({one.tobytes() for one in images}) == 9
    again, _, _ = source(np.arange(9)[::-1], np.arange(9)[::-1] + 100)
    assert (again[::-1] == images).all()


def test_rows_that_do_not_train_change_no_batch():
    rows, seeds = np.arange(6), np.arange(6)
    honest = batches([0, 2])(rows, seeds)
    spoiled = [PICTURES[0], 0 * PICTURES[1], PICTURES[2], 0 * PICTURES[3]]
    answers = [PICTURES[0] + 50, 0 * PICTURES[1], PICTURES[2] + 50, 0 * PICTURES[3]]
    for one, other in zip(honest[:2], batches([0, 2], spoiled, answers)(rows, seeds)[:2], strict=True):
        assert (one == other).all()


def test_a_picture_smaller_than_a_tile_is_mirrored():
    picture = np.arange(12, dtype=np.uint8).reshape(3, 4, 1)
    found = cut(picture, [1, 2], (4, 4))[:, :, 0]
    assert found.tolist() == [[6, 7, 6, 7], [10, 11, 10, 11], [6, 7, 6, 7], [10, 11, 10, 11]]


@pytest.mark.parametrize("size", [(64, 64), (64, 96), (128, 160)])
def test_tiles_that_say_what_they_see_make_the_picture(monkeypatch, size):
    monkeypatch.setattr(tiles, "OVERLAP", 16)
    picture = rng.integers(0, 255, (100, 150, 2)).astype(np.uint8)
    found = stitched(lambda seen: seen.astype(np.float32), picture, size)
    assert found.shape == (100, 150, 2)
    assert np.allclose(found, picture, atol=1e-3)


def test_seams_are_no_steps(monkeypatch):
    """Tiles that disagree by one agree at their middle, and change by little from pixel to pixel."""
    monkeypatch.setattr(tiles, "OVERLAP", 32)
    counted = iter(range(100))
    blank = np.zeros((64, 128, 1), np.uint8)
    found = stitched(lambda seen: np.full((*seen.shape[:3], 1), float(next(counted))), blank, (64, 64))[
        :, :, 0
    ]
    assert (found[0, 0], found[0, -1]) == (0.0, 2.0)
    assert np.abs(np.diff(found, axis=1)).max() < 0.1


def test_pictures_are_answered_for_whole_where_they_are_not_large():
    assert answering_size((420, 540)) == (448, 544)
    assert answering_size((420, 3000)) == (448, 512)
    assert tiles_per_picture((128, 128), (420, 540)) == 14
    assert tiles_per_picture((128, 128), (30, 30)) == 1


@pytest.mark.parametrize("side", [1, 2, 4])
def test_pixels_taken_together_come_apart_again(side):
    keras = load_keras(1)
    x = rng.random((2, 8, 12, 3)).astype(np.float32)
    joined = together(keras, keras.ops.convert_to_tensor(x), side)
    assert joined.shape == (2, 8 // side, 12 // side, 3 * side**2)
    if side == 2:
        assert np.allclose(to_numpy(joined)[0, 1, 2], x[0, 2:4, 4:6].ravel())
    assert np.allclose(to_numpy(apart(keras, joined, side)), x)


def test_the_table_that_a_network_begins_with_is_of_its_training_rows():
    def beside(spoiled):
        kept = [one * (row not in spoiled) for row, one in enumerate(PICTURES)]
        source = batches([0, 2], kept, [one + 50 * (row not in spoiled) for row, one in enumerate(kept)])
        data = dataset_of(np.arange(4).astype(str), pixels=source.shown, target=source.target)
        config = UNetConfig(kind="unet", tiles=True, begin="background", size=32)
        fit = UNetFit(config, source.task, data.rows(np.array([0, 2])), Context())
        fit._look_again(source.task)
        return fit

    honest, spoiled = beside(()), beside((1, 3))
    assert (honest.table.greys == spoiled.table.greys).all()
    assert (honest.shown == spoiled.shown).all()
    assert honest.shown.shape == (2, 52, 64, 3)
    assert honest.target.tolist() == [[0.0], [2.0]]
    assert (honest.shown[1, :20, :, 0] == PICTURES[2]).all()
    said = honest.table.answer(batches([]).shown[2])
    assert np.abs(honest.shown[1, :, :, 2] / 255 - said).max() < 0.5 / 255 + 1e-6


@pytest.mark.parametrize("finest", [1, 2])
def test_it_begins_with_the_picture_as_it_is(finest):
    config = UNetConfig(kind="unet", width=4, tiles=True, finest=finest)
    structure = make_unet_structure(config, (32, 64, 3), 1, greys=True)
    assert structure.head.loss == "mse"
    assert UNetStructure.from_json(structure.to_json()) == structure
    network = UNet(structure)
    network.reset(0, None, (np.full(3, 100.0), np.full(3, 50.0)))
    pictures = rng.integers(0, 255, (2, 32, 64, 3)).astype(np.uint8)
    said = np.asarray(network.full.predict_on_batch(pictures))
    expected = to_numpy(greys(load_keras(1), pictures))
    assert np.allclose(said, expected, atol=1e-6)
    assert np.allclose(expected[..., 0], pictures @ [0.299, 0.587, 0.114] / 255, atol=1e-5)
    network.full.optimizer.learning_rate = 0.01
    before = float(network.full.train_on_batch(pictures, expected * 0 + 255))
    after = float(network.full.train_on_batch(pictures, expected * 0 + 255))
    assert after < before
    wider = UNet(structure.seeing((64, 64, 3)))
    wider.assign(network.values())
    assert np.asarray(wider.full.predict_on_batch(np.zeros((1, 64, 64, 3), np.uint8))).shape == (1, 64, 64, 1)

import numpy as np

from pipeline.networks.config import CNNConfig
from pipeline.networks.picture_batches import Drawn, PixelBatches, take
from pipeline.networks.targets import make_targets
from pipeline.networks.training.batches import Batches
from pipeline.tasks.base import make_task
from pipeline.transforms.augment import Augmenter


def pictures(coordinates="", augment=None, n=12, size=16):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (20, size, size, 1), dtype=np.uint8)
    positions = rng.permutation(20)[:n]
    if coordinates:
        task, target = make_task("regression", ("x1", "y1", "x2", "y2")), rng.uniform(0.3, 0.7, (n, 4))
        targets = make_targets(CNNConfig(kind="cnn", target=coordinates, coordinates="bins"), task)
    else:
        task, target = make_task("classification", ("a", "b")), rng.integers(0, 2, n)
        targets = make_targets(CNNConfig(kind="cnn"), task)
    return PixelBatches(pixels, positions, target, targets, None, augment, coordinates)


def epochs(batches, which):
    return [[np.concatenate([b[i] for b in batches.epoch(e)]) for i in (0, 1)] for e in which]


def test_threads_and_earlier_epochs_change_no_picture():
    source = pictures(augment=Augmenter("heavy"))
    alone = epochs(Batches(source, 12, 4, seed=3), [0, 1, 2])
    threaded = epochs(Batches(source, 12, 4, seed=3, threads=3), [2])
    np.testing.assert_array_equal(alone[2][0], threaded[0][0])
    assert not np.array_equal(alone[0][0], alone[1][0])


def test_every_row_comes_once_an_epoch_and_keeps_its_target():
    source = pictures()
    inputs, targets = epochs(Batches(source, 12, 4, seed=0), [0])[0]
    for image, encoded in zip(inputs, targets, strict=True):
        row = next(i for i, p in enumerate(source.positions) if np.array_equal(source.pixels[p], image))
        assert encoded.argmax() == source.target[row]
    assert len(np.unique(inputs.reshape(12, -1), axis=0)) == 12


def test_coordinates_move_with_the_picture():
    flip = Augmenter([{"HorizontalFlip": {"p": 1.0}}])
    plain, flipped = pictures("points"), pictures("points", flip)
    rows, seeds = np.arange(6), np.arange(6)
    before, after = plain(rows, seeds), flipped(rows, seeds)
    np.testing.assert_array_equal(after[0], before[0][:, :, ::-1])
    there, here = plain.targets, plain.target[rows].copy()
    here[:, [0, 2]] = 1.0 - here[:, [0, 2]]
    np.testing.assert_allclose(after[1], there.encode(here), atol=1e-4)


def test_a_flipped_box_stays_a_box():
    boxes = pictures("box", Augmenter([{"HorizontalFlip": {"p": 1.0}}]))
    boxes.target[:] = [0.1, 0.2, 0.4, 0.6]
    expected = boxes.targets.encode(np.array([[0.6, 0.2, 0.9, 0.6]]))
    np.testing.assert_allclose(boxes(np.arange(1), np.arange(1))[1], expected, atol=1e-4)


def test_take_keeps_the_order_asked_for():
    array = np.arange(30).reshape(10, 3)
    np.testing.assert_array_equal(take(array, np.array([7, 2, 7, 0])), array[[7, 2, 7, 0]])


def test_a_share_of_a_batch_is_drawn_each_of_its_own_row():
    drawn = np.arange(1, 4)[:, None] * 50 + np.arange(20)[None]  # which picture, of which row
    into = Drawn(drawn.astype(np.uint8)[:, :, None, None, None], 0.3, 1)
    rows = np.random.default_rng(0).integers(20, size=1000)
    images = np.zeros((1000, 1, 1, 1), np.uint8)
    into.into(images, rows, np.arange(1000))
    found = images.ravel()
    assert 0.25 < (found > 0).mean() < 0.35
    assert ((found[found > 0] - 50) % 50 == rows[found > 0]).all()
    assert set((found[found > 0] // 50).tolist()) == {1, 2, 3}
    again = np.zeros((1, 1, 1, 1), np.uint8)
    into.into(again, rows[7:8], np.array([7]))
    assert again.item() == found[7]

"""Batches of like length, and what a window of several weighs."""

import numpy as np

from pipeline.networks.texts.batches import LengthBatches, WindowBatches, window_weights
from pipeline.networks.texts.windows import STEP, windows_of
from pipeline.networks.training.batches import Batches
from tests.networks.texts.small import Letters

ROWS, SIZE = 330, 8


class Numbers:
    """Inputs of a row are its number."""

    def __call__(self, rows, seeds):
        return rows, seeds, None


def lengths():
    return np.random.default_rng(0).integers(1, 120, ROWS)


def epoch_of(batches, epoch):
    return [rows.tolist() for rows, *_ in batches.epoch(epoch)]


def test_every_row_comes_once_an_epoch_in_another_order_each():
    batches = LengthBatches(Numbers(), ROWS, SIZE, 3, 0, lengths())
    first, second = epoch_of(batches, 0), epoch_of(batches, 1)
    rows = [row for batch in first for row in batch]
    assert len(first) == len(batches) == ROWS // SIZE
    assert len(set(rows)) == len(rows)
    assert first != second
    assert first == epoch_of(LengthBatches(Numbers(), ROWS, SIZE, 3, 2, lengths()), 0)


def test_rows_that_fill_no_batch_are_others_each_epoch():
    batches = LengthBatches(Numbers(), ROWS, SIZE, 3, 0, lengths())
    first, second = ({row for batch in epoch_of(batches, epoch) for row in batch} for epoch in (0, 1))
    assert first != second


def test_little_is_padding_and_short_ones_do_not_come_first():
    long = lengths()

    def tokens(batches):
        return sum(long[rows].max() * SIZE for rows in epoch_of(batches, 0))

    alike = LengthBatches(Numbers(), ROWS, SIZE, 3, 0, long)
    assert tokens(alike) < 1.1 * long.sum()
    assert tokens(Batches(Numbers(), ROWS, SIZE, 3)) > 1.5 * long.sum()
    means = [long[rows].mean() for rows in epoch_of(alike, 0)]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.5


def test_a_batch_is_filled_up_to_its_longest_and_has_its_texts_targets():
    windows = windows_of(Letters(64), ["ab", "c" * 100, "d" * 20], 2)
    targets = np.arange(3.0, dtype=np.float32).reshape(3, 1, 1)
    weights = np.array([1, 0.5, 0.5, 1], np.float32)
    source = WindowBatches(windows, targets, weights, ["token_ids", "padding_mask"], 64, 0)
    inputs, target, weight = source(np.array([0, 3]), np.zeros(2))
    assert list(inputs) == ["token_ids", "padding_mask"]
    assert inputs["token_ids"].shape == (2, 2 * STEP)
    assert inputs["padding_mask"].sum(axis=1).tolist() == [4, 22]
    assert target.ravel().tolist() == [0, 2]
    assert weight.tolist() == [1, 1]
    assert source(np.array([1]), np.zeros(1))[0]["token_ids"].shape == (1, 64)


def test_the_windows_of_a_text_share_its_weight():
    windows = windows_of(Letters(12), ["a", "b" * 20], 4)
    found = window_weights(windows, None)
    np.testing.assert_allclose(found / found[0], [1, 0.5, 0.5])
    np.testing.assert_allclose(found.mean(), 1)
    given = window_weights(windows, np.array([1.0, 4.0]))
    np.testing.assert_allclose(given / given[0], [1, 2, 2])
    assert window_weights(windows_of(Letters(12), ["a", "b"], 4), None) is None

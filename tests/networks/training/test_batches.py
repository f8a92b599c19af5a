import numpy as np
import pytest

from pipeline.networks.training.batches import Arrays, Batches, ahead

ROWS = 12


class Numbered:
    """A row's input is its number; its target is drawn by its seed."""

    def __call__(self, rows, seeds):
        return rows, seeds, None


def epoch_of(batches, epoch):
    inputs, targets, _ = zip(*batches.epoch(epoch), strict=True)
    return np.concatenate(inputs), np.concatenate(targets)


def test_threads_and_earlier_epochs_change_nothing():
    one, several = (Batches(Numbered(), ROWS, 4, seed=3, threads=threads) for threads in (0, 3))
    before = epoch_of(one, 0)
    for alone, threaded in zip(epoch_of(one, 2), epoch_of(several, 2), strict=True):
        np.testing.assert_array_equal(alone, threaded)
    assert not np.array_equal(before[0], epoch_of(one, 2)[0])


def test_every_row_comes_once_an_epoch_with_a_seed_of_its_own():
    rows, seeds = epoch_of(Batches(Numbered(), ROWS, 4, seed=0), 0)
    assert sorted(rows) == list(range(ROWS))
    assert len(set(seeds)) == ROWS


def test_rows_that_fill_no_batch_are_left_for_another_epoch():
    batches = Batches(Numbered(), ROWS, 5, seed=0)
    assert [len(inputs) for inputs, *_ in batches.epoch(0)] == [5, 5]
    assert len(batches) == 2


@pytest.mark.parametrize("weights", [None, np.arange(6.0)])
def test_rows_of_arrays_keep_their_target_and_weight(weights):
    source = Arrays(np.arange(12.0).reshape(6, 2), 10 * np.arange(6), weights)
    inputs, targets, weighed = source(np.array([4, 1]), np.zeros(2))
    np.testing.assert_array_equal(inputs, [[8, 9], [2, 3]])
    np.testing.assert_array_equal(targets, [40, 10])
    assert weighed is None if weights is None else list(weighed) == [4, 1]


def test_making_ahead_keeps_the_order_and_passes_errors_on():
    def make(step):
        if step == 7:
            raise ValueError("picture 7 is broken")
        return step

    made = ahead(make, 10, threads=3)
    assert [next(made) for _ in range(7)] == list(range(7))
    with pytest.raises(ValueError, match="picture 7 is broken"):
        next(made)

"""Strata by rank."""

import numpy as np

from pipeline.tasks.strata import ROWS, beside_one, by_rank


def test_strata_hold_as_many_rows_each_and_enough():
    numbers = np.random.default_rng(0).normal(size=100)
    found = by_rank(numbers, 4)
    assert np.bincount(found).tolist() == [25] * 4
    assert all(numbers[found == k].max() < numbers[found == k + 1].min() for k in range(3))
    assert np.bincount(by_rank(numbers, 99)).min() >= ROWS
    assert by_rank(numbers[:ROWS], 4).max() == 0
    assert len(by_rank(numbers[:0], 4)) == 0


def test_rows_that_are_not_ranked_are_one_stratum():
    numbers = np.r_[np.zeros(7), np.arange(1, 61)]
    found = beside_one(numbers, numbers > 0, 3)
    assert np.bincount(found).tolist() == [7, 20, 20, 20]
    assert (beside_one(numbers * 0, numbers > 99, 3) == 0).all()

"""Rows are those that were asked for, whichever part of them is looked at."""

import numpy as np
import pandas as pd

from pipeline.testing import dataset_of

NUMBERS = np.arange(10)


def rows(positions):
    """Rows of a dataset in which every part of row n says n."""
    data = dataset_of(
        NUMBERS.astype(str),
        pd.DataFrame({"n": NUMBERS}),
        pixels=NUMBERS[:, None, None, None].astype(np.uint8),
        target=NUMBERS,
        others={"cnn.prediction": NUMBERS[:, None].astype(np.float32)},
        weights=NUMBERS.astype(np.float32),
    )
    return data.rows(np.array(positions))


def test_every_part_is_of_the_same_rows():
    some = rows([7, 2, 5])
    assert some.ids.tolist() == ["7", "2", "5"]
    for part in (some.table["n"].to_numpy(), some.target, some.weights, some.of("cnn.prediction")[:, 0]):
        assert part.tolist() == [7, 2, 5]
    assert some.of("images").ravel().tolist() == [7, 2, 5]
    assert some.take(np.array([1, 2])).of("images").ravel().tolist() == [2, 5]


def test_a_part_of_a_part_is_counted_in_that_part():
    some = rows([7, 2, 5]).take(np.array([2, 0]))
    assert some.target.tolist() == [5, 7]


def test_joined_rows_are_in_the_order_of_the_table():
    assert rows([7, 2]).join(rows([9, 4])).target.tolist() == [2, 4, 7, 9]

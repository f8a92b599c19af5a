"""What is worked out once, and how much of it is kept."""

import numpy as np

from pipeline.tasks.remembered import Remembered


def made(remembered, keys, make=lambda key: key * 10):
    """Returns what is said of keys, and for which it was worked out."""
    asked = []

    def one(key):
        asked.append(key)
        return make(key)

    return [remembered(key, lambda key=key: one(key)) for key in keys], asked


def test_it_is_worked_out_once():
    assert made(Remembered(9), [1, 2, 1, 2, 1]) == ([10, 20, 10, 20, 10], [1, 2])


def test_all_is_forgotten_where_there_is_too_much():
    remembered = Remembered(2)
    assert made(remembered, [1, 2, 3, 3, 1])[1] == [1, 2, 3, 1]
    assert made(remembered, [1, 3])[1] == [], "none went before there was too much"
    large = Remembered(100, np.size)
    assert made(large, [60, 50, 60, 50, 5, 60], np.zeros)[1] == [60, 50, 5, 60]

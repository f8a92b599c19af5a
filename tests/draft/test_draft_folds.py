import pytest

from pipeline.draft.folds import choose_n, choose_repeats
from pipeline.models.size import Size


def size(rows, picture=None):
    return Size(rows, rows, 10, "regression", 1, picture)


@pytest.mark.parametrize(
    "data, groups, n",
    [
        (size(1_000), None, 5),
        (size(300_000), None, 3),
        (size(30_000, (28, 28)), None, 3),
        (size(1_000), 40, 5),
        (size(1_000), 3, 3),
    ],
)
def test_number(data, groups, n):
    assert choose_n(data, groups, ordered=False).value == n


@pytest.mark.parametrize(
    "data, ordered, repeats",
    [(size(300), False, 3), (size(1_000), False, 2), (size(2_000), False, 1), (size(300), True, 1)],
)
def test_repeats(data, ordered, repeats):
    assert choose_repeats(data, ordered).value == repeats


def test_pictures_are_drawn_once():
    assert choose_repeats(size(300, (64, 64)), False).value == 1

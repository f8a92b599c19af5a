"""Run lengths are read and written as contests do, and their writing is told by decoding."""

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.tasks import rle
from pipeline.tasks.rle import FORMS, RunLengths, find_form, is_rle, joined, runs_of

SHAPES = [(1, 1), (1, 7), (7, 1), (5, 8), (31, 17)]


def disc(size, centre, radius):
    down, across = np.mgrid[: size[0], : size[1]]
    return ((down - centre[0]) ** 2 + (across - centre[1]) ** 2 <= radius**2).astype(np.uint8)


def test_kaggle_counts_from_one_and_down_the_columns():
    mask = np.array([[0, 1, 0], [1, 1, 0]], np.uint8)
    assert RunLengths().write(mask) == "2 3"
    assert RunLengths("columns", 0).write(mask) == "1 3"
    assert RunLengths("rows", 1).write(mask) == "2 1 4 2"
    assert RunLengths("rows", 0).write(mask) == "1 1 3 2"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", SHAPES)
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_what_is_written_is_read_again(form, size, share):
    mask = (np.random.default_rng(0).random(size) < share).astype(np.uint8)
    writing = RunLengths(*form)
    assert (writing.read(writing.write(mask), size) == mask).all()


@pytest.mark.parametrize("cell", ["", "  ", "-1"])
def test_a_mask_may_be_empty(cell):
    assert RunLengths().read(cell, (3, 4)).sum() == 0


@pytest.mark.parametrize(
    "cell, said",
    [
        ("1 2 3", "pairs of whole numbers"),
        ("a b", "pairs of whole numbers"),
        ("5 0", "pairs of whole numbers"),
        ("11 3", "leave their picture of 12 pixels, counted from 1"),
        ("0 1", "leave their picture"),
    ],
)
def test_what_is_no_mask_is_refused(cell, said):
    with pytest.raises(DataError, match=said):
        RunLengths().read(cell, (3, 4))


@pytest.mark.parametrize("form", FORMS)
def test_the_writing_is_told_by_decoding_in_every_way(form):
    writing, size = RunLengths(*form), (24, 40)
    masks = [disc(size, (8 + k, 12 + 2 * k), 4 + k) for k in range(5)]
    masks[0][0, 0] = 1  # counted from 0, some mask holds a pixel 0
    cells = [(writing.write(mask), size) for mask in masks]
    assert find_form([*cells, ("", size), ("-1", size)]) == writing


@pytest.mark.parametrize("order", ["columns", "rows"])
def test_in_square_pictures_the_pictures_tell_the_order(order):
    random, size, writing = np.random.default_rng(0), (20, 20), RunLengths(order)
    masks = [disc(size, random.integers(5, 15, 2), 4) for _ in range(8)]
    pictures = [100 * mask + random.integers(0, 60, size) for mask in masks]
    cells = [(writing.write(mask), size) for mask in masks]
    assert find_form(cells, lambda place: pictures[place].astype(np.uint8)) == writing
    assert find_form(cells, lambda place: np.zeros(size, np.uint8)) == RunLengths()


def test_where_nothing_tells_it_is_kaggles():
    assert find_form([]) == RunLengths()
    assert find_form([("1 9", (3, 3))]) == RunLengths()


def test_what_can_be_run_lengths():
    assert is_rle("3 4 12 2")
    assert not is_rle("3 4 5 2")  # the second run begins within the first
    assert not is_rle("12 2 3 4")
    assert not is_rle("3 4 12")
    assert not is_rle("")
    assert not is_rle("3.5 1")


def test_lines_of_several_objects():
    assert joined(["1 2", "", "5 1"]) == "1 2\n5 1"
    assert runs_of("3 2 7 1").tolist() == [[3, 2], [7, 1]]


@pytest.mark.parametrize("order", ["columns", "rows"])
@pytest.mark.parametrize("at_once", [1, 7, 16, 1000])
def test_a_part_at_a_time_writes_the_same(monkeypatch, order, at_once):
    mask = np.random.default_rng(0).random((6, 8)) > 0.4
    mask[5, 7] = mask[0, 3] = mask[5, 2] = True
    monkeypatch.setattr(rle, "AT_ONCE", at_once)
    writing = RunLengths(order)
    flat = np.zeros(50, np.int8)
    flat[1:49] = mask.ravel(order="F" if order == "columns" else "C")
    starts, ends = np.flatnonzero(np.diff(flat) > 0) + 1, np.flatnonzero(np.diff(flat) < 0) + 1
    expected = " ".join(f"{start} {end - start}" for start, end in zip(starts, ends, strict=True))
    assert writing.write(mask) == expected
    assert (writing.read(writing.write(mask), mask.shape) == mask).all()

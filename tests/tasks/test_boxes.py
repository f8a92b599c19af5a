"""Boxes are read from cells, kept as arrays, matched, and written in the form that the contest shows."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.errors import DataError, SubmissionError
from pipeline.tasks.answer import Answer
from pipeline.tasks.base import load_task
from pipeline.tasks.box_array import BOX, clipped, corners_of, faded, fused, in_row, ious, make_boxes
from pipeline.tasks.boxes import FEWEST, Boxes
from pipeline.tasks.contest import Column, Contest

SIZE = (100, 200)
FORM = Answer("label", ("answer",), ())


def contest(cells, samples=("",), size=SIZE, ids=None, **targets):
    columns = targets or {"boxes": cells}
    rows = len(next(iter(columns.values())))
    return Contest(
        targets={name: Column(np.array(column, object)) for name, column in columns.items()},
        ids=lambda: np.array([f"p{row}" for row in range(rows)] if ids is None else ids),
        columns=("answer",),
        numbers=lambda name: np.full(rows, np.nan),
        kinds=("boxes",),
        wants="boxes",
        album=SimpleNamespace(sizes=lambda: np.array([size] * rows), grey=None),
        samples=samples,
    )


def read(cells, **facts):
    return Boxes.read(contest(cells, **facts))


def written(task, row=0, size=SIZE, confidence=1.0):
    boxes = task.known.row(row).copy()
    boxes["confidence"] = confidence
    return task.cells(FORM, in_row(boxes, task.most)[None], None, None, np.array([size]))[0][0]


def test_boxes_come_back_from_their_cells(tmp_path):
    task, target, answer = read(["20 10 40 30 0 0 10 10", "", "100 50 60 20"])
    assert target.tolist() == [[0.0], [1.0], [2.0]]
    assert answer == FORM
    assert task.most == FEWEST
    assert corners_of(task.known.row(0)).round(6).tolist() == [[0.1, 0.1, 0.3, 0.4], [0.0, 0.0, 0.05, 0.1]]
    task.save(tmp_path)
    again = load_task(json.loads(json.dumps(task.to_json()))).opened(tmp_path)
    assert again == task
    assert [len(again.known.row(row)) for row in range(3)] == [2, 0, 1]
    assert (again.known.boxes == task.known.boxes).all()
    assert written(task) == "1 20 10 40 30 1 0 0 10 10"
    assert written(task, 1) == ""


@pytest.mark.parametrize(
    "cells, samples, expected",
    [
        (["20 10 40 30", "0 0 10 20"], ("1.0 0 0 50 50",), "0.5 20 10 40 30"),  # Global Wheat
        (["20 10 40 30", "0 0 10 20"], ("0 0 50 50",), "20 10 40 30"),
        (["a 20 10 40 30", "b 0 0 10 20"], ("a 1 1 b 2 2",), "a 40 25"),  # Kuzushiji
        (["a 20 10 40 30", "b 0 0 10 20"], ("b 1 0 0 1 1",), "a 0.5 20 10 40 30"),
        (["a 20 10 40 30", "b 0 0 10 20"], ("1 b 0 0 1 1",), "0.5 a 20 10 40 30"),
        (["a 120 50 140 80", "b 100 30 110 90"], ("",), "a 0.5 120 50 140 80"),  # corners
        (["0.1 0.2 0.2 0.3", "0 0 0.5 0.5"], ("",), "0.5 0.1 0.2 0.2 0.3"),  # shares
        (["20.5 10 40 30", "0 0 10 20"], ("",), "0.5 20.5 10 40 30"),
        (["a 20 10", "b 30 40 a 1 2"], ("",), "a 20 10"),
    ],
)
def test_answers_are_written_as_the_sample_shows(cells, samples, expected):
    task, _, _ = read(cells, samples=samples)
    assert written(task, confidence=0.5) == expected
    task.verify(FORM, [[expected], [""]], ["p0", "p1"])


def test_a_class_that_no_box_has_is_the_empty_answer():
    task, _, _ = read(["3 120 50 140 80", ""], samples=("14 1 0 0 1 1",))
    assert written(task, 1) == "14 1 0 0 1 1"
    task.verify(FORM, [["14 1 0 0 1 1"]], ["p0"])


def test_a_row_for_each_box_is_joined():
    columns = {"x": ["20\n0", ""], "y": ["10\n0", ""], "w": ["40\n10", ""], "h": ["30\n10", ""]}
    task, _, _ = read(None, samples=("0.9 1 1 2 2",), **columns)
    assert written(task) == "1 20 10 40 30 1 0 0 10 10"
    named = {"class_id": ["7\n3", "14"], "x_min": ["120\n100", ""], "y_min": ["50\n30", ""]}
    named |= {"x_max": ["140\n110", ""], "y_max": ["80\n90", ""]}
    task, _, _ = read(None, **named)
    assert task.outputs == ("3", "7")
    assert len(task.known.row(1)) == 0
    assert written(task) == "7 1 120 50 140 80 3 1 100 30 110 90"


def test_lists_of_numbers_are_boxes():
    task, _, _ = read(["[834.0, 22.0, 56.0, 36.0]\n[26.0, 14.0, 124.0, 61.0]"], size=(1024, 1024))
    assert written(task, size=(1024, 1024)) == "1 834 22 56 36 1 26 14 124 61"


@pytest.mark.parametrize(
    "cells, message",
    [
        (["1 2 3 4", "1 2 3"], r"Boxes are read as"),
        (["", ""], r"No picture has a box"),
        (["a 2 3 4 5", "b 2 c 4 5"], r"Boxes are read as"),
    ],
)
def test_cells_of_another_form_are_refused(cells, message):
    with pytest.raises(DataError, match=message):
        read(cells)


def test_columns_of_another_form_are_refused():
    with pytest.raises(DataError, match=r"The columns of a box are x, y"):
        read(None, x=["1"], y=["1"], w=["1"])
    with pytest.raises(DataError, match=r"have not as many cells"):
        read(None, x=["1\n2"], y=["1"], w=["1\n2"], h=["1\n2"])
    with pytest.raises(DataError, match=r"Classes of boxes are words"):
        read(None, x=["1"], y=["1"], w=["1"], h=["1"], name=["red car"])


def test_a_wrong_cell_is_named():
    task, _, _ = read(["a 20 10 40 30"])
    for cell in ("a 1 2 3", "b 0.5 1 2 3 4", "a 0.5 1 2 three 4", "a 0.5 1 2 -3 4"):
        with pytest.raises(SubmissionError, match=r"lacks boxes written as .*: p0"):
            task.verify(FORM, [[cell]], ["p0"])


def test_what_lies_outside_of_a_picture_is_cut_off():
    task, _, _ = read(["-20 10 40 30", "300 10 20 20"])
    assert corners_of(task.boxes_of(0)).round(6).tolist() == [[0.0, 0.1, 0.1, 0.4]]
    assert len(task.boxes_of(1)) == 0
    assert clipped(make_boxes([[0.5, 0.5, 1.5, 0.75]]))["width"].tolist() == [0.5]


def test_overlaps_are_shares_of_both():
    one, other = make_boxes([[0.0, 0.0, 0.2, 0.2]]), make_boxes([[0.1, 0.0, 0.3, 0.2], [0.5, 0.5, 0.6, 0.6]])
    assert ious(one, other).round(6).tolist() == [[0.333333, 0.0]]


def test_boxes_fade_behind_surer_ones_of_their_class():
    boxes = make_boxes([[0, 0, 0.2, 0.2], [0, 0, 0.2, 0.1], [0, 0, 0.2, 0.2]], [0, 0, 1], [0.9, 0.8, 0.7])
    confidence = faded(boxes, 0.5)["confidence"]
    assert confidence == pytest.approx([0.9, 0.8 * np.exp(-(0.5**2) / 0.5), 0.7])
    assert (faded(boxes, 0.0) == boxes).all()


def test_boxes_of_several_answers_are_fused_by_confidence():
    one = make_boxes([[0.0, 0.0, 0.4, 0.4], [0.6, 0.6, 0.8, 0.8]], 0, [0.9, 0.5])
    other = make_boxes([[0.1, 0.0, 0.5, 0.4]], 0, [0.3])
    found = fused([one, other], [1.0, 1.0], 0.55, 4)
    assert len(found) == 4
    assert found["confidence"].tolist() == pytest.approx([0.6, 0.25, 0.0, 0.0])
    assert corners_of(found)[0] == pytest.approx([0.025, 0.0, 0.425, 0.4])
    assert fused([one, other], [3.0, 1.0], 0.55, 4)["confidence"][0] == pytest.approx((2.7 + 0.3) / 4)
    other["label"] = 1
    assert (fused([one, other], [1.0, 1.0], 0.55, 4)["confidence"] > 0).sum() == 3
    assert (fused([one, other], [1.0, 0.0], 0.55, 4) == in_row(one, 4)).all()
    assert not fused([one[:0], one[:0]], [1.0, 1.0], 0.55, 4)["confidence"].any()


def test_a_row_keeps_the_surest():
    boxes = make_boxes(np.zeros((3, 4)), 0, [0.1, 0.9, 0.5])
    assert in_row(boxes, 2)["confidence"].tolist() == pytest.approx([0.9, 0.5])
    assert in_row(boxes, 2).dtype == BOX

import numpy as np
import pytest

from pipeline.data.annotations import read_annotations
from pipeline.data.source import FolderSource
from pipeline.errors import DataError

BOXES = "id,x1,y1,x2,y2\nb,1,2,30,40\na,0,0,9,9.5\n"


@pytest.fixture
def read(tmp_path):
    def read(text, box=True, ids=("a", "b", "c")):
        (tmp_path / "marks.csv").write_text(text, encoding="utf-8")
        return read_annotations(FolderSource(tmp_path), "marks.csv", "id", ids, ("t",), box)

    return read


def test_rows_are_in_the_order_of_the_table_and_may_be_missing(read):
    found = read(BOXES)
    assert found.names == ("x1", "y1", "x2", "y2")
    np.testing.assert_array_equal(found.values[:2], [[0, 0, 9, 9.5], [1, 2, 30, 40]])
    assert np.isnan(found.values[2]).all()
    assert found.known.tolist() == [True, True, False]


def test_points_come_in_pairs_and_a_gap_makes_a_row_unknown(read):
    found = read("id,nose_x,nose_y,tail_x,tail_y\na,1,2,3,4\nb,1,2,,\nt,5,5,5,5\n", box=False)
    assert found.names == ("nose_x", "nose_y", "tail_x", "tail_y")
    assert found.known.tolist() == [True, False, False]


@pytest.mark.parametrize(
    "text, box, message",
    [
        ("name,x1,y1,x2,y2\na,1,2,3,4\n", True, "no id column 'id'"),
        ("id,x,y\na,1,2\n", True, "a box has four columns beside the id: x1, y1, x2, y2. Received: x, y"),
        ("id,x,y,z\na,1,2,3\n", False, "points have two columns each beside the id"),
        ("id,x,y\na,one,2\n", False, "values of 'x' that are no numbers: one"),
        ("id,x,y\na,1,2\nz,1,2\n", False, "ids that neither table has: z"),
        ("id,x,y\na,1,2\na,1,2\n", False, "ids that stand twice: a"),
        ("id,x1,y1,x2,y2\na,5,2,3,4\n", True, "boxes with x2 <= x1 or y2 <= y1: a"),
        ("id,x,y\nt,1,2\n", False, "the coordinates of no training picture"),
    ],
)
def test_what_does_not_fit_is_named(read, text, box, message):
    with pytest.raises(DataError, match=message):
        read(text, box)

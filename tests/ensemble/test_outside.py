import numpy as np
import pytest

from pipeline.ensemble.outside import read_outside
from pipeline.errors import DataError
from pipeline.tasks.base import make_task

IDS, TEST_IDS = np.array(["007", "8", "9"]), np.array(["1", "02"])
CLASSES = make_task("classification", ("ant", "bee", "cat"))
BINARY = make_task("classification", ("no", "yes"))
VALUES = make_task("regression", ("price",))


@pytest.fixture
def read(tmp_path):
    def read(oof, test, task=CLASSES, folds=(0, 1, 0)):
        (tmp_path / "oof.csv").write_text(oof)
        (tmp_path / "test.csv").write_text(test)
        paths = tmp_path / "oof.csv", tmp_path / "test.csv"
        return read_outside("mate", *paths, task, IDS, TEST_IDS, np.array(folds), "abc")

    return read


OOF = "id,bee,ant,cat\n9,0.2,0.1,0.7\n007,0.5,0.3,0.2\n8,0,1,0\n"
TEST = "id,ant,bee,cat\n02,1,0,0\n1,0,0,1\n"


def test_rows_and_columns_find_their_places(read):
    made = read(OOF, TEST)
    np.testing.assert_allclose(made.oof, [[0.3, 0.5, 0.2], [1, 0, 0], [0.1, 0.2, 0.7]], rtol=1e-6)
    np.testing.assert_allclose(made.test, [[0, 0, 1], [1, 0, 0]])
    assert (made.name, made.folds_hash, made.oof.dtype) == ("mate", "abc", np.float32)


@pytest.mark.parametrize("header", ["yes", "probability"])
def test_one_column_is_the_positive_class(read, header):
    made = read(f"id,{header}\n007,0.25\n8,1\n9,0\n", f"id,{header}\n1,0.5\n02,0\n", BINARY)
    np.testing.assert_allclose(made.oof, [[0.75, 0.25], [0, 1], [1, 0]])


def test_one_column_of_the_negative_class_is_not_taken_for_the_positive(read):
    with pytest.raises(DataError, match="missing columns: yes"):
        read("id,no\n007,0.25\n8,1\n9,0\n", "id,no\n1,0.5\n02,0\n", BINARY)


def test_values_may_be_anything_finite(read):
    made = read("id,price\n007,-3\n8,1e6\n9,0\n", "x,price\n1,7\n02,8\n", VALUES)
    np.testing.assert_allclose(made.oof[:, 0], [-3, 1e6, 0])


def test_rows_in_no_fold_may_be_missing(read):
    made = read("id,price\n007,1\n9,2\n", "id,price\n1,7\n02,8\n", VALUES, folds=(0, -1, 1))
    np.testing.assert_array_equal(np.isnan(made.oof[:, 0]), [False, True, False])


def test_sums_that_were_rounded_are_brought_to_one(read):
    made = read(OOF.replace("0.7", "0.699"), TEST)
    np.testing.assert_allclose(made.oof.sum(axis=1), 1.0, rtol=1e-6)


def test_every_problem_of_both_files_is_named_at_once(read):
    oof = "id,ant,be,cat\n9,0.2,0.1,0.7\n7,0.5,0.3,0.2\n9,0,1,0\n"
    with pytest.raises(DataError, match="cannot be used") as caught:
        read(oof, "id,ant,bee,cat\n1,0.5,0.5,zero\n")
    message = str(caught.value)
    for part in (
        "Outside predictions 'mate' cannot be used:",
        "unknown column 'be'. Did you mean 'bee'?",
        "missing columns: bee.",
        "ids that appear more than once: 9.",
        "1 unknown ids: 7. Did you mean '007'? The file has lost leading zeros.",
        "2 missing ids: 007, 8.",
        "1 missing ids: 02.",
        "the first, in line 2, column 'cat': 'zero'",
    ):
        assert part in message


@pytest.mark.parametrize(
    "oof, problem",
    [
        (OOF.replace("0.7", "0.3"), r"sum to one a row; ids where they do not: 9\."),
        (OOF.replace("0.7", "1.7"), r"must lie in \[0, 1\]; ids where they do not: 9\."),
        (OOF.replace("0.7", ""), r"1 cells are not finite numbers"),
        ("id\n007\n", "at least one prediction"),
        ("", "cannot be read as CSV"),
    ],
)
def test_what_is_no_prediction_is_refused(read, oof, problem):
    with pytest.raises(DataError, match=problem):
        read(oof, TEST)


def test_a_missing_file_is_named(tmp_path):
    nowhere = tmp_path / "nowhere.csv"
    with pytest.raises(DataError, match=r"nowhere\.csv: no such file"):
        read_outside("mate", nowhere, nowhere, CLASSES, IDS, TEST_IDS, np.zeros(3, int), "abc")


@pytest.mark.parametrize("kind", ["boxes", "mask"])
def test_answers_that_are_no_numbers_are_refused(read, kind):
    with pytest.raises(
        DataError, match=rf"'mate' cannot be used: files of numbers hold no answers of {kind}"
    ):
        read(OOF, TEST, make_task(kind, (kind,)))

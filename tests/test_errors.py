import pytest

from pipeline.errors import DataError, Problems, did_you_mean, listing


def test_the_nearest_known_name_is_offered():
    assert did_you_mean("stratifed", ["plain", "stratified"]) == " Did you mean 'stratified'?"
    assert did_you_mean("zzz", ["plain", "stratified"]) == ""


def test_a_long_list_is_cut_and_counted():
    assert listing(range(10), most=3) == "0, 1, 2 and 7 more"
    assert listing([]) == ""


def test_all_problems_are_raised_together():
    problems = Problems()
    problems.raise_if_any(DataError, "nothing")
    problems.add("first")
    problems.add("second")
    problems.add("first")
    with pytest.raises(DataError, match=r"^Wrong:\n  - first\n  - second$"):
        problems.raise_if_any(DataError, "Wrong:")

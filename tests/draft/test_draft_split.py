import numpy as np
import pandas as pd
import pytest

ROWS = 100


def groups(apart):
    """20 people of five rows each; the last four of them in test, or all in both."""
    people = np.repeat(np.arange(20), 5) if apart else np.arange(ROWS) % 20
    return [f"p{person}" for person in people]


def test_people_of_the_test_rows_are_others(folder):
    folder.table["who"] = groups(apart=True)
    folds = folder.save_all().config().folds
    assert (folds.group, folds.n) == ("who", 5)


def test_people_of_both_sides_are_a_category(folder):
    folder.table["patient"] = groups(apart=False)
    assert folder.save_all().config().folds.group is None


def test_a_plain_category_is_no_group(folder):
    assert folder.save_all().config().folds.group is None


def test_numbers_of_sites_are_groups_and_measures_are_not(folder):
    folder.table["site"] = np.repeat(np.arange(20), 5) * 37 % 101
    folder.table["age"] = np.random.default_rng(1).integers(20, 60, ROWS)
    assert folder.save_all().config().folds.group == "site"


def test_numbers_of_patients_that_come_later_are_no_time(folder):
    folder.table["patient"] = np.repeat(np.arange(20), 5)
    folds = folder.save_all().config().folds
    assert (folds.time, folds.group) == (None, "patient")


@pytest.mark.parametrize("apart", [True, False])
def test_groups_in_the_ids_of_a_table(folder, apart):
    """Most travel alone ("0013_01"); with families on both sides of the split, the ids say nothing."""
    family = np.concatenate([np.repeat(np.arange(10), 3), np.arange(10, 50), np.repeat(np.arange(50, 60), 3)])
    number = np.concatenate([np.tile([1, 2, 3], 10), np.ones(40, int), np.tile([1, 2, 3], 10)])
    order = np.arange(ROWS) if apart else np.random.default_rng(0).permutation(ROWS)
    folder.table["id"] = [f"{family[row]:04d}_{number[row]:02d}" for row in order]
    folds = folder.save_all().config().folds
    assert (folds.group, folds.group_pattern) == (("id", r"^([A-Za-z]*\d+)[_-]") if apart else (None, None))


def test_the_coarsest_of_nested_groups(folder):
    folder.table["patient"] = groups(apart=True)
    folder.table["hospital"] = [f"h{row // 10}" for row in range(ROWS)]
    assert folder.save_all().config().folds.group == "hospital"


def test_a_group_that_test_lacks_is_known_by_its_name(folder):
    folder.table["patient_id"] = groups(apart=False)
    folder.table["colour"] = groups(apart=False)
    folder.save_all().save("test.csv", folder.test.drop(columns=["patient_id", "colour"]))
    draft = folder.draft()
    assert "group: patient_id" in draft.text
    assert "the files cannot tell" in draft.text


def test_days_between_one_another_are_groups(folder):
    days = pd.date_range("2024-01-01", periods=20).strftime("%Y-%m-%d")
    order = np.random.default_rng(0).permutation(20)
    folder.table["day"] = np.repeat(days.to_numpy()[order], 5)
    folds = folder.save_all().config().folds
    assert (folds.group, folds.time) == ("day", None)


def test_test_rows_that_come_later(folder):
    folder.table["date"] = pd.date_range("2024-01-01", periods=ROWS).strftime("%Y-%m-%d")
    folds = folder.save_all().config().folds
    assert (folds.time, folds.group, folds.repeats) == ("date", None, 1)


def test_steps_order_the_rows_too(folder):
    folder.table["step"] = np.arange(ROWS) // 3
    assert folder.save_all().config().folds.time == "step"


def test_a_date_as_id(folder):
    folder.table["id"] = pd.date_range("2024-01-01", periods=ROWS, freq="h").strftime("%Y-%m-%d %H:%M:%S")
    assert folder.save_all().config().folds.time == "id"


def test_dates_of_both_sides_do_not_order_them(folder):
    dates = pd.date_range("2024-01-01", periods=ROWS).strftime("%Y-%m-%d").to_numpy()
    folder.table["date"] = np.random.default_rng(0).permutation(dates)
    assert folder.save_all().config().folds.time is None


def test_a_row_number_is_no_time(folder):
    folder.table["index"] = np.arange(ROWS)
    config = folder.save_all().config()
    assert config.folds.time is None
    assert config.data.drop == ["index"]

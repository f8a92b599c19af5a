import numpy as np


def dropped(folder):
    return folder.save_all().config().data.drop


def test_codes_that_no_two_rows_share(folder):
    folder.table["hash"] = [f"x{number:03x}" for number in np.random.default_rng(0).permutation(100)]
    assert dropped(folder) == ["hash"]


def test_words_and_measures_stay(folder):
    folder.table["title"] = [f"a long title of number {row}" for row in range(100)]
    folder.table["code"] = [f"c{row % 60}" for row in range(100)]
    assert dropped(folder) == []


def test_numbers_of_the_rows(folder):
    folder.table["Unnamed: 0"] = np.random.default_rng(0).permutation(100)
    assert dropped(folder) == ["Unnamed: 0"]


def test_columns_that_test_lacks_are_not_named(folder):
    folder.table["later"] = np.arange(100) % 7
    folder.save_all().save("test.csv", folder.test.drop(columns="later"))
    assert folder.config().data.drop == []

import numpy as np
import pytest

from pipeline.audit.columns import read_columns
from pipeline.audit.leaks import find_leaks, id_numbers, rank_auc, skill
from pipeline.tasks.base import make_task

CLASSES = make_task("classification", ("no", "yes"))
VALUES = make_task("regression", ("price",))
COLOURS = make_task("classification", tuple("abcdef"))


def ids(rows, seed=0):
    return np.array([f"x{number:05d}" for number in np.random.default_rng(seed).permutation(rows)])


def look(train, test, task, target, train_ids=None, ordered=False):
    names = ids(len(train)) if train_ids is None else train_ids
    return find_leaks(read_columns(train, test, {}), (names, ids(len(test))), task, target, 0, ordered)


def test_an_honest_table_leaks_nothing(train, test, target):
    assert look(train, test, CLASSES, target) == []


def test_a_noisy_number_that_tells_the_class(train, test, target):
    rng = np.random.default_rng(0)
    found = look(train.assign(z=target + rng.normal(0, 0.1, 600)), test.assign(z=0.5), CLASSES, target)
    assert [(one.name, one.severity) for one in found] == [("leaking-column", "stop")]
    assert "'z'" in found[0].text


def test_a_word_that_stands_for_one_of_many_classes(train, test):
    target = np.random.default_rng(0).integers(0, 6, 600)
    words = np.array(["fox", "hen", "ape", "cow", "emu", "rat"])
    found = look(train.assign(z=words[target]), test.assign(z="fox"), COLOURS, target)
    assert [one.name for one in found] == ["leaking-column"]


def test_what_the_test_has_alike_is_a_warning_for_it_may_be_right_there_too(train, test, target):
    there = np.random.default_rng(1).integers(0, 2, len(test))
    words = np.array(["", "NA"])
    found = look(train.assign(z=words[target]), test.assign(z=words[there]), CLASSES, target)
    assert [(one.name, one.severity) for one in found] == [("leaking-column", "warn")]
    rare = np.where(np.arange(len(test)) % 10, "", "NA")
    assert look(train.assign(z=words[target]), test.assign(z=rare), CLASSES, target)[0].severity == "stop"


def test_gaps_that_tell_the_class(train, test, target):
    found = look(train.assign(z=np.where(target, np.nan, 1.0)), test.assign(z=1.0), CLASSES, target)
    assert [one.name for one in found] == ["leaking-column"]


def test_a_value_with_a_long_tail(train, test):
    price = np.exp(np.random.default_rng(0).normal(size=(600, 1)) * 2)
    found = look(train.assign(z=3 * price[:, 0] + 7), test.assign(z=1.0), VALUES, price)
    assert [one.name for one in found] == ["leaking-column"]


def test_a_good_column_is_no_leak(train, test):
    rng = np.random.default_rng(0)
    price = rng.normal(size=(600, 1))
    z = price[:, 0] + rng.normal(0, 0.15, 600)
    assert 0.9 < skill(z, price, False, 0) < 0.99
    assert look(train.assign(z=z), test.assign(z=z[:240]), VALUES, price) == []


@pytest.mark.parametrize("ordered", [False, True])
def test_ids_that_count_along_the_classes(train, test, target, ordered):
    names = np.array([f"img_{rank:04d}.png" for rank in np.argsort(np.argsort(target, kind="stable"))])
    found = look(train, test, CLASSES, target, names, ordered)
    assert [(one.name, one.severity) for one in found] == ([] if ordered else [("leaking-id", "warn")])


def test_rows_in_the_order_of_their_classes(train, test, target):
    order = np.argsort(target, kind="stable")
    found = look(train.iloc[order], test, CLASSES, target[order])
    assert [(one.name, one.severity) for one in found] == [("leaking-order", "warn")]


def test_ids_that_only_number_the_rows_tell_no_more_than_their_order(train, test, target):
    order = np.argsort(target, kind="stable")
    names = np.array([f"row {place}" for place in range(1, len(train) + 1)])
    found = look(train.iloc[order], test, CLASSES, target[order], names)
    assert [one.name for one in found] == ["leaking-order"]
    gaps = np.array([f"row {place}" for place in np.cumsum(1 + np.arange(len(train)) % 3)])
    found = look(train.iloc[order], test, CLASSES, target[order], gaps)
    assert [one.name for one in found] == ["leaking-id"]  # the numbers left out are of the test


def test_numbers_of_ids():
    assert id_numbers(np.array(["w_12.jpg", "a3"])).tolist() == [12.0, 3.0]
    assert id_numbers(np.array(["w_12.jpg", "none"])) is None


def test_area_under_the_curve_counts_ties_half():
    positive = np.array([True, False, True, False])
    assert rank_auc(np.array([1.0, 1.0, 1.0, 1.0]), positive) == 0.5
    assert rank_auc(np.array([4.0, 1.0, 3.0, 2.0]), positive) == 1.0
    assert rank_auc(np.array([2.0, 2.0, 3.0, 1.0]), positive) == 0.875

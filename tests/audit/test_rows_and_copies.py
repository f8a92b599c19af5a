import numpy as np
import pandas as pd
import pytest

from pipeline.audit.columns import read_columns
from pipeline.audit.copies import Copies, answer_codes, judge
from pipeline.audit.rows import row_copies
from pipeline.config.schema import FoldsConfig
from pipeline.data.folds import PINNED, Folds, make_folds
from pipeline.tasks.base import make_task

CLASSES = make_task("classification", ("no", "yes"))
VALUES = make_task("regression", ("price",))


def copies_of(train, test):
    return row_copies(read_columns(train, test, {}))


def severities(findings):
    return {found.name: found.severity for found in findings}


def test_a_sound_table_has_no_copies(train, test, target):
    folds = make_folds(FoldsConfig(), CLASSES, target)
    assert judge(copies_of(train, test), target, folds) == []


@pytest.mark.parametrize("noise", [0.0, 1e-4])
def test_copies_in_another_fold_make_the_score_a_lie(train, test, target, noise):
    twins = train[:120].copy()
    twins[list("abcd")] += np.random.default_rng(0).uniform(-noise, noise, (120, 4))
    both = pd.concat([train, twins], ignore_index=True)
    answers = np.r_[target, target[:120]]
    found = judge(copies_of(both, test), answers, make_folds(FoldsConfig(), CLASSES, answers))
    assert severities(found) == {"duplicate-rows": "stop"}
    assert "only 0.0% of the test rows" in found[0].text
    groups = np.r_[np.arange(len(train)), np.arange(120)]
    together = make_folds(FoldsConfig(group="g"), CLASSES, answers, groups)
    assert severities(judge(copies_of(both, test), answers, together)) == {"duplicate-rows": "info"}


def test_rows_that_differ_in_one_number_or_word_are_no_copies(train, test, target):
    twins = train[:120].copy()
    twins["a"] += 0.05
    others = train[:120].copy()
    others["place"] += "east"
    both = pd.concat([train, twins, others], ignore_index=True)
    groups = copies_of(both, test).train
    assert len(np.unique(groups)) == len(both)


def test_small_tables_of_categories_repeat_by_chance_and_are_not_stopped(target):
    rng = np.random.default_rng(0)
    train, test = (pd.DataFrame({c: rng.choice(list("xyz"), n) for c in "ab"}) for n in (600, 200))
    found = judge(copies_of(train, test), target, make_folds(FoldsConfig(), CLASSES, target))
    assert severities(found) == {
        "duplicate-rows": "info",
        "conflicting-rows": "info",
        "test-rows-in-train": "info",
    }


def test_gaps_are_equal_to_gaps(make_table, test):
    train = make_table(40, 5)
    train.loc[:, "b"] = np.nan
    train = pd.concat([train, train[:10]], ignore_index=True)
    groups = copies_of(train, test).train
    assert np.array_equal(groups[40:], groups[:10])
    assert len(np.unique(groups)) == 40


def test_one_column_says_nothing_of_copies(train, test):
    assert copies_of(train[["place"]], test[["place"]]) is None


def test_many_columns_are_compared_through_projections():
    rng = np.random.default_rng(0)
    train = pd.DataFrame(rng.normal(size=(500, 40)))
    train = pd.concat([train, train[:50] + 1e-5], ignore_index=True).rename(columns=str)
    groups = copies_of(train, train[:0]).train
    assert np.array_equal(groups[500:], groups[:50])
    assert len(np.unique(groups)) == 500


def test_in_time_only_copies_of_the_past_count():
    target, nothing = np.zeros(6, np.int64), np.array([90, 91])
    folds = Folds(np.array([[PINNED, PINNED, 0, 0, 1, 1]], np.int16), ordered=True)
    late = judge(Copies("rows", np.array([0, 1, 2, 3, 2, 3]), nothing), target, folds)
    assert "(50.0% of the scored ones" in late[0].text
    within = judge(Copies("rows", np.array([0, 1, 2, 2, 4, 4]), nothing), target, folds)
    assert "(0.0% of the scored ones" in within[0].text


def test_values_are_the_same_answer_within_a_hundredth_of_their_deviation():
    values = np.array([[0.0], [100.0], [0.01], [100.01], [50.0]])
    codes = answer_codes(values)
    assert codes[0] == codes[2]
    assert codes[1] == codes[3]
    assert len(set(codes)) == 3


def test_regression_rows_are_judged_too(train, test):
    price = np.random.default_rng(0).normal(size=(600, 1))
    both = pd.concat([train, train], ignore_index=True)
    answers = np.r_[price, price]
    found = judge(copies_of(both, test), answers, make_folds(FoldsConfig(), VALUES, answers))
    assert found[0].severity == "stop"

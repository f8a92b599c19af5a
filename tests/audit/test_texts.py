"""Copies among texts: found where words were changed, and not among texts of one subject."""

import numpy as np
import pandas as pd
import pytest

from pipeline.audit.columns import read_columns
from pipeline.audit.copies import judge
from pipeline.audit.texts import text_copies
from pipeline.config.schema import FoldsConfig
from pipeline.data.folds import make_folds
from pipeline.tasks.base import make_task

WORDS = np.array([f"word{number}" for number in range(300)])
TASK = make_task("classification", ("no", "yes"))


def texts(rows, seed, length=30):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, length)) for _ in range(rows)]


def copies_of(train, test):
    tables = (pd.DataFrame({"line": side}) for side in (train, test))
    return text_copies(read_columns(*tables, {"line": "text"}))


def test_texts_of_the_same_words_are_no_copies():
    found = copies_of(texts(400, 0), texts(200, 1))
    assert len(np.unique(np.r_[found.train, found.test])) == 600


def test_a_text_with_another_case_mark_or_word_is_a_copy():
    known = texts(50, 0)
    other = known[7].split()
    other[3] = "new"
    third = known[8].split()
    third[3] = third[20] = "new"  # 22 of 34 runs of three words are in both
    changed = [known[5].upper() + "!", " ".join(other), " ".join(third), *texts(3, 1)]
    found = copies_of(known, changed)
    assert found.test[0] == found.train[5]
    assert found.test[1] == found.train[7]
    assert not np.isin(found.test[2:], found.train).any()


def test_short_texts_are_the_same_by_chance():
    found = copies_of(["yes it is so"] * 20, ["yes it is so"] * 5)
    assert len(np.unique(np.r_[found.train, found.test])) == 25


@pytest.mark.parametrize(("changed", "severity"), [(40, "stop"), (3, "warn")])
def test_copies_in_another_fold_flatter_the_score(changed, severity):
    known = texts(160, 0)
    copied = [f"{text} more" for text in known[:changed]]
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, 160)
    target = np.r_[target, target[:changed]]
    folds = make_folds(FoldsConfig(n=5), TASK, target)
    found = {one.name: one for one in judge(copies_of(known + copied, texts(400, 2)), target, folds)}
    assert found["duplicate-texts"].severity == severity
    assert "keep them in one fold" in found["duplicate-texts"].text


def test_copies_with_other_answers_and_copies_in_the_test_are_told():
    known = texts(60, 0)
    target = np.r_[np.arange(60) % 2, 1]
    folds = make_folds(FoldsConfig(n=5), TASK, target)
    copies = copies_of([*known, known[0]], [known[9], *texts(5, 3)])
    found = {one.name: one.severity for one in judge(copies, target, folds)}
    assert found["conflicting-texts"] == "warn"
    assert found["test-texts-in-train"] == "info"


def test_a_table_without_texts_has_no_copies_of_texts(train, test):
    assert text_copies(read_columns(train, test, {})) is None

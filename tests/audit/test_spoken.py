"""Texts that name the class of their row."""

import numpy as np
import pandas as pd
import pytest

from pipeline.audit.columns import read_columns
from pipeline.audit.spoken import named_answers
from pipeline.tasks.base import make_task

CLASSES = ("sad", "very sad", "happy")
TARGET = np.arange(60) % 3


def findings(train, test, classes=CLASSES, task="classification"):
    tables = (pd.DataFrame({"line": side}) for side in (train, test))
    columns = read_columns(*tables, {"line": "text"})
    return {one.name: one for one in named_answers(columns, make_task(task, classes), TARGET)}


def lines(classes=CLASSES):
    return [f"So I am {classes[label].upper()}, number {row}" for row, label in enumerate(TARGET)]


def test_names_that_the_test_lacks_flatter_the_score():
    found = findings(lines(), ["so I am as I am"] * 20)["leaking-text"]
    assert found.severity == "warn"
    assert "100.0% of the training texts name one class, 100.0% of them their own" in found.text


def test_names_that_the_test_has_too_are_good_to_know():
    assert findings(lines(), lines())["leaking-text"].severity == "info"


@pytest.mark.parametrize(
    ("train", "classes", "task"),
    [
        (lines(CLASSES[::-1]), CLASSES, "classification"),
        ([f"sadly unhappy {row}" for row in range(60)], CLASSES, "classification"),
        (["sad or happy"] * 60, CLASSES, "classification"),
        (lines(("0", "1", "2")), ("0", "1", "2"), "classification"),
        (lines(), CLASSES, "multilabel"),
    ],
    ids=["other names", "parts of words", "several", "numbers", "labels"],
)
def test_what_says_nothing_of_the_class_is_no_leak(train, classes, task):
    assert findings(train, ["nothing"] * 20, classes, task) == {}

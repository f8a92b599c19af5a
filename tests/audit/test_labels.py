import numpy as np

from pipeline.audit.labels import doubtful_rows, label_finding
from pipeline.tasks.base import make_task

CLASSES = make_task("classification", ("no", "yes"))
VALUES = make_task("regression", ("price",))
IDS = np.array([f"{row:03d}" for row in range(100)])


def test_a_firm_disagreement_is_named_and_a_doubt_is_not():
    target = np.arange(100) % 2
    oof = np.where(np.eye(2)[target] > 0, 0.8, 0.2)
    oof[7] = [0.999, 0.001]
    oof[8] = [0.3, 0.7]
    oof[9] = np.nan
    assert doubtful_rows(CLASSES, target, oof).tolist() == [7]
    found = label_finding(CLASSES, target, oof, IDS)
    assert "007 (yes; predicted no)" in found.text
    oof[7] = [0.2, 0.8]
    assert label_finding(CLASSES, target, oof, IDS) is None


def test_the_most_doubtful_come_first_and_ten_are_named():
    target = np.zeros(100, np.int64)
    oof = np.tile([0.9, 0.1], (100, 1))
    for row in range(20):
        oof[row] = [0.015 - row * 0.0005, 0.985 + row * 0.0005]
    rows = doubtful_rows(CLASSES, target, oof)
    assert rows[0] == 19
    text = label_finding(CLASSES, target, oof, IDS).text
    assert "the first 10 of 20" in text
    assert text.count("predicted") == 10


def test_values_far_off():
    rng = np.random.default_rng(0)
    oof = rng.normal(size=(100, 1))
    target = oof + rng.normal(0, 0.1, (100, 1))
    target[4] += 5
    assert doubtful_rows(VALUES, target, oof).tolist() == [4]
    logged = make_task("regression", ("price",), log_target=True)
    assert doubtful_rows(logged, np.expm1(np.abs(target)), np.expm1(np.abs(oof)))[0] == 4


def test_several_labels_a_row():
    task = make_task("multilabel", ("red", "green"))
    target = np.tile([1.0, 0.0], (100, 1))
    oof = np.tile([0.9, 0.1], (100, 1))
    oof[3, 1] = 0.995
    assert doubtful_rows(task, target, oof).tolist() == [3]
    assert "003 (green: 0)" in label_finding(task, target, oof, IDS).text

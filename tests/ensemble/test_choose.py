import numpy as np
import pytest

from pipeline.ensemble.choose import complement
from pipeline.ensemble.split import Split
from pipeline.metrics import find_metric

RMSE, ACCURACY = find_metric("rmse"), find_metric("accuracy")
FOLDS = Split(np.arange(400) % 5)
TARGET = np.zeros((400, 1))


def errors(size, seed):
    return size * np.random.default_rng(seed).normal(size=(400, 1))


def test_the_second_is_the_rival_and_neither_the_near_copy_nor_the_weak():
    first = errors(1.0, 0)
    others = {"copy": first * 0.9999, "weak": errors(1.5, 2), "rival": errors(1.02, 1)}
    for names in (list(others), list(others)[::-1]):
        found = complement(first, {name: others[name] for name in names}, TARGET, RMSE, FOLDS)
        assert found.name == "rival"
        assert 0.1 < found.wins < 0.9
        assert found.gain > 0.001


def test_the_gain_is_that_of_the_better_of_two_files():
    first, other = errors(1.0, 0), errors(1.0, 1)
    found = complement(first, {"other": other}, TARGET, RMSE, FOLDS)
    random, gains = np.random.default_rng(1), []
    for _ in range(400):
        rows = np.concatenate([80 * f + random.integers(80, size=80) for f in random.integers(5, size=5)])
        one, two = RMSE(TARGET[rows], first[rows]), RMSE(TARGET[rows], other[rows])
        gains.append(max(one - two, 0.0))
    by_blocks = Split(np.arange(400) // 80)
    found = complement(first, {"other": other}, TARGET, RMSE, by_blocks)
    assert found.gain == pytest.approx(np.mean(gains), rel=0.25)


def test_equal_files_are_no_win():
    target = np.zeros(400, np.int64)
    labels = (np.arange(400) < 40).astype(np.int64)
    twin = complement(labels, {"twin": labels.copy()}, target, ACCURACY, FOLDS)
    assert (twin.wins, twin.gain) == (0.0, 0.0)
    nearly = labels.copy()
    nearly[0] = 0  # one row better: drawn in some replicates, and equal in the others
    better = complement(labels, {"nearly": nearly}, target, ACCURACY, FOLDS)
    assert 0.3 < better.wins < 0.7


def test_of_others_that_never_win_the_better_is_taken():
    others = {"worse": errors(3.0, 2), "bad": errors(1.0, 1)}
    found = complement(errors(0.1, 0), others, TARGET, RMSE, FOLDS)
    assert (found.name, found.wins, found.gain) == ("bad", 0.0, 0.0)


def test_one_that_wins_in_some_folds_is_seen():
    steady, moody = errors(1.0, 0), errors(1.0, 1)
    moody[FOLDS.folds == 0] *= 2.0
    moody[FOLDS.folds != 0] *= 0.75
    found = complement(steady, {"moody": moody}, TARGET, RMSE, FOLDS)
    assert 0.1 < found.wins < 0.9


def test_groups_are_drawn_whole():
    number = np.repeat(np.arange(10), 40)
    first = np.where(number < 5, 1.0, 2.0)[:, None]
    other = np.where(number < 5, 2.1, 1.1)[:, None]
    groups = Split(np.zeros(400, np.int64), number)
    one_by_one = complement(first, {"other": other}, TARGET, RMSE, Split(np.zeros(400, np.int64)))
    assert complement(first, {"other": other}, TARGET, RMSE, groups).wins > one_by_one.wins + 0.2


@pytest.mark.parametrize("name", ["log_loss", "auc", "accuracy"])
def test_any_metric(name, level_2):
    data = level_2("classification")
    others = {member.name: member.oof for member in data.members[1:]}
    found = complement(data.members[0].oof, others, data.target, find_metric(name), Split(data.folds))
    assert found.name == "m1"
    assert found.wins < 0.2


def test_without_others_there_is_none():
    assert complement(TARGET, {}, TARGET, RMSE, FOLDS) is None

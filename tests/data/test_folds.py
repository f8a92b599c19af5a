import numpy as np
import pytest

from pipeline.config.schema import FoldsConfig
from pipeline.data.folds import Folds, inner_split, make_folds
from pipeline.errors import DataError
from pipeline.testing import TASKS

TASK = TASKS["classification"]
LABEL = np.arange(60) % 3


def test_every_row_is_scored_once_and_never_trains_there():
    folds = make_folds(FoldsConfig(n=4), TASK, LABEL)
    scored = np.concatenate([fold.valid for fold in folds])
    assert sorted(scored) == list(range(60))
    for fold in folds:
        assert not set(fold.train) & set(fold.valid)
        assert len(fold.train) + len(fold.valid) == 60
        assert np.bincount(LABEL[fold.valid]).tolist() == [5, 5, 5]


def test_the_same_seed_draws_the_same_folds():
    one, same, other = (make_folds(FoldsConfig(seed=seed), TASK, LABEL) for seed in (1, 1, 2))
    assert one.hash == same.hash != other.hash


def test_repeats_draw_again():
    folds = make_folds(FoldsConfig(n=3, repeats=2), TASK, LABEL)
    assert folds.assignment.shape == (2, 60)
    assert (folds.assignment[0] != folds.assignment[1]).any()
    assert [fold.label for fold in folds][3] == "repeat1-fold0"


def test_a_class_of_one_row_is_pinned_to_training():
    label = np.array([0] * 20 + [1] * 3 + [2])
    folds = make_folds(FoldsConfig(n=5), TASK, label)
    assert folds.pinned.tolist() == [23]
    assert all(23 in fold.train for fold in folds)
    assert sorted(np.concatenate([fold.valid for fold in folds])) == list(range(23))
    spread = [np.sum(label[fold.valid] == 1) for fold in folds]
    assert max(spread) == 1


@pytest.mark.parametrize("kind", ["auto", "group", "stratified_group"])
def test_groups_stay_together(kind):
    group = np.repeat(np.arange(12), 5).astype(str)
    folds = make_folds(FoldsConfig(kind=kind, n=4, group="g"), TASK, LABEL, group)
    for fold in folds:
        assert not set(group[fold.train]) & set(group[fold.valid])


def test_time_trains_on_the_past_only():
    time = np.repeat(np.arange(30), 2)[::-1].astype(float)
    folds = make_folds(FoldsConfig(n=4, time="t"), TASK, LABEL, time)
    assert folds.ordered
    for fold in folds:
        assert time[fold.train].max() < time[fold.valid].min()
    assert len(folds.pinned) > 0


def test_a_column_gives_the_folds():
    column = np.array(["a", "b", "c"] * 20)
    folds = make_folds(FoldsConfig(n=3, column="fold"), TASK, LABEL, column)
    assert [set(column[fold.valid]) for fold in folds] == [{"a"}, {"b"}, {"c"}]
    numbers = np.array(["-1", "0", "1"] * 20)
    folds = make_folds(FoldsConfig(n=2, column="fold"), TASK, LABEL, numbers)
    assert set(folds.pinned) == set(np.flatnonzero(numbers == "-1"))


def test_regression_is_stratified_by_value():
    target = np.random.default_rng(0).exponential(1, (200, 1))
    folds = make_folds(FoldsConfig(n=5), TASKS["regression"], target)
    means = [target[fold.valid].mean() for fold in folds]
    plain = make_folds(FoldsConfig(kind="plain", n=5), TASKS["regression"], target)
    assert np.std(means) < np.std([target[fold.valid].mean() for fold in plain])


@pytest.mark.parametrize(
    "config, column, expected",
    [
        (FoldsConfig(n=61), None, r"`folds.n` must be at most 60.*Received: 61"),
        (FoldsConfig(n=5, group="g"), np.array(["a", "b"] * 30), r"at most 2, the number of groups in 'g'"),
        (FoldsConfig(n=5, time="t"), np.repeat([1.0, 2.0], 30), r"must be below 2, the number of moments"),
        (FoldsConfig(n=5, column="f"), np.array(["0", "1", "2"] * 20), r"`folds.n` must be 3.*Received: 5"),
    ],
)
def test_folds_that_cannot_be_drawn(config, column, expected):
    with pytest.raises(DataError, match=expected):
        make_folds(config, TASK, LABEL, column)


def test_inner_splits_obey_the_groups_and_the_time():
    group = np.repeat(np.arange(20), 3).astype(str)
    train, valid = inner_split(TASK, LABEL, group, ordered=False, share=0.2, seed=0)
    assert not set(group[train]) & set(group[valid])
    time = np.random.default_rng(0).permutation(60).astype(float)
    train, valid = inner_split(TASK, LABEL, time, ordered=True, share=0.2, seed=0)
    assert time[train].max() < time[valid].min()
    train, valid = inner_split(TASK, LABEL, None, ordered=False, share=0.2, seed=0)
    assert np.bincount(LABEL[valid]).tolist() == [4, 4, 4]
    assert sorted([*train, *valid]) == list(range(60))


def test_inner_split_keeps_a_class_of_one_row_in_training():
    label = np.array([0] * 20 + [1] * 20 + [2])
    for seed in range(5):
        train, _ = inner_split(TASK, label, None, ordered=False, share=0.2, seed=seed)
        assert 40 in train


def test_folds_survive_the_disk(tmp_path):
    folds = make_folds(FoldsConfig(), TASK, LABEL)
    folds.save(tmp_path)
    assert Folds.load(tmp_path, ordered=False).hash == folds.hash

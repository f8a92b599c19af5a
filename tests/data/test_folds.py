import numpy as np
import pytest

from pipeline.config.schema import FoldsConfig
from pipeline.data.draw import assign
from pipeline.data.folds import Folds, make_folds
from pipeline.data.inner_split import inner_split, inner_warning
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


def test_folds_ahead_are_the_last_moments_and_train_on_all_before():
    """Days with one, two or three rows: a fold is two days whatever they hold."""
    time = np.repeat(np.arange(12.0), np.arange(12) % 3 + 1)[::-1]
    folds = make_folds(FoldsConfig(n=3, time="t", ahead=2), TASK, np.zeros(len(time), int), time)
    assert [sorted(set(time[fold.valid])) for fold in folds] == [[6, 7], [8, 9], [10, 11]]
    assert [sorted(set(time[fold.train])) for fold in folds] == [list(range(last)) for last in (6, 8, 10)]
    assert set(time[folds.pinned]) == set(range(6))
    assert len(np.unique(folds.assignment[0, folds.pinned])) == 2, "the earliest are told apart"


def test_folds_ahead_leave_a_moment_to_train_on():
    time = np.arange(12.0)
    make_folds(FoldsConfig(n=2, time="t", ahead=5), TASK, np.zeros(12, int), time)
    with pytest.raises(DataError, match=r"`folds.n` times `folds.ahead` must be below 12, .*Received: 2 x 6"):
        make_folds(FoldsConfig(n=2, time="t", ahead=6), TASK, np.zeros(12, int), time)


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


@pytest.mark.parametrize("kind", ["stratified", "stratified_group"])
def test_classes_that_are_all_smaller_than_the_folds_are_many_are_spread(kind):
    label = np.repeat(np.arange(12), [2, 3, 4] * 4)
    group = np.arange(36).astype(str) if kind == "stratified_group" else None
    folds = make_folds(FoldsConfig(kind=kind, n=5, group="g"), TASK, label, group)
    assert sorted(np.concatenate([fold.valid for fold in folds])) == list(range(36))
    for fold in folds:
        assert np.bincount(label[fold.valid]).max() == 1, "as many folds as the class has rows"
        assert len(fold.valid) in (7, 8)
    assert (folds.assignment != make_folds(FoldsConfig(kind=kind, n=5, seed=1), TASK, label, group)).any()


def test_groups_of_small_classes_stay_together():
    label, group = np.repeat(np.arange(10), 4), np.repeat(np.arange(20), 2).astype(str)
    folds = make_folds(FoldsConfig(n=5, group="g"), TASK, label, group)
    for fold in folds:
        assert len(fold.valid) == 8
        assert not set(group[fold.train]) & set(group[fold.valid])
        assert set(label[fold.valid]) <= set(label[fold.train]), "a class's groups lie in several folds"


def test_folds_of_few_uneven_groups_are_not_empty():
    """scikit-learn puts two of these four groups into one fold of four."""
    group = np.repeat(list("abcd"), [1, 2, 3, 3])
    label = np.array([1, 0, 0, 1, 1, 1, 1, 0, 1])
    assert set(assign("stratified_group", label, group, n=4, seed=0)) == {0, 1, 2, 3}
    folds = make_folds(FoldsConfig(n=4, group="g"), TASK, label, group)
    assert all(len(set(group[fold.valid])) == 1 for fold in folds)


def test_classes_of_one_row_each_leave_nothing_to_score():
    with pytest.raises(DataError, match=r"`folds.n` must be at most 0, the number of rows whose class"):
        make_folds(FoldsConfig(n=3), TASK, np.arange(9))


@pytest.mark.parametrize("groups", [2, 3, 6])
def test_inner_splits_obey_few_groups_and_given_folds(groups):
    group = np.arange(60) % groups
    for seed in range(5):
        train, valid = inner_split(TASK, LABEL, group.astype(str), ordered=False, share=0.15, seed=seed)
        assert len(train)
        assert len(set(group[valid])) == 1
        assert not set(group[train]) & set(group[valid])
    assert inner_warning(group, ordered=False) == ""


def test_of_few_groups_the_one_is_held_out_that_costs_least():
    group = np.repeat(np.arange(4), [30, 10, 10, 10])
    label = np.repeat([0, 1, 2, 1], [30, 10, 10, 10])
    for seed in range(5):
        _, valid = inner_split(TASK, label, group, ordered=False, share=0.15, seed=seed)
        assert len(valid) == 10
        assert set(label[valid]) == {1}, "class 2 has no other group: it could decide nothing"


def test_inner_splits_do_not_cut_through_one_moment():
    time = np.repeat(np.arange(6), [5, 5, 5, 5, 25, 15]).astype(float)
    train, valid = inner_split(TASK, LABEL, time, ordered=True, share=0.15, seed=0)
    assert time[train].max() < time[valid].min()
    assert len(valid) == 15
    train, valid = inner_split(TASK, LABEL, time[::-1], ordered=True, share=0.5, seed=0)
    assert sorted(time[::-1][valid]) == [4.0] * 25 + [5.0] * 15


@pytest.mark.parametrize("ordered, what", [(False, "of one group or given fold"), (True, "of one moment")])
def test_an_inner_split_says_where_it_cannot_keep_rows_apart(ordered, what):
    group = np.zeros(60)
    train, valid = inner_split(TASK, LABEL, group, ordered=ordered, share=0.2, seed=0)
    assert np.bincount(LABEL[valid]).tolist() == [4, 4, 4]
    assert sorted([*train, *valid]) == list(range(60))
    assert f"all 60 training rows are {what}" in inner_warning(group, ordered)
    assert inner_warning(None, ordered) == ""


def test_inner_splits_spread_classes_of_few_rows():
    label = np.repeat(np.arange(20), 3)
    _, valid = inner_split(TASK, label, None, ordered=False, share=0.15, seed=0)
    assert np.bincount(label[valid]).max() == 1
    assert len(valid) in (8, 9)


def test_folds_survive_the_disk(tmp_path):
    folds = make_folds(FoldsConfig(), TASK, LABEL)
    folds.save(tmp_path)
    assert Folds.load(tmp_path, ordered=False).hash == folds.hash

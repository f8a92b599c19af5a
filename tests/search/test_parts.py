"""What is held back obeys the folds' kind, and so do the folds of the trials."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.config.schema import FoldsConfig
from pipeline.data.folds import make_folds
from pipeline.errors import DataError
from pipeline.search.parts import outer_folds, part_of, parts_for
from pipeline.tasks.base import make_task

ROWS = 240
TASK = make_task("classification", ("ant", "bee", "cat"))


def run_with(splitter=None, target=None, **keys):
    """Stands for a run: its folds, rows and configuration."""
    config = FoldsConfig(**keys)
    target = np.arange(ROWS) % 3 if target is None else target
    competition = SimpleNamespace(task=TASK, target=target, splitter=splitter, ids=np.arange(len(target)))
    folds = make_folds(config, TASK, target, splitter)
    return SimpleNamespace(
        folds=folds,
        competition=competition,
        config=SimpleNamespace(folds=config),
        plan=SimpleNamespace(reads=lambda name: []),
    )


KINDS = {
    "stratified": {"n": 4},
    "repeated": {"n": 3, "repeats": 2},
    "plain": {"kind": "plain", "n": 5},
    "two": {"n": 2},
    "group": {"n": 4, "group": "who", "splitter": np.repeat(np.arange(24), 10).astype(str)},
    "few groups": {
        "kind": "group",
        "n": 4,
        "group": "who",
        "splitter": np.repeat(np.arange(4), 60).astype(str),
    },
    "time": {"n": 4, "time": "day", "splitter": np.repeat(np.arange(48), 5).astype(float)},
    "time ahead": {"n": 4, "time": "day", "ahead": 5, "splitter": np.repeat(np.arange(48), 5).astype(float)},
    "time far ahead": {
        "n": 2,
        "time": "day",
        "ahead": 20,
        "splitter": np.repeat(np.arange(48), 5).astype(float),
    },
    "column": {"n": 3, "column": "fold", "splitter": np.repeat(np.arange(3), 80).astype(str)},
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_fold_of_the_trials_has_a_row_that_is_held_back(kind):
    run = run_with(**KINDS[kind])
    for number, outer in enumerate(outer_folds(run)):
        part = part_of(run, number, "model")
        held, rest = set(outer.valid), set(outer.train)
        assert held
        assert not held & rest
        folds = list(part.folds)
        assert len(folds) >= 2
        for fold in folds:
            assert not set(fold.train) & set(fold.valid)
            assert set(fold.train) | set(fold.valid) <= rest
        assert set(part.folds.pinned) <= rest
        scored = set().union(*(fold.valid for fold in folds))
        assert scored | set(part.folds.pinned) == rest


@pytest.mark.parametrize("kind", ["group", "few groups"])
def test_groups_stay_together_everywhere(kind):
    run = run_with(**KINDS[kind])
    groups, part = run.competition.splitter, part_of(run, 0, "model")
    assert not set(groups[part.outer.valid]) & set(groups[part.outer.train])
    for fold in part.folds:
        assert not set(groups[fold.valid]) & set(groups[fold.train])


def test_trials_look_as_far_ahead_as_the_folds_where_the_past_is_long_enough():
    for kind, lengths in {"time ahead": [5] * 4, "time far ahead": [9, 10]}.items():
        run = run_with(**KINDS[kind])
        day = run.competition.splitter
        assert [len(set(day[fold.valid])) for fold in part_of(run, 0, "model").folds] == lengths


def test_where_time_orders_the_rows_the_last_are_held_back_and_trials_go_forward():
    run = run_with(**KINDS["time"])
    day = run.competition.splitter
    for number in range(len(outer_folds(run))):
        part = part_of(run, number, "model")
        assert part.folds.ordered
        assert day[part.outer.train].max() < day[part.outer.valid].min()
        for fold in part.folds:
            assert day[fold.train].max() < day[fold.valid].min()
    assert day[part_of(run, 0, "model").outer.valid].max() == day.max()
    assert len(outer_folds(run)) == 2  # of four: too little lies before the others


def test_given_folds_stay_as_they_are():
    run = run_with(**KINDS["column"])
    given = run.competition.splitter
    part = part_of(run, 1, "model")
    assert set(given[part.outer.valid]) == {"1"}
    assert [set(given[fold.valid]) for fold in part.folds] == [{"0"}, {"2"}]


def test_classes_keep_their_shares_and_the_only_row_of_one_trains():
    target = np.where(np.arange(ROWS) == 7, 2, np.arange(ROWS) % 2)
    run = run_with(target=target, n=4)
    part = part_of(run, 2, "model")
    assert np.bincount(target[part.outer.valid]).tolist() == [30, 30]
    assert part.folds.pinned.tolist() == [7]
    for fold in part.folds:
        assert 7 in fold.train
        assert np.ptp(np.bincount(target[fold.valid])) <= 1


def test_the_same_folds_hold_the_same_rows_back():
    first, again = (part_of(run_with(n=4), 1, "model") for _ in range(2))
    assert np.array_equal(first.outer.valid, again.outer.valid)
    for one, other in zip(first.folds, again.folds, strict=True):
        assert np.array_equal(one.train, other.train)
        assert np.array_equal(one.valid, other.valid)


def test_a_rest_that_cannot_be_divided_is_refused():
    run = run_with(n=2, column="fold", splitter=np.repeat(np.arange(2), 120).astype(str))
    with pytest.raises(DataError, match=r"`folds\.kind: column`: once fold0 is held back"):
        part_of(run, 0, "model")


def test_small_data_hold_several_folds_back_in_turn_where_there_are_trials_enough():
    run = run_with(n=4)
    assert [parts_for(run, trials) for trials in (10, 39, 40, 60, 100, np.inf)] == [1, 1, 2, 3, 4, 4]
    assert parts_for(run, 10, asked=3) == 3
    assert parts_for(run, 10, asked=9) == 4
    large = run_with(n=4, target=np.arange(8_000) % 3)
    assert parts_for(large, np.inf) == 1
    grouped = run_with(
        n=4, target=np.arange(8_000) % 3, group="who", splitter=np.repeat(np.arange(80), 100).astype(str)
    )
    assert parts_for(grouped, np.inf) == 3  # of 2,000 rows each, but 20 groups

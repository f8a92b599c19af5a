import numpy as np
import pytest

from pipeline.ensemble.crossfit import cross_fit
from pipeline.ensemble.methods.auto import Auto
from pipeline.ensemble.split import Split
from pipeline.ensemble.stack import Stack
from pipeline.registry import METHODS


def test_a_fold_is_taught_by_the_others():
    split = Split(np.array([0, 1, 2, -1, 0]))
    assert split.numbers == (0, 1, 2)
    assert split.known_to(1) == (0, 2)
    assert split.known_to(1, among=(1, 2)) == (2,)
    assert next((out.tolist(), rest.tolist()) for out, rest in split) == ([0, 4], [1, 2])


def test_in_time_a_fold_is_taught_by_those_before_it():
    split = Split(np.array([2, 1, 0, -1, 0]), ordered=True)
    assert [split.known_to(fold) for fold in split.numbers] == [(), (0,), (0, 1)]
    assert [rest.tolist() for _, rest in split] == [[], [2, 4], [1, 2, 4]]


@pytest.mark.parametrize("folds", [6, 10, 23])
def test_joined_folds_keep_their_order(folds):
    split = Split(np.arange(60) % folds, np.arange(60), ordered=True)
    joined = split.coarse(5)
    assert joined.numbers == (0, 1, 2, 3, 4)
    assert joined.ordered
    order = np.argsort(split.folds, kind="stable")
    assert np.all(np.diff(joined.folds[order]) >= 0)
    assert split.coarse(folds) is split


def test_random_parts_hold_whole_groups():
    groups = np.repeat([7, 3, 9, 4, 1, 8], 4)
    parts = Split(np.zeros(24, np.int64), groups).at_random(3, 0)
    assert parts.numbers == (0, 1, 2)
    for group in np.unique(groups):
        assert len(np.unique(parts.folds[groups == group])) == 1
    assert Split(np.zeros(2, np.int64)).at_random(5, 0).numbers == (0, 1)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "fusion"])  # of boxes
def test_in_time_no_later_label_touches_a_blend(name, level_2):
    data = level_2("classification", rows=150)
    split = Split(np.arange(150) // 30, ordered=True)
    stack = Stack.of([member.oof for member in data.members])

    def blended(target):
        if name == "auto":
            config = Auto.Config(kind="auto", methods=["mean", "convex", "stack_ridge"])
            made = METHODS.get(name)("log_loss", 3, config=config).fit_stack(stack, target, split)
            return made.oof_
        return cross_fit(lambda: METHODS.get(name)("log_loss", 3), stack, target, split)

    honest = blended(data.target)
    lied_about = np.where(split.folds >= 2, (data.target + 1) % 3, data.target)
    np.testing.assert_array_equal(blended(lied_about)[split.folds <= 2], honest[split.folds <= 2])
    np.testing.assert_allclose(honest[split.folds == 0], stack.mean()[split.folds == 0], rtol=1e-6)

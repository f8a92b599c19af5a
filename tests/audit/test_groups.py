"""Groups that series name, learned from and scored."""

import numpy as np
import pandas as pd
import pytest

from pipeline.audit.groups import split_groups
from pipeline.data.folds import Folds

WHO = np.repeat(np.arange(10), 6)
TRAIN = pd.DataFrame({"who": WHO, "hand": np.where(np.arange(60) % 2, "left", "right")})
TEST = pd.DataFrame({"who": np.repeat([20, 21], 6), "hand": ["left", "right"] * 6})


def folds(*assignment):
    return Folds(np.array(assignment, np.int16))


def test_groups_in_several_folds_are_named_with_the_keys_that_help():
    (found,) = split_groups(TRAIN, TEST, folds(np.arange(60) % 4), "steps.csv")
    assert (found.name, found.severity) == ("split-groups", "warn")
    assert "'who' (10 of 10 lie in several folds; 0% of the test rows" in found.text
    assert "`folds: {group: who, group_table: steps.csv}`" in found.text
    assert "hand" not in found.text


def test_one_draw_of_several_that_cuts_a_group_is_enough():
    """The last row of the first group lies in another fold, in the second draw only."""
    whole, cut = WHO % 2, WHO % 2
    cut = np.where(np.arange(60) == 5, 1 - cut, cut)
    assert split_groups(TRAIN, TEST, folds(whole, whole), "steps.csv") == []
    said = [one.text for one in split_groups(TRAIN, TEST, folds(whole, cut), "steps.csv")]
    assert len(said) == 1
    assert "'who' (1 of 10 lie in several folds" in said[0]


@pytest.mark.parametrize("test", [TEST.assign(who=WHO[::5]), TEST[["hand"]], TEST.assign(who=np.nan)])
def test_values_that_the_test_has_too_or_lacks_are_no_groups(test):
    assert split_groups(TRAIN, test, folds(np.arange(60) % 4), "steps.csv") == []

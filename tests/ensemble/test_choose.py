import numpy as np
import pytest

from pipeline.ensemble.choose import choose_two
from pipeline.errors import StoreError
from pipeline.metrics import find_metric

RMSE = find_metric("rmse")
FOLDS = np.arange(400) % 5


@pytest.fixture
def target():
    return np.zeros((400, 1))


def errors(size, seed):
    return size * np.random.default_rng(seed).normal(size=(400, 1))


def test_the_second_is_the_rival_and_not_the_near_copy(target):
    first = errors(1.0, 0)
    candidates = {"first": first, "copy": first * 1.001, "rival": errors(1.02, 1), "weak": errors(1.5, 2)}
    pair = choose_two(candidates, target, RMSE, FOLDS)
    best = min(candidates, key=lambda name: RMSE(target, candidates[name]))
    assert pair.first == best
    assert pair.second == ("rival" if best != "rival" else "first")
    assert 0.5 < pair.first_wins < 1.0
    assert pair.second_wins_if_first_fails == 1.0
    assert pair.second_beats_first == pytest.approx(1.0 - pair.first_wins)
    assert pair.gain > 0


def test_a_first_that_always_wins_says_so(target):
    pair = choose_two(
        {"good": errors(0.1, 0), "bad": errors(1.0, 1), "worse": errors(3.0, 2)}, target, RMSE, FOLDS
    )
    assert (pair.first, pair.second) == ("good", "bad")
    assert (pair.first_wins, pair.second_wins_if_first_fails, pair.gain) == (1.0, 0.0, 0.0)


def test_a_candidate_that_wins_in_some_folds_is_seen(target):
    steady, moody = errors(1.0, 0), errors(1.0, 1)
    moody[FOLDS == 0] *= 2.0
    moody[FOLDS != 0] *= 0.75
    pair = choose_two({"steady": steady, "moody": moody}, target, RMSE, FOLDS)
    assert {pair.first, pair.second} == {"steady", "moody"}
    assert 0.1 < pair.second_beats_first < 0.6


@pytest.mark.parametrize("name", ["log_loss", "auc", "accuracy"])
def test_any_metric_and_rows_without_a_score(name, level_2):
    data = level_2("classification")
    candidates = {member.name: member.oof.copy() for member in data.members}
    candidates["m1"][:3] = np.nan
    pair = choose_two(candidates, data.target, find_metric(name), data.folds)
    assert pair.first == "m0"
    assert pair.first_wins > 0.9


def test_one_candidate_stands_alone_and_none_is_an_error(target):
    pair = choose_two({"only": target + 1}, target, RMSE, FOLDS)
    assert (pair.first, pair.second, pair.first_wins) == ("only", "", 1.0)
    with pytest.raises(StoreError, match="no candidates"):
        choose_two({}, target, RMSE, FOLDS)
    with pytest.raises(StoreError, match="No row is predicted by all of a, b"):
        choose_two({"a": target, "b": target * np.nan}, target, RMSE, FOLDS)

"""A gain comes with a standard error that holds, and decides alone what is kept."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.config.schema import ModelConfig
from pipeline.metrics import find_metric
from pipeline.search.finalist import Finalist, pick
from pipeline.search.gain import Gain, mean_gain, measure_gain
from pipeline.search.held_back import PartResult
from pipeline.search.verdict import judge

SECTION = ModelConfig(kind="logistic")
LOSS = SimpleNamespace(greater_is_better=False, timed=False)
TIMED = SimpleNamespace(greater_is_better=False, timed=True)


def values(seed, rows=400, groups=None):
    """Returns a target and two predictions that differ by luck only; groups share their luck."""
    random = np.random.default_rng(seed)
    target = random.normal(size=(rows, 1))
    luck = (
        random.normal(size=(rows, 2)) if groups is None else random.normal(size=(groups.max() + 1, 2))[groups]
    )
    return target, target + luck[:, :1], target + luck[:, 1:]


def test_a_gain_is_the_difference_of_the_scores_whatever_the_direction():
    target, one, other = values(0)
    rmse, r2 = find_metric("rmse"), find_metric("r2")
    gain = measure_gain(rmse, target, one, other)
    assert gain.value == pytest.approx(rmse(target, other) - rmse(target, one))
    assert gain.rows == 400
    assert measure_gain(r2, target, one, other).value == pytest.approx(r2(target, one) - r2(target, other))
    target[:100] = np.nan
    assert measure_gain(rmse, target, one, other).rows == 300


def test_the_standard_error_is_that_of_many_draws():
    gains = [measure_gain(find_metric("rmse"), *values(seed)) for seed in range(40)]
    spread = np.std([gain.value for gain in gains])
    assert np.mean([gain.error for gain in gains]) == pytest.approx(spread, rel=0.25)


def test_rows_of_a_group_are_drawn_as_one():
    groups = np.repeat(np.arange(20), 20)
    found = [values(seed, groups=groups) for seed in range(40)]
    gains = [measure_gain(find_metric("rmse"), *one, groups) for one in found]
    alone = [measure_gain(find_metric("rmse"), *one) for one in found]
    spread = np.std([gain.value for gain in gains])
    assert np.mean([gain.error for gain in gains]) == pytest.approx(spread, rel=0.3)
    assert np.mean([gain.error for gain in alone]) < 0.4 * spread


def test_the_mean_of_parts_is_as_sure_as_their_spread_allows():
    like = mean_gain([Gain(0.3, 0.2, 10), Gain(0.3, 0.2, 10)])
    assert (like.value, like.error, like.rows) == (pytest.approx(0.3), pytest.approx(0.2 / np.sqrt(2)), 20)
    apart = mean_gain([Gain(0.9, 0.2, 10), Gain(-0.3, 0.2, 10)])
    assert (apart.value, apart.error) == (pytest.approx(0.3), pytest.approx(0.6))
    assert mean_gain([Gain(0.3, 0.2, 10)]) == Gain(0.3, 0.2, 10)


def part(gain, claimed=0.1, label="trial 7", seconds=1.0):
    outer = SimpleNamespace(label="fold0", valid=np.arange(50))
    standing = Finalist("present", {}, SECTION, 9.0, own=(0.50, 0.52), held=0.51)
    found = [Finalist(label, {"C": 2.0}, SECTION, seconds, own=(0.40, 0.42), held=0.51 - gain.value)]
    return PartResult(SimpleNamespace(outer=outer), standing, found, claimed, gain)


def stands(label="present"):
    return Finalist(label, {}, SECTION, 9.0, scores=(0.50, 0.52))


def test_a_winner_is_kept_by_the_held_back_rows_alone():
    kept = judge(LOSS, stands(), [part(Gain(0.02, 0.01, 50))])
    assert kept.kept
    assert "gain by the folds that chose it (optimistic): +0.10000" in kept.lines[0]
    assert (
        "that no trial saw (honest): +0.02000 ± 0.01000; 0.08000 of the first figure was luck"
        in kept.lines[1]
    )
    unsure = judge(LOSS, stands(), [part(Gain(0.02, 0.03, 50))])
    assert not unsure.kept
    assert (
        "not better on them by more than the standard error: the present parameters stay" in unsure.lines[-1]
    )
    assert not judge(LOSS, stands(), [part(Gain(-0.02, 0.01, 50), claimed=0.5)]).kept


def test_a_lucky_trial_does_not_undo_what_was_tuned_before():
    verdict = judge(LOSS, stands("tuned before"), [part(Gain(0.001, 0.01, 50))])
    assert not verdict.kept
    assert "what was tuned before stays" in verdict.lines[-1]


def test_a_fast_model_may_lose_no_more_than_the_standard_error():
    assert judge(TIMED, stands(), [part(Gain(-0.005, 0.01, 50))]).kept
    assert not judge(TIMED, stands(), [part(Gain(-0.02, 0.01, 50))]).kept
    assert not judge(
        TIMED, stands(), [part(Gain(0.005, 0.01, 50), seconds=20.0)]
    ).kept  # slower than what stands
    assert judge(TIMED, stands(), [part(Gain(0.02, 0.01, 50), seconds=20.0)]).kept


def test_parts_are_judged_together_and_equal_winners_count_once():
    parts = [part(Gain(0.03, 0.01, 50)), part(Gain(0.01, 0.01, 50), claimed=0.2, label="part 2, trial 3")]
    verdict = judge(LOSS, stands(), parts)
    assert verdict.gain.value == pytest.approx(0.02)
    assert verdict.gain.rows == 100
    assert [one.label for one in verdict.winners] == ["part 2, trial 3"]
    assert "100 rows of 2 folds in turn" in verdict.lines[-1]


def test_a_search_that_found_nothing_or_had_no_time_keeps_what_stands():
    nothing = PartResult(
        part(Gain(0, 0, 50)).part, part(Gain(0, 0, 50)).standing, [], 0.0, Gain(0.0, 0.0, 50)
    )
    assert (
        "no trial is better even on the folds that would choose it"
        in judge(LOSS, stands(), [nothing]).lines[0]
    )
    assert (
        "no trial came so far as to be held against rows that it had not seen"
        in judge(LOSS, stands(), []).lines[0]
    )


def test_of_equal_models_the_fast_one_is_picked():
    def finalist(label, own, seconds):
        return Finalist(label, {}, SECTION, seconds, own=own)

    best, fast = finalist("best", (0.50, 0.54, 0.52), 90.0), finalist("fast", (0.51, 0.55, 0.52), 9.0)
    worse = finalist("worse", (0.70, 0.74, 0.72), 1.0)
    assert pick(TIMED, [best, fast, worse]) is fast
    assert pick(LOSS, [best, fast, worse]) is best

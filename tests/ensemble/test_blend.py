import numpy as np
import pytest

from pipeline.ensemble.blend import blend
from pipeline.ensemble.methods.auto import Auto
from pipeline.ensemble.split import Split
from pipeline.errors import ConfigError, StoreError
from pipeline.metrics import find_metric
from pipeline.registry import METHODS

LOG_LOSS, RMSE = find_metric("log_loss"), find_metric("rmse")
OF_COLUMNS = [name for name in METHODS if name not in ("auto", "fusion")]  # of boxes: test_boxes.py
LEARNED = [name for name in OF_COLUMNS if name not in ("mean", "rank_mean")]


@pytest.mark.parametrize("name", OF_COLUMNS)
def test_labels_of_a_fold_do_not_touch_its_blend(name, level_2):
    data = level_2("classification")
    honest = blend(data.members, data.target, LOG_LOSS, Split(data.folds), name)
    lied_about = data.target.copy()
    lied_about[data.folds == 0] = (lied_about[data.folds == 0] + 1) % 3
    other = blend(data.members, lied_about, LOG_LOSS, Split(data.folds), name)
    np.testing.assert_array_equal(honest.oof[data.folds == 0], other.oof[data.folds == 0])


def test_labels_of_a_fold_do_not_choose_its_method(level_2):
    data, method = level_2("classification"), Auto.Config(kind="auto", methods=["mean", "best"])
    honest = blend(data.members, data.target, LOG_LOSS, Split(data.folds), method)
    lied_about = data.target.copy()
    lied_about[data.folds == 0] = (lied_about[data.folds == 0] + 1) % 3
    other = blend(data.members, lied_about, LOG_LOSS, Split(data.folds), method)
    np.testing.assert_array_equal(honest.oof[data.folds == 0], other.oof[data.folds == 0])


@pytest.mark.parametrize("name", [*LEARNED, "auto"])
def test_a_member_that_saw_one_folds_labels_gains_nothing_there(name, level_2):
    data = level_2("classification", rows=300)
    cheat = data.random.dirichlet(np.ones(3), size=len(data.truth)).astype(np.float32)
    seen = np.flatnonzero(data.folds == 0)
    cheat[seen] = 0.999 * np.eye(3)[data.target[seen]] + 0.001 / 3
    members = [*data.members, data.predictions("cheat", cheat)]
    with_cheat = blend(members, data.target, LOG_LOSS, Split(data.folds), name)
    without = blend(data.members, data.target, LOG_LOSS, Split(data.folds), name)
    assert with_cheat.cross_fitted_fold_scores[0] > without.cross_fitted_fold_scores[0] - 0.06
    assert with_cheat.cross_fitted_score >= with_cheat.in_sample_score - 0.01


def test_cross_fitted_is_nearer_to_unseen_rows_than_in_sample(level_2):
    distances = []
    for seed in range(6):
        data = level_2("regression", members=20, rows=100, outputs=1, seed=seed)
        result = blend(data.members, data.target, RMSE, Split(data.folds), "stack_ridge")
        unseen = RMSE(data.test_target, result.test)
        distances.append((result.cross_fitted_score - unseen, result.in_sample_score - unseen))
    cross_fitted, in_sample = np.abs(np.mean(distances, axis=0))
    assert cross_fitted < in_sample


def test_a_convex_blend_shows_weights_scores_and_gap(level_2):
    data = level_2("classification")
    result = blend(data.members, data.target, LOG_LOSS, Split(data.folds), "convex")
    assert sum(result.weights.values()) == pytest.approx(1.0)
    assert result.gap < 1e-6
    assert result.in_sample_score <= result.cross_fitted_score
    assert result.cross_fitted_score == LOG_LOSS(data.target, result.oof)
    assert len(result.cross_fitted_fold_scores) == 5
    assert result.member_scores["m0"] == LOG_LOSS(data.target, data.members[0].oof)
    wanted = sum(result.weights.get(member.name, 0.0) * member.test for member in data.members)
    np.testing.assert_allclose(result.test, wanted, rtol=1e-5)


def test_members_that_add_nothing_are_dropped_and_named(level_2):
    data = level_2("classification")
    noise = data.random.dirichlet(np.ones(3), size=len(data.truth)).astype(np.float32)
    copy = data.predictions("copy", np.concatenate([data.members[0].oof, data.members[0].test]))
    members = [*data.members, copy, data.predictions("noise", noise)]
    result = blend(members, data.target, LOG_LOSS, Split(data.folds), "convex")
    assert result.dropped["copy"] == "the same predictions as m0"
    assert "weight 0" in result.dropped["noise"]
    assert not {"copy", "noise"} & set(result.weights)
    assert "noise" in result.member_scores


def test_rows_that_no_fold_scored_are_left_alone(level_2):
    data = level_2("classification")
    data.folds[:7] = -1
    for member in data.members:
        member.oof[:7] = np.nan
    result = blend(data.members, data.target, LOG_LOSS, Split(data.folds), "auto")
    assert np.isnan(result.oof[:7]).all()
    assert np.isfinite(result.oof[7:]).all()
    assert result.notes == ()


def test_rows_that_only_some_members_scored_are_named(level_2):
    data = level_2("classification")
    data.members[1].oof[3] = np.nan
    result = blend(data.members, data.target, LOG_LOSS, Split(data.folds), "convex")
    assert "1 rows are left out" in result.notes[0]
    assert "m1" in result.notes[0]


def test_one_scored_fold_is_split_at_random(level_2):
    data = level_2("classification")
    data.folds[data.folds != 2] = -1
    result = blend(data.members, data.target, LOG_LOSS, Split(data.folds), "convex")
    assert len(result.cross_fitted_fold_scores) == 5
    assert "One fold was scored" in result.notes[0]


@pytest.mark.parametrize("method", ["auto", "convex"])
def test_the_first_fold_in_time_is_scored_as_the_plain_mean_and_a_person_is_told(method, level_2):
    data = level_2("regression")
    data.folds = np.sort(data.folds)
    result = blend(data.members, data.target, RMSE, Split(data.folds, ordered=True), method)
    first = data.folds == 0
    mean = np.mean([member.oof[first] for member in data.members], axis=0)
    np.testing.assert_allclose(result.oof[first], mean, rtol=1e-6)
    assert "first fold in time" in result.notes[0]


@pytest.mark.parametrize("rows", [1, 2])
def test_hardly_any_rows(rows, level_2):
    data = level_2("classification", rows=rows)
    result = blend(data.members, data.target, LOG_LOSS, Split(data.folds), "auto")
    assert np.isfinite(result.cross_fitted_score)


def test_auto_keeps_the_mean_where_nothing_is_clearly_better(level_2):
    data = level_2("classification", rows=400)
    alike = [data.member(f"alike{m}", 0.8) for m in range(3)]
    result = blend(
        alike, data.target, LOG_LOSS, Split(data.folds), Auto.Config(kind="auto", methods=["mean", "convex"])
    )
    assert result.chosen == "mean"


def test_auto_leaves_the_mean_where_a_member_is_noise(level_2):
    data = level_2("classification", rows=400)
    noise = [data.member(f"noise{m}", 9.0) for m in range(3)]
    method = Auto.Config(kind="auto", methods=["mean", "convex"])
    result = blend([*data.members, *noise], data.target, LOG_LOSS, Split(data.folds), method)
    assert result.chosen == "convex"
    lines = {line.name: line for line in result.table}
    assert lines["convex"].behind == 0
    assert lines["mean"].behind > lines["mean"].behind_error > 0
    assert set(result.alternatives) == {"mean", "convex"}
    np.testing.assert_array_equal(result.alternatives["convex"][1], result.test)


def test_auto_says_what_it_did_not_try(level_2):
    data = level_2("regression", outputs=1)
    table = {line.name: line for line in blend(data.members, data.target, RMSE, Split(data.folds)).table}
    assert set(table) == set(METHODS) - {"auto"}
    assert "`convex` cannot be worse" in table["nelder_mead"].skipped
    assert table["stack_logistic"].cross_fitted is None


def test_auto_takes_no_ranks_of_the_past_for_values_that_come_after_it(level_2):
    data = level_2("regression", outputs=1)
    by = {ordered: Split(data.folds, ordered=ordered) for ordered in (False, True)}
    found = {ordered: blend(data.members, data.target, RMSE, split).table for ordered, split in by.items()}
    said = {ordered: {line.name: line for line in table}["rank_mean"] for ordered, table in found.items()}
    assert said[True].cross_fitted is None
    assert "a trend goes on" in said[True].skipped
    assert said[False].cross_fitted is not None


def test_auto_with_one_member_is_that_member(level_2):
    data = level_2("classification")
    result = blend(data.members[:1], data.target, LOG_LOSS, Split(data.folds), "auto")
    assert result.weights == {"m0": 1.0}
    np.testing.assert_allclose(result.test, data.members[0].test)


def test_weights_per_column_are_shown_as_such(level_2):
    data = level_2("multilabel")
    result = blend(data.members, data.target, LOG_LOSS, Split(data.folds), "per_class")
    assert result.column_weights.shape == (len(result.weights), 3)
    stacked = blend(data.members, data.target, LOG_LOSS, Split(data.folds), "stack_logistic")
    assert stacked.weights is None


def test_what_cannot_be_blended_is_refused(level_2):
    data = level_2("regression")
    with pytest.raises(ConfigError, match="'stack_logistic' cannot be used here: it needs classes"):
        blend(data.members, data.target, RMSE, Split(data.folds), "stack_logistic")
    with pytest.raises(ConfigError, match=r"Unknown ensemble method 'convx'\. Did you mean 'convex'"):
        blend(data.members, data.target, RMSE, Split(data.folds), "convx")
    with pytest.raises(StoreError, match=r"same rows\. Received: 240, 239 and 240"):
        blend(data.members, data.target[:-1], RMSE, Split(data.folds))
    with pytest.raises(StoreError, match="No row was scored by every member"):
        blend(data.members, data.target, RMSE, Split(np.full(240, -1)))

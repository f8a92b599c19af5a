"""What is printed, compared and submitted is one and the same thing: answers after post-processing."""

import numpy as np
import pytest

from pipeline.config.schema import EnsembleConfig
from pipeline.ensemble.blend import blend
from pipeline.ensemble.choose import complement
from pipeline.ensemble.ensemble import make_ensemble
from pipeline.ensemble.postprocessing import postprocess
from pipeline.ensemble.postprocessing_choice import postprocessing_for
from pipeline.ensemble.split import Split
from pipeline.metrics import RowFacts, find_metric, with_facts

ACCURACY, F1, LOG_LOSS, RMSE = (find_metric(name) for name in ("accuracy", "f1_macro", "log_loss", "rmse"))
SKEW = np.array([8.0, 1.0, 0.4], np.float32)


@pytest.fixture
def skewed(level_2):
    """Members whose probabilities lean to the first class: decisions and calibration have work to do."""
    data = level_2("classification", rows=400)
    for member in data.members:
        for side in (member.oof, member.test):
            side *= SKEW
            side /= side.sum(axis=1, keepdims=True)
    return data


def made_of(data, metric, method="convex", split=None, **settings):
    config = EnsembleConfig(method=method, **settings)
    split = Split(data.folds) if split is None else split
    return make_ensemble(data.members, data.target, metric, split, config, 0)


def postprocessed(data, oof, metric):
    choice = postprocessing_for(metric, data.target, EnsembleConfig(), 0)
    return postprocess(choice, oof, data.target, metric, Split(data.folds))


def line(made, start):
    return next(line for line in made.facts["lines"] if line.startswith(start))


@pytest.mark.parametrize("metric", [ACCURACY, LOG_LOSS], ids=lambda metric: metric.name)
def test_scores_of_all_are_of_answers_after_their_last_touch(metric, skewed):
    made = made_of(skewed, metric)
    facts = made.facts
    blended = blend(skewed.members, skewed.target, metric, Split(skewed.folds), "convex")
    whole = postprocessed(skewed, blended.oof, metric)
    assert whole.used
    assert facts["cross_fitted_score"] == whole.score != blended.cross_fitted_score
    assert facts["in_sample_score"] != blended.in_sample_score
    for member in skewed.members:
        assert facts["member_scores"][member.name] == postprocessed(skewed, member.oof, metric).score
    best = (max if metric.greater_is_better else min)(facts["member_scores"].values())
    gained = (facts["cross_fitted_score"] - best) * (1 if metric.greater_is_better else -1)
    assert f"{gained:+.5f} (95 %" in line(made, "gain over m0")
    mean = postprocessed(skewed, np.mean([m.oof for m in skewed.members], axis=0), metric).score
    gained = (facts["cross_fitted_score"] - mean) * (1 if metric.greater_is_better else -1)
    assert f"{gained:+.5f} (95 %" in line(made, "gain over the plain mean")
    for name, score in {**facts["member_scores"], "ensemble": facts["cross_fitted_score"]}.items():
        low, high = facts["intervals"][name]
        assert low < score < high


@pytest.mark.parametrize("metric", [ACCURACY, LOG_LOSS], ids=lambda metric: metric.name)
def test_what_a_member_adds_is_counted_after_the_last_touch(metric, skewed):
    made = made_of(skewed, metric)
    for out in skewed.members:
        some = [member for member in skewed.members if member is not out]
        without = blend(some, skewed.target, metric, Split(skewed.folds), "convex").oof
        sign = 1 if metric.greater_is_better else -1
        wanted = sign * (made.facts["cross_fitted_score"] - postprocessed(skewed, without, metric).score)
        assert made.facts["adds"][out.name] == pytest.approx(wanted)


def test_scores_by_fold_are_of_decided_labels_and_make_up_the_score(skewed):
    facts = made_of(skewed, ACCURACY).facts
    assert np.mean(facts["cross_fitted_fold_scores"]) == pytest.approx(facts["cross_fitted_score"])
    for name, score in facts["member_scores"].items():
        assert np.mean(facts["member_fold_scores"][name]) == pytest.approx(score)


def test_the_printed_score_is_not_the_in_sample_one(level_2):
    data = level_2("regression", members=20, rows=60, outputs=1)
    facts = made_of(data, RMSE, "stack_ridge").facts
    assert facts["cross_fitted_score"] > facts["in_sample_score"]
    assert f"{facts['in_sample_score']:.5f}" in line(made_of(data, RMSE, "stack_ridge"), "in-sample")


def test_decision_labels_reach_the_submission(skewed):
    made = made_of(skewed, F1)
    assert made.test.labels is not None
    plain = made.test.values.argmax(axis=1)
    assert (made.test.labels != plain).mean() > 0.1
    assert F1(skewed.test_target, made.test.labels) > F1(skewed.test_target, plain)
    assert "decisions: class weights: f1_macro" in line(made, "decisions")
    without = made_of(skewed, F1, thresholds=False)
    assert without.test.labels is None
    assert without.facts["cross_fitted_score"] < made.facts["cross_fitted_score"]


def test_the_finish_reaches_test_rows_and_out_of_fold_rows(skewed):
    made, plain = made_of(skewed, LOG_LOSS), made_of(skewed, LOG_LOSS, calibration=False)
    truth = skewed.test_target
    assert LOG_LOSS(truth, made.test.values) < LOG_LOSS(truth, plain.test.values) - 0.05
    assert LOG_LOSS(skewed.target, made.oof) == made.facts["cross_fitted_score"]
    np.testing.assert_array_equal(made.test.values, made.fitted.postprocessor.values(plain.test.values))
    assert "calibration: power" in line(made, "calibration")


@pytest.mark.parametrize("metric", [ACCURACY, LOG_LOSS, RMSE], ids=lambda metric: metric.name)
def test_new_rows_get_what_the_submission_got(metric, level_2, skewed, tmp_path):
    data = level_2("regression") if metric is RMSE else skewed
    made = made_of(data, metric, "auto" if metric is RMSE else "convex")
    made.fitted.save(tmp_path / "fitted")
    again = type(made.fitted).load(tmp_path / "fitted", metric)
    said = again.apply({member.name: member.test for member in data.members})
    np.testing.assert_array_equal(said.values, made.test.values)
    if made.test.labels is not None:
        np.testing.assert_array_equal(said.labels, made.test.labels)


@pytest.mark.parametrize("metric", [ACCURACY, LOG_LOSS], ids=lambda metric: metric.name)
def test_the_second_file_is_the_best_complement_of_the_first_and_is_touched(metric, skewed):
    skewed.members.append(skewed.predictions("near", np.concatenate([
        0.98 * skewed.members[0].oof + 0.02 / 3, 0.98 * skewed.members[0].test + 0.02 / 3
    ])))  # fmt: skip
    skewed.members.reverse()
    made = made_of(skewed, metric)
    first = postprocessed(
        skewed, blend(skewed.members, skewed.target, metric, Split(skewed.folds), "convex").oof, metric
    )
    each = {member.name: postprocessed(skewed, member.oof, metric) for member in skewed.members}
    answers = {name: other.answer for name, other in each.items()}
    wanted = complement(first.answer, answers, skewed.target, metric, Split(skewed.folds))
    assert wanted.name != skewed.members[0].name
    assert made.facts["second"] == wanted.name
    others = [complement(first.answer, {name: answers[name]}, skewed.target, metric, Split(skewed.folds))
              for name in answers]  # fmt: skip
    assert wanted.gain == pytest.approx(max(other.gain for other in others), rel=0.2)
    chosen = next(member for member in skewed.members if member.name == wanted.name)
    postprocessor = each[wanted.name].postprocessor
    np.testing.assert_array_equal(made.second.values, postprocessor.values(chosen.test))
    if metric is ACCURACY:
        np.testing.assert_array_equal(made.second.labels, postprocessor.labels(chosen.test))
    said = line(made, "two to submit")
    assert said.startswith(f"two to submit: the ensemble, and {wanted.name} (second_submission.csv)")
    assert f"{wanted.wins:.0%} of resampled contests" in said


def test_a_second_file_that_says_the_same_as_the_first_is_none(level_2):
    data = level_2("classification", members=2)
    sure = [np.eye(3, dtype=np.float32)[data.truth] * share + (1 - share) / 3 for share in (0.9, 0.8)]
    data.members = [data.predictions(name, values) for name, values in zip("ab", sure, strict=True)]
    assert made_of(data, ACCURACY).second is None  # the same labels
    assert made_of(data, LOG_LOSS, calibration=False).second is not None


def test_the_methods_that_auto_tried_may_be_the_second(level_2):
    data = level_2("classification", rows=200)
    made = made_of(data, LOG_LOSS, "auto")
    tried = {row["name"] for row in made.facts["candidates"] if row["cross_fitted"] is not None}
    assert made.facts["second"] in (tried | {"m0", "m1", "m2"}) - {made.facts["method"]}


def test_one_member_has_nothing_beside_it(level_2):
    data = level_2("classification", members=1)
    made = made_of(data, ACCURACY, "auto")
    assert made.second is None
    assert made.error_correlation is None
    assert made.facts["weights"] == {"m0": 1.0}
    assert "intervals" in made.facts


@pytest.mark.parametrize("metric", [ACCURACY, LOG_LOSS], ids=lambda metric: metric.name)
def test_groups_reach_every_interval(metric, skewed):
    groups = np.arange(400) // 40
    for member in skewed.members:  # half of the groups are answered wrongly
        member.oof[groups % 2 == 0] = member.oof[groups % 2 == 0][:, [1, 2, 0]]
    folds = groups % 5
    alone = made_of(skewed, metric, split=Split(folds)).facts["intervals"]
    whole = made_of(skewed, metric, split=Split(folds, groups)).facts["intervals"]
    for name in whole:
        assert np.ptp(whole[name]) > 1.2 * np.ptp(alone[name])


def test_in_time_later_labels_touch_no_earlier_answer(skewed):
    split = Split(np.arange(400) // 80, ordered=True)
    honest = made_of(skewed, LOG_LOSS, split=split).oof
    skewed.target[240:] = (skewed.target[240:] + 1) % 3
    np.testing.assert_array_equal(made_of(skewed, LOG_LOSS, split=split).oof[:320], honest[:320])


def test_rows_that_a_member_lacks_are_left_out_for_all(skewed):
    skewed.members[2].oof[:10] = np.nan
    made = made_of(skewed, ACCURACY)
    assert np.isnan(made.oof[:10]).all()
    assert np.isfinite(made.oof[10:]).all()
    some = skewed.members[0].oof[10:]
    choice = postprocessing_for(ACCURACY, skewed.target, EnsembleConfig(), 0)
    alone = postprocess(choice, some, skewed.target[10:], ACCURACY, Split(skewed.folds[10:]))
    assert made.facts["member_scores"]["m0"] == alone.score


def test_one_scored_fold_is_judged_in_random_parts(skewed):
    skewed.folds[skewed.folds != 2] = -1
    made = made_of(skewed, ACCURACY)
    assert len(made.facts["cross_fitted_fold_scores"]) == 5
    assert set(made.facts["adds"]) == {"m0", "m1", "m2"}


@pytest.mark.parametrize("method", ["auto", "greedy", "convex"])
@pytest.mark.parametrize("metric", [ACCURACY, LOG_LOSS], ids=lambda metric: metric.name)
def test_a_metric_that_sees_the_rows_decides_everywhere(metric, method, skewed):
    facts = RowFacts(skewed.random.uniform(0, 3, skewed.rows), np.arange(skewed.rows) % 3, skewed.folds < 4)
    seeing = metric.seeing("weights", "groups", "rows")
    split = Split(skewed.folds, np.arange(skewed.rows) // 2)
    target = with_facts(skewed.target, facts)
    made = make_ensemble(skewed.members, target, seeing, split, EnsembleConfig(method=method), 0)
    assert made.facts["metric"] == f"{metric.name} (weights, groups, rows)"
    if metric is LOG_LOSS:
        assert made.facts["cross_fitted_score"] == pytest.approx(seeing(target, made.oof))
    assert np.isnan(made.facts["cross_fitted_fold_scores"]).tolist() == [False] * 4 + [True]
    for name, score in {**made.facts["member_scores"], "ensemble": made.facts["cross_fitted_score"]}.items():
        low, high = made.facts["intervals"][name]
        assert low < score < high
    with pytest.raises(TypeError, match="this target does not know its rows' weights and groups and rows"):
        make_ensemble(skewed.members, skewed.target, seeing, split, EnsembleConfig(method=method), 0)

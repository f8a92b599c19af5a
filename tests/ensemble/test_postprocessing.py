"""Post-processing is used where it clearly helps, and its score is that of the whole procedure."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.config.schema import EnsembleConfig
from pipeline.ensemble.postprocessing import Postprocessor, PostprocessorLearner, postprocess
from pipeline.ensemble.postprocessing_choice import postprocessing_for, read_postprocessor
from pipeline.ensemble.split import Split
from pipeline.metrics import find_metric

ACCURACY, LOG_LOSS, F1 = (find_metric(name) for name in ("accuracy", "log_loss", "f1_macro"))


def calibrated(rows, classes, seed, skew=None):
    """Probabilities, and classes drawn from them; shown with `skew` they are no longer right."""
    random = np.random.default_rng(seed)
    power = np.exp(1.2 * random.normal(size=(rows, classes)))
    chance = power / power.sum(axis=1, keepdims=True)
    target = (random.random(rows)[:, None] > np.cumsum(chance, axis=1)[:, :-1]).sum(axis=1)
    shown = chance if skew is None else chance * skew
    return shown / shown.sum(axis=1, keepdims=True), chance, target


def postprocessed(prediction, target, metric, split=None, **settings):
    choice = postprocessing_for(metric, target, EnsembleConfig(**settings), 0)
    split = Split(np.arange(len(target)) % 5) if split is None else split
    return postprocess(choice, prediction, target, metric, split)


def truth(metric, postprocessor, shown, chance):
    """Returns the expected score of a postprocessor's answers, without the noise of drawn classes."""
    answer = postprocessor.answer(shown)
    if metric is ACCURACY:
        return float(chance[np.arange(len(answer)), answer].mean())
    return float(-(chance * np.log(answer)).sum(axis=1).mean())


@pytest.mark.parametrize("metric", [ACCURACY, LOG_LOSS], ids=lambda metric: metric.name)
def test_where_nothing_is_to_gain_nothing_is_claimed(metric):
    crowd, chance, _ = calibrated(4000, 4, 10_000)
    plain = postprocessed(
        crowd, np.arange(4000) % 4, metric, calibration=False, thresholds=False
    ).postprocessor
    claims, used = [], 0
    for seed in range(25):
        prediction, _, target = calibrated(200, 4, seed)
        result = postprocessed(prediction, target, metric)
        claimed = result.score - result.plain_score
        true = truth(metric, result.postprocessor, crowd, chance) - truth(metric, plain, crowd, chance)
        claims.append(claimed - true)
        used += result.used
    error = np.std(claims) / np.sqrt(len(claims))
    assert used <= 2
    assert abs(np.mean(claims)) < max(2.5 * error, 1e-4)
    assert abs(np.mean(claims)) < 0.002


@pytest.mark.parametrize("metric", [ACCURACY, LOG_LOSS], ids=lambda metric: metric.name)
def test_a_real_gain_is_taken_and_its_score_is_true(metric):
    skew, differences = [6.0, 1.0, 1.0, 0.5], []
    crowd, chance, _ = calibrated(4000, 4, 10_000, skew)
    for seed in range(12):
        prediction, _, target = calibrated(300, 4, seed, skew)
        result = postprocessed(prediction, target, metric)
        assert result.used
        assert result.parts[0] >= 3
        assert metric.better(result.score, result.plain_score)
        differences.append(result.score - truth(metric, result.postprocessor, crowd, chance))
    assert abs(np.mean(differences)) < 2.5 * np.std(differences) / np.sqrt(12) + 0.002


@pytest.mark.parametrize("metric", [ACCURACY, F1, LOG_LOSS], ids=lambda metric: metric.name)
@pytest.mark.parametrize("ordered", [False, True])
def test_a_part_s_labels_touch_nothing_that_is_said_of_it(metric, ordered):
    prediction, _, target = calibrated(300, 4, 0, [6.0, 1.0, 1.0, 0.5])
    split = Split(np.arange(300) // 60, ordered=ordered)
    honest = postprocessed(prediction, target, metric, split)
    for fold in (1, 3):
        lied_about = target.copy()
        out = split.folds >= fold if ordered else split.folds == fold
        lied_about[out] = (target[out] + 1) % 4
        other = postprocessed(prediction, lied_about, metric, split)
        rows = split.folds == fold
        np.testing.assert_array_equal(honest.answer[rows], other.answer[rows])


class Second(Postprocessor):
    """Answers by the second column of what it is given, where the plain postprocessor takes the first."""

    def answer(self, prediction):
        return prediction[:, 1].astype(np.int64)


class First(Postprocessor):
    def answer(self, prediction):
        return prediction[:, 0].astype(np.int64)


def judged(better, worse, split):
    """Returns what is made of a postprocessor that is right in some more rows, and wrong in others."""
    columns, target = np.ones((len(split), 2)), np.ones(len(split), np.int64)
    columns[better, 0] = 0
    columns[worse, 1] = 0
    return postprocess(PostprocessorLearner(First(), lambda *_: Second()), columns, target, ACCURACY, split)


def test_the_choice_is_made_without_the_part_that_it_is_scored_on():
    split = Split(np.arange(600) // 120)
    result = judged(np.arange(40), [], split)  # all that it gains lies in the first part
    assert result.used
    assert result.parts == (4, 5)
    assert result.score == result.plain_score == pytest.approx(1.0 - 40 / 600)


@pytest.mark.parametrize("better, worse, used", [(20, 12, False), (30, 10, True), (10, 30, False)])
def test_two_standard_errors_are_asked_for(better, worse, used):
    assert judged(np.arange(better), 300 + np.arange(worse), Split(np.arange(600) % 5)).used is used


def test_rows_of_one_group_are_one_witness():
    groups = np.repeat(np.arange(15), 40)
    folds = groups % 5
    rows = np.flatnonzero(groups == 2)
    assert judged(rows, [], Split(folds)).used
    assert not judged(rows, [], Split(folds, groups)).used
    every = np.arange(0, 600, 10)
    assert judged(every, [], Split(folds, groups)).used


def test_in_time_the_first_part_is_left_plain():
    prediction, _, target = calibrated(500, 4, 0, [6.0, 1.0, 1.0, 0.5])
    split = Split(np.arange(500) // 100, ordered=True)
    result = postprocessed(prediction, target, ACCURACY, split)
    np.testing.assert_array_equal(result.answer[:200], prediction[:200].argmax(axis=1))
    assert result.used
    assert 1 <= result.parts[0] <= 3


def test_ten_folds_are_judged_in_five_parts():
    prediction, _, target = calibrated(500, 4, 0, [6.0, 1.0, 1.0, 0.5])
    assert postprocessed(prediction, target, ACCURACY, Split(np.arange(500) % 10)).parts == (5, 5)


@pytest.mark.parametrize("name", ["accuracy", "log_loss", "auc"])
def test_what_is_switched_off_or_unknown_is_plain(name):
    prediction, _, target = calibrated(200, 4, 0, [6.0, 1.0, 1.0, 0.5])
    metric = find_metric(name)
    result = postprocessed(prediction, target, metric, calibration=False, thresholds=False)
    assert not result.used
    assert result.score == result.plain_score == metric(target, prediction.astype(np.float32))


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_hardly_any_rows(rows):
    prediction, _, target = calibrated(rows, 3, 0)
    for metric in (ACCURACY, LOG_LOSS):
        assert np.isfinite(postprocessed(prediction, target, metric).score)


@pytest.mark.parametrize("name", ["accuracy", "log_loss", "qwk", "auc"])
@pytest.mark.parametrize("skew", [None, [6.0, 1.0, 1.0, 0.5]])
def test_a_touch_comes_back_from_json_as_it_was(name, skew):
    import json

    prediction, _, target = calibrated(400, 4, 0, skew)
    postprocessor = postprocessed(prediction, target, find_metric(name)).postprocessor
    again = read_postprocessor(json.loads(json.dumps(postprocessor.to_json())))
    np.testing.assert_array_equal(again.answer(prediction), postprocessor.answer(prediction))
    np.testing.assert_array_equal(again.values(prediction), postprocessor.values(prediction))
    labels, same = postprocessor.labels(prediction), again.labels(prediction)
    assert (labels is None) == (same is None)


def test_a_metric_that_is_called_is_judged_by_paired_draws():
    prediction, _, target = calibrated(500, 4, 0, [2.0, 1.0, 1.0, 0.8])
    called = replace(F1, name="called")
    assert postprocessed(prediction, target, called).used == postprocessed(prediction, target, F1).used

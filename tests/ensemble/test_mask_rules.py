"""A rule for masks is chosen by the score, without the fold that it is scored on; blends are means."""

import json

import numpy as np
import pytest

from pipeline.config.schema import EnsembleConfig
from pipeline.ensemble import mask_rules
from pipeline.ensemble.ensemble import make_ensemble
from pipeline.ensemble.fitted import FittedEnsemble
from pipeline.ensemble.mask_rules import MaskDecision, fit_rules
from pipeline.ensemble.pixel_sample import pixel_sample
from pipeline.ensemble.postprocessing import postprocess
from pipeline.ensemble.postprocessing_choice import postprocessing_for, read_postprocessor
from pipeline.ensemble.split import Split
from pipeline.ensemble.stack import Stack
from pipeline.metrics import find_metric
from pipeline.registry import METHODS, TASKS
from pipeline.tasks.mask_rule import MaskRule
from pipeline.tasks.mask_truth import MaskTruth
from pipeline.validation.predictions import Predictions

ROWS, SIDE = 20, 16


def discs(seed=0):
    """Returns a task, its target, and what a model says that is sure of 0.35 where a mask is.

    Half of the pictures are empty, but for what the model takes for a small disc.
    """
    random, runs, said = np.random.default_rng(seed), [], []
    down, across = np.mgrid[:SIDE, :SIDE]
    for row in range(ROWS):
        y, x = random.integers(4, SIDE - 4, 2)
        away = (down - y) ** 2 + (across - x) ** 2
        mask = away <= (16 if row % 2 else -1)
        flat = np.flatnonzero(mask.ravel(order="F"))
        runs.append([np.stack([flat, flat + 1], axis=1)] if len(flat) else [])
        seen = mask if row % 2 else away <= 1
        said.append(np.where(seen, 0.35, 0.05).ravel())
    truth = MaskTruth.of(np.full((ROWS, 2), SIDE), runs)
    task = TASKS.get("mask")(("mask",), SIDE, SIDE, truth=truth)
    return task, np.arange(ROWS, dtype=np.float64)[:, None], np.array(said, np.float16)


TASK, TARGET, SAID = discs()
METRIC = find_metric("iou").of(TASK)
SPLIT = Split(np.arange(ROWS) // 2 % 5)


def test_threshold_and_smallest_mask_are_found():
    plain = MaskDecision.plain(TASK)
    found = fit_rules(SAID, TARGET, METRIC, plain)
    assert found.rules[0].threshold == 0.3
    assert found.rules[0].smallest > 5
    assert METRIC(TARGET, plain.answer(SAID)) == 0.5
    assert METRIC(TARGET, found.answer(SAID)) == 1.0
    assert read_postprocessor(found.to_json()) == found
    assert "threshold 0.3" in found.describe()


def test_each_class_gets_the_rule_that_suits_it():
    """What is right of one class is turned down by half for the other: its threshold alone falls."""
    truths = TASK.truth, TASK.truth
    runs = [list(truth.spans(row)) for truth in truths for row in range(ROWS)]
    both = MaskTruth.of(np.full((2 * ROWS, 2), SIDE), runs)
    task = TASKS.get("class_masks")(("a", "b"), SIDE, SIDE, truth=both)
    sure = TASK.columns(TARGET)
    values = np.stack([0.55 * sure, 0.35 * sure], axis=2).reshape(ROWS, -1).astype(np.float16)
    metric = find_metric("dice").of(task)
    plain = MaskDecision.plain(task)
    assert metric(TARGET, plain.answer(values)) == 0.75
    found = fit_rules(values, TARGET, metric, plain)
    assert [rule.threshold for rule in found.rules] == [0.5, 0.3]
    assert metric(TARGET, found.answer(values)) == 1.0
    assert read_postprocessor(json.loads(json.dumps(found.to_json()))) == found
    assert found.describe().startswith("a: threshold")
    learner = postprocessing_for(metric, TARGET, EnsembleConfig(), 0)
    honest = postprocess(learner, values, TARGET, metric, SPLIT)
    spoiled = values.copy()
    spoiled[SPLIT.rows_of(0)] = values[SPLIT.rows_of(0)][:, ::-1]
    again = postprocess(learner, spoiled, TARGET, metric, SPLIT)
    for row in SPLIT.rows_of(0):
        assert again.answer[row].rules == honest.answer[row].rules


def test_a_rule_for_large_pictures_is_chosen_by_many_of_them(monkeypatch):
    """They are shrunk, so that more fit; `smallest` counts the pixels of the source all the same."""
    large, side, runs = 4, 4 * SIDE, []
    for row in range(ROWS):
        mask = np.kron(TASK.truth.labels(row), np.ones((large, large), int)) > 0
        flat = np.flatnonzero(mask.ravel(order="F"))
        runs.append([np.stack([flat, flat + 1], axis=1)] if len(flat) else [])
    values = np.kron(SAID.reshape(ROWS, SIDE, SIDE), np.ones((1, large, large))).reshape(ROWS, -1)
    task = TASKS.get("mask")(("mask",), side, side, truth=MaskTruth.of(np.full((ROWS, 2), side), runs))
    metric, looked, once = find_metric("iou").of(task), [], mask_rules._fit_rule
    monkeypatch.setattr(mask_rules, "PIXELS", 4 * side**2)
    monkeypatch.setattr(mask_rules, "ROUGH", side**2 // 4)
    monkeypatch.setattr(mask_rules, "_fit_rule", lambda *asked: looked.append(len(asked[1])) or once(*asked))
    found = fit_rules(values, TARGET, metric, MaskDecision.plain(task))
    assert looked == [15]
    assert found.rules[0].threshold == 0.3
    assert 5 * large**2 < found.rules[0].smallest < 49 * large**2
    assert metric(TARGET, found.answer(values)) == 1.0


def test_a_fold_chooses_nothing_of_what_it_is_scored_by():
    """Predictions that are turned round on one fold's rows change no rule that it is given."""
    learner = postprocessing_for(METRIC, TARGET, EnsembleConfig(), 0)
    honest = postprocess(learner, SAID, TARGET, METRIC, SPLIT)
    assert honest.score == 1.0
    rows = SPLIT.rows_of(0)
    spoiled = SAID.copy()
    spoiled[rows] = 0.35 - SAID[rows]
    found = postprocess(learner, spoiled, TARGET, METRIC, SPLIT)
    for row in rows:
        assert found.answer[row].rules == honest.answer[row].rules


def test_a_truth_that_is_scored_chooses_no_rule():
    """Empty truths in one fold leave the rule of that fold as it was."""
    learner = postprocessing_for(METRIC, TARGET, EnsembleConfig(), 0)
    honest = postprocess(learner, SAID, TARGET, METRIC, SPLIT)
    rows = SPLIT.rows_of(1)
    target = TARGET.copy()
    target[rows] = TARGET[rows][::-1]
    found = postprocess(learner, SAID, target, METRIC, SPLIT)
    assert [answer.rules for answer in found.answer[rows]] == [answer.rules for answer in honest.answer[rows]]


def member(name, values):
    ids = np.array([f"p{row}" for row in range(ROWS)])
    return Predictions(name, TASK, values, values[:3], ids, ids[:3], "folds")


def noisy(seed, noise):
    random = np.random.default_rng(seed)
    sure = TASK.columns(TARGET) * 0.8 + 0.1
    return np.clip(sure + random.normal(0, noise, sure.shape), 0.01, 0.99).astype(np.float16)


@pytest.mark.parametrize("method", ["auto", "convex", "mean", "best"])
def test_members_are_blended_and_the_blend_goes_to_disk(tmp_path, method):
    members = [member("a", noisy(0, 0.1)), member("b", noisy(1, 0.4))]
    made = make_ensemble(members, TARGET, METRIC, SPLIT, EnsembleConfig(method=method), 0)
    assert made.oof.dtype == made.test.values.dtype == np.float16
    assert made.facts["cross_fitted_score"] > 0.95
    assert made.test.labels.shape == (3, len(MaskRule()))
    made.fitted.save(tmp_path / "fitted")
    again = FittedEnsemble.load(tmp_path / "fitted", METRIC)
    handed = again.apply({one.name: one.test for one in members})
    assert np.array_equal(handed.values, made.test.values)
    assert np.array_equal(handed.labels, made.test.labels)
    if method == "convex":
        assert made.facts["weights"]["a"] > 2 * made.facts["weights"].get("b", 0.0)


def test_methods_that_cannot_blend_pictures_say_so():
    able = {name for name in METHODS if not METHODS.get(name).cannot(METRIC, TARGET)}
    assert able == {"auto", "best", "convex", "mean"}


def test_a_sample_of_pixels_knows_what_is_true():
    stack = Stack((TASK.columns(TARGET).astype(np.float16),), np.arange(ROWS)[::2])
    sample, truth = pixel_sample(stack, TARGET[::2], TASK, 0)
    assert np.array_equal(sample.member(0), truth)

"""Boxes of members are fused, and a rule says which are handed in; a fold chooses nothing for itself."""

import numpy as np
import pytest

from pipeline.config.schema import EnsembleConfig
from pipeline.data import dense
from pipeline.ensemble.blend import blend
from pipeline.ensemble.box_rules import BoxDecision, BoxRule, fit_box_rule, plain_boxes
from pipeline.ensemble.ensemble import make_ensemble
from pipeline.ensemble.fitted import FittedEnsemble
from pipeline.ensemble.methods.fusion import Fusion
from pipeline.ensemble.postprocessing import postprocess
from pipeline.ensemble.postprocessing_choice import postprocessing_for, read_postprocessor
from pipeline.ensemble.split import Split
from pipeline.ensemble.stack import Stack
from pipeline.errors import ConfigError
from pipeline.metrics import find_metric
from pipeline.package.contents import shown_values
from pipeline.tasks.box_array import BOX, in_row, make_boxes, there
from pipeline.tasks.box_truth import BoxTruth
from pipeline.tasks.boxes import Boxes
from pipeline.validation.predictions import Predictions

ROWS, MOST = 24, 6
TARGET = np.arange(ROWS, dtype=float)[:, None]
SPLIT = Split(np.arange(ROWS) % 3)


def corners(random, n=2):
    low = random.uniform(0.0, 0.6, (n, 2))
    return np.concatenate([low, low + random.uniform(0.2, 0.35, (n, 2))], axis=1)


@pytest.fixture(scope="module")
def task():
    random = np.random.default_rng(0)
    rows = [make_boxes(corners(random)) for _ in range(ROWS)]
    return Boxes(("box",), MOST, truth=BoxTruth.of(np.full((ROWS, 2), 64), rows))


def said(task, noise, wrong, seed):
    """Returns a member: true boxes off by noise, and as many wrong ones of little confidence."""
    random = np.random.default_rng(seed)
    found = np.zeros((ROWS, MOST), BOX)
    for row in range(ROWS):
        true = task.known.row(row)
        off = np.stack([true[name] for name in ("x", "y", "width", "height")], axis=1)
        off[:, 2:] += off[:, :2]
        off = off + random.normal(0, noise, off.shape)
        both = np.concatenate([off, corners(random, wrong)])
        sure = np.concatenate([random.uniform(0.6, 0.95, len(off)), random.uniform(0.2, 0.5, wrong)])
        found[row] = in_row(make_boxes(both, 0, sure), MOST)
    return found


@pytest.fixture(scope="module")
def members(task):
    return {"a": said(task, 0.03, 1, 1), "b": said(task, 0.03, 1, 2), "poor": said(task, 0.2, 2, 3)}


@pytest.fixture(scope="module")
def unsure(task):
    return said(task, 0.01, 3, 4)


def predictions(task, name, values):
    ids = np.array([f"p{row}" for row in range(ROWS)])
    return Predictions(name, task, values, values[:4], ids, ids[:4], "hash")


def test_boxes_that_agree_are_better_than_each_alone(task, members):
    metric = find_metric("box_map").of(task)
    mean = dense.weighted([members["a"], members["b"]], [0.5, 0.5])
    assert metric(TARGET, mean) > max(metric(TARGET, members[name]) for name in ("a", "b"))


def test_fusion_leaves_a_poor_member_out(task, members, tmp_path):
    metric = find_metric("box_map").of(task)
    stack = Stack.of(list(members.values()))
    method = Fusion(metric, MOST).fit_stack(stack, TARGET, SPLIT)
    assert method.weights_[2] < 0.5 * method.weights_[:2].min()
    assert method.weights_.sum() == pytest.approx(1.0)
    fused = method.combine_stack(stack)
    assert metric(TARGET, fused) >= metric(TARGET, stack.mean())
    method.save(tmp_path)
    again = Fusion(metric, MOST).load(tmp_path)
    assert dense.same(again.combine_stack(stack), fused)


def test_the_rule_is_what_the_metric_asks_for(task, members, unsure):
    ranked, counted = (find_metric(name).of(task) for name in ("box_map", "box_precision@0.5"))
    assert plain_boxes(ranked).rule.threshold == 0.0
    rule = fit_box_rule(unsure, TARGET, counted, plain_boxes(counted)).rule
    assert rule.threshold == 0.5  # wrong ones are below
    decision = BoxDecision(BoxRule(0.5, 0.3))
    assert read_postprocessor(decision.to_json()) == decision
    values = decision.values(members["a"])
    assert values.dtype == BOX
    assert values["confidence"][values["confidence"] > 0].min() >= 0.5
    assert counted(TARGET, decision.said(values, None)) == counted(TARGET, decision.answer(members["a"]))


def test_what_nobody_decided_on_is_cut_at_the_plain_rule(task, members):
    metric = find_metric("box_precision@0.5").of(task)
    assert metric(TARGET, members["a"]) == metric(TARGET, plain_boxes(metric).answer(members["a"]))


def test_a_fold_chooses_no_rule_by_what_it_is_scored_by(task, unsure):
    """Most rows are of one fold, whose truth would have unsure boxes handed in: it is not asked."""
    split = Split(np.repeat([0, 1, 2], [16, 4, 4]))
    lies = [there(unsure[row]) if row < 16 else task.known.row(row) for row in range(ROWS)]
    liar = task.with_truth(BoxTruth.of(np.full((ROWS, 2), 64), lies))
    metric = find_metric("box_precision@0.5").of(liar)
    found = postprocess(
        postprocessing_for(metric, TARGET, EnsembleConfig(), 0), unsure, TARGET, metric, split
    )
    assert min(one.boxes["confidence"].min() for one in found.answer[:16]) >= 0.5


def test_a_fold_chooses_no_weights_by_what_it_is_scored_by(task, members):
    metric = find_metric("box_precision@0.5").of(task)
    out, lies = SPLIT.rows_of(0), TARGET.copy()
    lies[out] = TARGET[np.roll(out, 1)]
    some = [predictions(task, *one) for one in members.items()]
    honest, other = (blend(some, truth, metric, SPLIT, "fusion") for truth in (TARGET, lies))
    assert dense.same(honest.oof[out], other.oof[out])


def test_an_ensemble_is_fitted_saved_and_handed_in(task, members, tmp_path):
    metric = find_metric("box_precision@0.5").of(task)
    some = [predictions(task, *one) for one in members.items()]
    made = make_ensemble(some, TARGET, metric, SPLIT, EnsembleConfig(), 0)
    assert {one["name"] for one in made.facts["candidates"] if not one["skipped"]} == {
        "mean",
        "best",
        "fusion",
    }
    assert made.facts["cross_fitted_score"] > max(made.facts["member_scores"].values()) - 0.02
    assert made.error_correlation.shape == (3, 3)
    made.fitted.save(tmp_path / "e")
    again = FittedEnsemble.load(tmp_path / "e", metric).apply(
        {name: one[:4] for name, one in members.items()}
    )
    assert dense.same(again.values, made.test.values)
    cells = task.cells(None, again.values, again.labels, None, np.full((4, 2), 64))
    assert all(len(cell.split()) % 5 == 0 for (cell,) in cells)


@pytest.mark.parametrize("name", ["convex", "greedy", "rank_mean"])
def test_methods_of_columns_say_that_they_cannot(task, members, name):
    metric = find_metric("box_map").of(task)
    with pytest.raises(ConfigError, match=r"boxes are fused, and have no columns"):
        blend([predictions(task, *one) for one in members.items()], TARGET, metric, SPLIT, name)


def test_fusion_is_for_boxes_alone():
    assert Fusion.cannot(find_metric("rmse"), np.zeros((3, 1))) == "it fuses boxes"


def test_a_package_compares_all_that_is_said_of_boxes(members):
    numbers = dense.numbers_of(members["a"])
    assert numbers.shape == (ROWS, 6 * MOST)
    assert numbers[0, :6] == pytest.approx(list(members["a"][0, 0]))
    assert shown_values(members["a"], True)[:, 0] == pytest.approx(members["a"]["confidence"].mean(axis=1))

"""What every metric promises, those of tomorrow too."""

import numpy as np
import pytest

from pipeline.metrics import FAMILIES, METRICS, find_metric

ROWS = 60
EXAMPLES = {
    **{"map@K": "map@3", "ndcg@K": "ndcg@3", "top@K": "top@1", "quantile@Q": "quantile@0.9"},
    **{"box_map@T": "box_map@0.5", "box_precision@B": "box_precision@0.5"},
}
NAMES = [*METRICS.names(), *(EXAMPLES.get(form, form.replace("@B", "@2")) for form in FAMILIES)]


def of_kind(metric, kind, random):
    """Returns a target, the prediction that meets it, and a list of others."""
    if kind == "classification":
        outputs = 2 if metric.binary else 4
        target = random.integers(0, outputs, ROWS)
        truth = np.eye(outputs)[target] * 0.97 + 0.03 / outputs
        return target, truth, [random.dirichlet(np.ones(outputs), ROWS) for _ in range(5)]
    if kind == "multilabel":
        target = random.integers(0, 2, (ROWS, 4))
        target[0], target[1] = 1, 0
        return target, target * 0.98 + 0.01, [random.uniform(size=(ROWS, 4)) for _ in range(5)]
    target = random.uniform(0.1, 1.5, (ROWS, metric.targets or 3))
    return target, target, [target * random.uniform(0.5, 1.5, target.shape) for _ in range(5)]


CASES = [
    (name, kind)
    for name in NAMES
    for kind in find_metric(name).tasks
    if not find_metric(name).by_task  # see test_masks.py, test_spans.py, test_boxes.py
]


def test_every_family_has_an_example():
    assert len(NAMES) == len(METRICS.names()) + len(FAMILIES.names())
    assert "fbeta@2" in NAMES


@pytest.mark.parametrize("name, kind", CASES)
def test_nothing_is_better_than_the_truth(name, kind):
    metric = find_metric(name)
    target, truth, others = of_kind(metric, kind, np.random.default_rng(0))
    best = metric(target, truth)
    assert np.isfinite(best)
    for other in others:
        assert metric.better(best, metric(target, other))
        assert metric.loss(target, truth) < metric.loss(target, other)
    assert type(best) is float


@pytest.mark.parametrize("name, kind", CASES)
def test_the_score_of_some_rows_is_the_same_by_their_positions(name, kind):
    metric, random = find_metric(name), np.random.default_rng(4)
    target, _, others = of_kind(metric, kind, random)
    said = others[0] if kind == "regression" else others[0].round(1)  # ties
    score_of = metric.of_rows(target, said)
    for size in (1, 5, ROWS):
        rows = random.integers(0, ROWS, size)
        np.testing.assert_equal(score_of(rows), metric(target[rows], said[rows]))


@pytest.mark.parametrize("name, kind", CASES)
def test_the_order_of_the_rows_does_not_matter(name, kind):
    metric, random = find_metric(name), np.random.default_rng(1)
    target, _, others = of_kind(metric, kind, random)
    order = random.permutation(ROWS)
    assert metric(target[order], others[0][order]) == pytest.approx(metric(target, others[0]))


@pytest.mark.parametrize("name, kind", CASES)
def test_it_changes_nothing_and_takes_single_precision(name, kind):
    metric, random = find_metric(name), np.random.default_rng(2)
    target, _, others = of_kind(metric, kind, random)
    target.flags.writeable = others[0].flags.writeable = False
    exact = metric(target, others[0])
    assert metric(target, others[0].astype(np.float32)) == pytest.approx(exact, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("name, kind", CASES)
def test_predictions_that_are_all_alike_have_a_score(name, kind):
    metric = find_metric(name)
    target, truth, _ = of_kind(metric, kind, np.random.default_rng(3))
    alike = np.full_like(truth, 1.0 / truth.shape[1])
    assert np.isfinite(metric(target, alike))
    assert metric.better(metric(target, truth), metric(target, alike))


@pytest.mark.parametrize("name, kind", CASES)
def test_a_target_that_is_all_alike_has_a_score_or_says_that_it_has_none(name, kind):
    metric = find_metric(name)
    target, truth, others = of_kind(metric, kind, np.random.default_rng(4))
    target, truth = np.repeat(target[2:3], ROWS, axis=0), np.repeat(truth[2:3], ROWS, axis=0)
    with np.errstate(all="raise", under="ignore"):
        scores = [metric(target, prediction) for prediction in (truth, *others)]
    no_curve = ("auc", "gini", "auc_weighted", "average_precision", "auc_micro")
    assert np.isfinite(scores).all() or name in no_curve
    assert not any(metric.better(score, scores[0]) for score in scores)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_name_is_the_same_metric(name):
    assert find_metric(name) == find_metric(name)
    assert find_metric(name).name == name
    assert [other for other in NAMES if find_metric(other) == find_metric(name)] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_its_facts_fit_one_another(name):
    metric = find_metric(name)
    values = metric.wants == "value"
    assert values == (metric.tasks == ("regression",))
    assert values or not (metric.log_target or metric.targets or metric.objective != "l2")
    assert values or metric.floor is None
    assert not metric.binary or metric.tasks == ("classification",)
    assert (metric.quantile is not None) == (metric.objective == "quantile")

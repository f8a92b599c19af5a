"""Metrics that see columns of the table: what the rows are counted by goes wherever rows go, or raises."""

import numpy as np
import pytest
from sklearn import metrics as reference

from pipeline.errors import ConfigError
from pipeline.metrics import METRICS, RowFacts, facts_of, find_metric, like, with_facts

RNG = np.random.default_rng(0)
ROWS = 120
VALUES, GUESS = RNG.gamma(2, 3, (2, ROWS, 1))
CLASSES, PROBABILITY = RNG.integers(0, 3, ROWS), RNG.dirichlet(np.ones(3), ROWS)
WEIGHTS = RNG.integers(0, 4, ROWS).astype(float)
GROUPS = RNG.integers(0, 4, ROWS)
COUNTED = RNG.uniform(size=ROWS) < 0.6
FACTS = RowFacts(WEIGHTS, GROUPS, COUNTED)


def seeing(name, *words):
    return find_metric(name).seeing(*words)


@pytest.mark.parametrize(
    "name, target, guess, expected",
    [
        ("mae", VALUES, GUESS, reference.mean_absolute_error),
        ("rmse", VALUES, GUESS, reference.root_mean_squared_error),
        ("rmsle", VALUES, GUESS, reference.root_mean_squared_log_error),
        ("log_loss", CLASSES, PROBABILITY, reference.log_loss),
    ],
)
def test_weights_are_those_of_scikit_learn(name, target, guess, expected):
    metric = seeing(name, "weights")
    score = metric(with_facts(target, FACTS), guess)
    assert score == pytest.approx(expected(target, guess, sample_weight=WEIGHTS))
    assert score != pytest.approx(find_metric(name)(target, guess))
    assert metric.name == f"{name} (weights)"
    assert (metric.kind, metric == find_metric(name)) == (name, False)


def test_weighted_labels_are_those_of_scikit_learn():
    label = PROBABILITY.argmax(axis=1)
    expected = reference.accuracy_score(CLASSES, label, sample_weight=WEIGHTS)
    truth = with_facts(CLASSES, FACTS)
    assert seeing("accuracy", "weights")(truth, PROBABILITY) == pytest.approx(expected)
    assert seeing("accuracy", "weights")(truth, label) == pytest.approx(expected)


@pytest.mark.parametrize("name", [name for name in METRICS if METRICS.get(name).row_means])
def test_a_weight_of_two_is_the_row_twice(name):
    metric = seeing(name, "weights")
    whole = {
        "classification": (CLASSES, PROBABILITY),
        "multilabel": (RNG.integers(0, 2, (ROWS, 3)), PROBABILITY),
        "regression": (np.hstack([VALUES, GUESS]), np.hstack([GUESS, VALUES])),
    }
    for kind in metric.tasks:
        target, guess = whole[kind]
        rows = np.repeat(np.arange(ROWS), WEIGHTS.astype(int))
        expected = find_metric(name)(target[rows], guess[rows])
        assert metric(with_facts(target, FACTS), guess) == pytest.approx(expected)


def test_rows_that_do_not_count_are_left_out_of_any_metric():
    for name in ("accuracy", "mcc", "qwk", "auc"):
        expected = find_metric(name)(CLASSES[COUNTED], PROBABILITY[COUNTED])
        assert seeing(name, "rows")(with_facts(CLASSES, FACTS), PROBABILITY) == pytest.approx(expected)


def test_groups_are_averaged_for_any_metric():
    for name in ("log_mae", "spearman", "rmse"):
        metric = find_metric(name)
        parts = [np.flatnonzero(np.isin(GROUPS, [group])) for group in range(4)]
        scores = [metric(VALUES[part], GUESS[part]) for part in parts]
        found = metric.seeing("groups")(with_facts(VALUES, FACTS), GUESS)
        assert found == pytest.approx(np.mean(scores))


def test_groups_that_have_no_score_are_left_out():
    target, guess = np.array([0, 1, 0, 0]), np.eye(2)[[0, 1, 0, 1]]
    facts = RowFacts(groups=np.array([0, 0, 1, 1]))
    assert seeing("auc", "groups")(with_facts(target, facts), guess) == 1.0
    alone = RowFacts(groups=np.arange(4))
    assert np.isnan(seeing("auc", "groups")(with_facts(target, alone), guess))


def test_all_together_by_hand():
    facts = RowFacts(np.array([1.0, 3, 1, 1]), np.array([0, 0, 1, 1]), np.array([True, True, True, False]))
    target, guess = np.zeros((4, 1)), np.array([[1.0], [2.0], [4.0], [100.0]])
    found = seeing("mae", "weights", "groups", "rows")(with_facts(target, facts), guess)
    assert found == pytest.approx(((1 * 1 + 3 * 2) / 4 + 4) / 2)


def test_nothing_that_counts_has_no_score():
    nothing = with_facts(VALUES, RowFacts(weights=np.zeros(ROWS), counted=np.zeros(ROWS, bool)))
    assert np.isnan(seeing("mae", "weights")(nothing, GUESS))
    assert np.isnan(seeing("r2", "rows")(nothing, GUESS))


@pytest.mark.parametrize("rows", [np.arange(0, ROWS, 3), COUNTED, slice(5, 50), [3, 3, 1]])
def test_facts_go_where_the_rows_go(rows):
    truth = with_facts(VALUES, FACTS)[rows]
    assert np.array_equal(facts_of(truth).weights, WEIGHTS[rows])
    assert np.array_equal(facts_of(truth).groups, GROUPS[rows])
    assert np.array_equal(facts_of(truth[:2]).counted, COUNTED[rows][:2])
    metric = seeing("mae", "weights")
    assert metric(truth, GUESS[rows]) == metric(with_facts(VALUES[rows], FACTS.take(rows)), GUESS[rows])


@pytest.mark.parametrize(
    "lost",
    [
        lambda truth: np.asarray(truth),
        lambda truth: truth + 0,
        lambda truth: truth.astype(np.float32),
        lambda truth: truth.copy(),
        lambda truth: truth[:, [0]],
        lambda truth: truth.reshape(-1, 1),
        lambda truth: np.concatenate([truth, truth])[:ROWS],
    ],
)
def test_a_metric_never_scores_rows_whose_facts_are_lost(lost):
    plain = lost(with_facts(VALUES, FACTS))
    assert facts_of(plain) is None
    with pytest.raises(TypeError, match=r"mae \(weights\): this target does not know its rows' weights"):
        seeing("mae", "weights")(plain, GUESS)
    assert find_metric("mae")(plain, GUESS) == pytest.approx(np.abs(VALUES - GUESS).mean(), rel=1e-5)


def test_facts_that_a_metric_does_not_see_change_nothing():
    assert find_metric("mae")(with_facts(VALUES, FACTS), GUESS) == find_metric("mae")(VALUES, GUESS)
    only = seeing("mae", "rows")(with_facts(VALUES, FACTS), GUESS)
    assert only == find_metric("mae")(VALUES[COUNTED], GUESS[COUNTED])


def test_what_is_made_row_by_row_may_keep_them():
    truth = with_facts(VALUES, FACTS)
    assert facts_of(like(truth, np.log1p(truth))) is FACTS
    assert facts_of(like(VALUES, VALUES)) is None
    assert type(truth + 1) is np.ndarray


def test_what_is_no_mean_over_rows_cannot_be_weighted():
    with pytest.raises(ConfigError, match=r"'spearman' is no mean over rows .* Those that can: accuracy, "):
        seeing("spearman", "weights")
    assert seeing("spearman") is find_metric("spearman")

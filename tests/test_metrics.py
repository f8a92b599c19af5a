import numpy as np
import pytest
from sklearn import metrics as reference

from pipeline.errors import ConfigError
from pipeline.metrics import METRICS, Metric, find_metric
from pipeline.tasks.base import make_task

RNG = np.random.default_rng(0)
CLASSES = RNG.integers(0, 4, 200)
PROBABILITY = RNG.dirichlet(np.ones(4), 200)
LABEL = PROBABILITY.argmax(axis=1)
BINARY = RNG.integers(0, 2, 200)
TWO = np.stack([1 - PROBABILITY[:, 0], PROBABILITY[:, 0]], axis=1)
VALUES = RNG.gamma(2, 3, (200, 1))
GUESS = VALUES * RNG.uniform(0.5, 1.5, (200, 1))


@pytest.mark.parametrize(
    "name, target, prediction, expected",
    [
        ("accuracy", CLASSES, PROBABILITY, reference.accuracy_score(CLASSES, LABEL)),
        ("log_loss", CLASSES, PROBABILITY, reference.log_loss(CLASSES, PROBABILITY)),
        ("log_loss", CLASSES, 3 * PROBABILITY, reference.log_loss(CLASSES, PROBABILITY)),
        ("auc", BINARY, TWO, reference.roc_auc_score(BINARY, TWO[:, 1])),
        ("auc", CLASSES, PROBABILITY, reference.roc_auc_score(CLASSES, PROBABILITY, multi_class="ovr")),
        ("f1_micro", CLASSES, PROBABILITY, reference.f1_score(CLASSES, LABEL, average="micro")),
        ("f1_macro", CLASSES, PROBABILITY, reference.f1_score(CLASSES, LABEL, average="macro")),
        ("f1", BINARY, TWO, reference.f1_score(BINARY, TWO.argmax(axis=1))),
        ("mcc", CLASSES, PROBABILITY, reference.matthews_corrcoef(CLASSES, LABEL)),
        ("qwk", CLASSES, PROBABILITY, reference.cohen_kappa_score(CLASSES, LABEL, weights="quadratic")),
        ("rmse", VALUES, GUESS, reference.root_mean_squared_error(VALUES, GUESS)),
        ("rmsle", VALUES, GUESS, reference.root_mean_squared_log_error(VALUES, GUESS)),
        ("mae", VALUES, GUESS, reference.mean_absolute_error(VALUES, GUESS)),
        ("r2", VALUES, GUESS, reference.r2_score(VALUES, GUESS)),
    ],
)
def test_agrees_with_scikit_learn(name, target, prediction, expected):
    assert find_metric(name)(target, prediction) == pytest.approx(expected, rel=1e-6)


def test_f1_of_rows_is_that_of_scikit_learn_where_a_row_has_labels():
    target, found = RNG.integers(0, 2, (2, 200, 4))
    score = find_metric("f1_samples")
    some = target.any(axis=1) | found.any(axis=1)
    expected = reference.f1_score(target[some], found[some], average="samples", zero_division=0)
    assert score(target[some], found[some]) == pytest.approx(expected)
    assert score(np.zeros((3, 4)), np.zeros((3, 4))) == 1.0


def test_f1_looks_at_the_second_class_alone():
    f1 = find_metric("f1")
    always, never = np.tile([0.2, 0.8], (4, 1)), np.tile([0.8, 0.2], (4, 1))
    target = np.array([1, 0, 0, 0])
    assert f1(target, always) == pytest.approx(2 * 1 / (1 + 4))
    assert f1(target, never) == 0.0
    assert f1(np.zeros(4, int), never) == 0.0


def test_r2_of_a_constant_target_is_that_of_scikit_learn():
    constant = np.full((5, 1), 3.0)
    off = constant + 1e-9
    r2 = find_metric("r2")
    assert r2(constant, off) == reference.r2_score(constant, off) == 0.0
    assert r2(constant, constant) == reference.r2_score(constant, constant) == 1.0
    both = np.hstack([constant, np.arange(5.0)[:, None]])
    guess = both + np.array([[1.0, 0.5]])
    assert r2(both, guess) == pytest.approx(reference.r2_score(both, guess))


def test_qwk_measures_by_the_values_of_the_classes():
    task = make_task("classification", ("1", "2", "5"))
    metric = find_metric("qwk").of(task)
    target, label = RNG.integers(0, 3, 300), RNG.integers(0, 3, 300)
    values = np.array([1, 2, 5])
    everywhere = {"weights": "quadratic", "labels": np.arange(1, 6)}
    expected = reference.cohen_kappa_score(values[target], values[label], **everywhere)
    assert metric(target, label) == pytest.approx(expected)
    assert metric(target, np.eye(3)[label]) == pytest.approx(expected)
    assert metric(target, label) != pytest.approx(find_metric("qwk")(target, label))
    assert metric.loss(target, label) == pytest.approx(-expected)
    assert metric == find_metric("qwk"), "it is the same metric"


def test_classes_that_are_no_numbers_are_as_far_apart_as_their_places():
    metric = find_metric("qwk")
    assert metric.of(make_task("classification", ("bad", "fair", "good"))).values == ()
    assert find_metric("accuracy").of(make_task("classification", ("1", "2"))).values == ()
    assert metric(np.array([1, 1]), np.array([1, 1])) == 1.0


def test_log_loss_clips_where_kaggle_does():
    certain = np.array([[1.0, 0.0]])
    assert find_metric("log_loss")(np.array([1]), certain) == pytest.approx(-np.log(1e-15))


def test_multilabel_auc_is_the_mean_over_labels():
    target = np.stack([BINARY, 1 - BINARY], axis=1).astype(float)
    both = np.stack([TWO[:, 1], TWO[:, 0]], axis=1)
    assert find_metric("auc")(target, both) == pytest.approx(reference.roc_auc_score(BINARY, TWO[:, 1]))


def test_map_at_k_counts_ties_against_the_prediction():
    target = np.array([0, 1, 2])
    probability = np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.3, 0.3, 0.3]])
    assert find_metric("map@2")(target, probability) == pytest.approx((1 + 0.5 + 0) / 3)
    assert find_metric("map@3")(target, probability) == pytest.approx((1 + 0.5 + 1 / 3) / 3)


def test_direction_turns_the_loss():
    assert find_metric("accuracy").loss(CLASSES, PROBABILITY) == -find_metric("accuracy")(
        CLASSES, PROBABILITY
    )
    assert find_metric("rmse").better(1.0, 2.0)
    assert find_metric("r2").better(2.0, 1.0)


def custom(target, value):
    return float(np.abs(target - value).max())


WORST = Metric("worst", custom, greater_is_better=False, wants="value", tasks=("regression",))


def test_a_metric_of_the_competition_is_found_by_its_dotted_name():
    assert find_metric(f"{__name__}.WORST") is WORST
    with pytest.raises(ConfigError, match=r"must be a pipeline.metrics.Metric. Received: function"):
        find_metric(f"{__name__}.custom")
    with pytest.raises(ConfigError, match=r"'no_such.metric' cannot be imported"):
        find_metric("no_such.metric")


def test_unknown_names_get_the_nearest():
    with pytest.raises(ConfigError, match=r"Did you mean 'accuracy'\?"):
        find_metric("acuracy")


def test_every_metric_prefers_the_truth():
    for name in METRICS:
        metric = METRICS.get(name)
        if "classification" in metric.tasks:
            target, guess = (BINARY, TWO) if metric.binary else (CLASSES, PROBABILITY)
            truth = np.eye(guess.shape[1])[target] * 0.97 + 0.005
        elif "multilabel" in metric.tasks:
            target = truth = np.eye(4)[CLASSES]
            guess = PROBABILITY
        else:
            truth, target, guess = VALUES, VALUES, GUESS
        assert metric.better(metric(target, truth), metric(target, guess)), name

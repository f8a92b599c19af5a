import numpy as np
import pytest
from sklearn import metrics as reference
from sklearn.utils.class_weight import compute_sample_weight

from pipeline.metrics import find_metric
from pipeline.tasks.base import make_task


def test_labels_of_classes_agree_with_scikit_learn(drawn):
    target, label = drawn.classes, drawn.label
    for name, expected in {
        "accuracy": reference.accuracy_score(target, label),
        "error": reference.zero_one_loss(target, label),
        "balanced_accuracy": reference.balanced_accuracy_score(target, label),
        "f1_micro": reference.f1_score(target, label, average="micro"),
        "f1_macro": reference.f1_score(target, label, average="macro"),
        "fbeta_micro@2": reference.fbeta_score(target, label, beta=2, average="micro"),
        "fbeta_macro@0.5": reference.fbeta_score(target, label, beta=0.5, average="macro"),
        "mcc": reference.matthews_corrcoef(target, label),
        "cohen_kappa": reference.cohen_kappa_score(target, label),
        "qwk": reference.cohen_kappa_score(target, label, weights="quadratic"),
    }.items():
        assert find_metric(name)(target, drawn.probability) == pytest.approx(expected), name
        assert find_metric(name)(target, label) == pytest.approx(expected), name


def test_probabilities_of_classes_agree_with_scikit_learn(drawn):
    target, probability = drawn.classes, drawn.probability
    log_loss = reference.log_loss(target, probability)
    assert find_metric("log_loss")(target, probability) == pytest.approx(log_loss)
    assert find_metric("log_loss")(target, 3 * probability) == pytest.approx(log_loss)
    weights = compute_sample_weight("balanced", target)
    balanced = reference.log_loss(target, probability, sample_weight=weights)
    assert find_metric("log_loss_balanced")(target, probability) == pytest.approx(balanced)
    brier = reference.brier_score_loss(target, probability, scale_by_half=False)
    assert find_metric("brier")(target, probability) == pytest.approx(brier)


def test_two_classes_agree_with_scikit_learn(drawn):
    target, second = drawn.binary, drawn.two[:, 1]
    label = drawn.two.argmax(axis=1)
    for name, expected in {
        "f1": reference.f1_score(target, label),
        "fbeta@2": reference.fbeta_score(target, label, beta=2),
        "fbeta@0.5": reference.fbeta_score(target, label, beta=0.5),
        "brier": reference.brier_score_loss(target, second),
    }.items():
        assert find_metric(name)(target, drawn.two) == pytest.approx(expected), name


def test_labels_agree_with_scikit_learn(drawn):
    target, probability = drawn.marks, drawn.probability * 2
    found = (probability > 0.5).astype(int)
    for name, expected in {
        "accuracy": np.mean(target == found),
        "error": reference.hamming_loss(target, found),
        "f1_micro": reference.f1_score(target, found, average="micro"),
        "f1_macro": reference.f1_score(target, found, average="macro"),
        "fbeta_micro@2": reference.fbeta_score(target, found, beta=2, average="micro"),
        "fbeta_macro@2": reference.fbeta_score(target, found, beta=2, average="macro"),
        "brier": reference.mean_squared_error(target, probability),
    }.items():
        assert find_metric(name)(target, probability) == pytest.approx(expected), name


@pytest.mark.parametrize(
    "name, beta", [("f1_samples", 1), ("fbeta_samples@2", 2), ("fbeta_samples@0.5", 0.5)]
)
def test_f_of_rows_is_that_of_scikit_learn_where_a_row_has_labels(name, beta, drawn):
    target, found = drawn.random.integers(0, 2, (2, 200, 4))
    score = find_metric(name)
    some = target.any(axis=1) | found.any(axis=1)
    expected = reference.fbeta_score(target[some], found[some], beta=beta, average="samples", zero_division=0)
    assert score(target[some], found[some]) == pytest.approx(expected)
    assert score(np.zeros((3, 4)), np.zeros((3, 4))) == 1.0


@pytest.mark.parametrize("name", ["f1", "fbeta@1"])
def test_f1_looks_at_the_second_class_alone(name):
    f1 = find_metric(name)
    always, never = np.tile([0.2, 0.8], (4, 1)), np.tile([0.8, 0.2], (4, 1))
    target = np.array([1, 0, 0, 0])
    assert f1(target, always) == pytest.approx(2 * 1 / (1 + 4))
    assert f1(target, never) == 0.0
    assert f1(np.zeros(4, int), never) == 0.0


def test_f_beta_by_hand():
    target, label = np.array([1, 1, 1, 0, 0]), np.array([1, 0, 0, 1, 0])
    precision, recall = 1 / 2, 1 / 3
    expected = (1 + 2**2) * precision * recall / (2**2 * precision + recall)
    assert find_metric("fbeta@2")(target, label) == pytest.approx(expected)


def test_f1_of_probabilities_by_hand():
    target, second = np.array([1, 1, 0]), np.array([0.9, 0.4, 0.2])
    precision, recall = (0.9 + 0.4) / (0.9 + 0.4 + 0.2), (0.9 + 0.4) / 2
    expected = 2 * precision * recall / (precision + recall)
    score = find_metric("f1_probabilistic")
    assert score(target, np.stack([1 - second, second], axis=1)) == pytest.approx(expected)
    sure = np.eye(2)[[1, 0, 1]]
    assert score(target, sure) == pytest.approx(find_metric("f1")(target, sure))


def test_balanced_log_loss_of_labels_by_hand():
    target = np.array([[1, 0], [0, 0], [0, 0]])
    probability = np.array([[0.5, 0.1], [0.2, 0.1], [0.4, 0.3]])
    first = (-np.log(0.5) - np.mean(np.log([0.8, 0.6]))) / 2
    second = -np.mean(np.log([0.9, 0.9, 0.7]))
    expected = (first + second) / 2
    assert find_metric("log_loss_balanced")(target, probability) == pytest.approx(expected)


def test_log_loss_clips_where_kaggle_does():
    certain = np.array([[1.0, 0.0]])
    assert find_metric("log_loss")(np.array([1]), certain) == pytest.approx(-np.log(1e-15))


def test_qwk_measures_by_the_values_of_the_classes(drawn):
    task = make_task("classification", ("1", "2", "5"))
    metric = find_metric("qwk").of(task)
    target, label = drawn.random.integers(0, 3, (2, 300))
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


def test_agreement_of_one_class_is_whole():
    assert find_metric("cohen_kappa")(np.array([1, 1]), np.array([1, 1])) == 1.0
    assert find_metric("cohen_kappa")(np.array([1, 0]), np.array([1, 1])) == 0.0

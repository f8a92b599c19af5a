import numpy as np
import pytest
from sklearn import metrics as reference

from pipeline.metrics import find_metric


def test_auc_agrees_with_scikit_learn(drawn):
    auc = find_metric("auc")
    two = reference.roc_auc_score(drawn.binary, drawn.two[:, 1])
    assert auc(drawn.binary, drawn.two) == pytest.approx(two)
    many = reference.roc_auc_score(drawn.classes, drawn.probability, multi_class="ovr")
    assert auc(drawn.classes, drawn.probability) == pytest.approx(many)
    labels = reference.roc_auc_score(drawn.marks, drawn.probability)
    assert auc(drawn.marks, drawn.probability) == pytest.approx(labels)
    tied = drawn.probability.round(1)
    assert auc(drawn.marks, tied) == pytest.approx(reference.roc_auc_score(drawn.marks, tied))
    pooled = reference.roc_auc_score(drawn.marks, tied, average="micro")
    assert find_metric("auc_micro")(drawn.marks, tied) == pytest.approx(pooled)


def test_multilabel_auc_is_the_mean_over_labels(drawn):
    target = np.stack([drawn.binary, 1 - drawn.binary], axis=1).astype(float)
    both = np.stack([drawn.two[:, 1], drawn.two[:, 0]], axis=1)
    expected = reference.roc_auc_score(drawn.binary, drawn.two[:, 1])
    assert find_metric("auc")(target, both) == pytest.approx(expected)


def gini_of_kaggle(target, value):
    """The formula that Kaggle's contests of insurers handed out; rows without ties."""
    order = np.argsort(-value, kind="stable")
    return np.sum(np.cumsum(target[order]) / target.sum()) - (len(target) + 1) / 2


def test_gini_is_that_of_kaggle(drawn):
    second = drawn.two[:, 1]
    expected = gini_of_kaggle(drawn.binary, second) / gini_of_kaggle(drawn.binary, drawn.binary)
    assert find_metric("gini")(drawn.binary, drawn.two) == pytest.approx(expected)
    value, guess = drawn.values[:, 0], drawn.guess[:, 0]
    expected = gini_of_kaggle(value, guess) / gini_of_kaggle(value, value)
    assert find_metric("gini_values")(drawn.values, drawn.guess) == pytest.approx(expected)


def test_gini_of_amounts_is_that_of_classes_where_they_are_0_and_1(drawn):
    tied = drawn.two.round(1)
    amounts = find_metric("gini_values")(drawn.binary[:, None], tied[:, 1:])
    assert amounts == pytest.approx(find_metric("gini")(drawn.binary, tied))
    assert find_metric("gini_values")(np.ones((5, 1)), np.arange(5.0)[:, None]) == 0.0


def test_weighted_auc_is_the_area_under_both_bands(drawn):
    score = find_metric("auc_weighted")
    for two in (drawn.two, drawn.two.round(1)):
        false, true, _ = reference.roc_curve(drawn.binary, two[:, 1], drop_intermediate=False)
        fine = np.linspace(0, 1, 200_001)
        height = np.interp(fine, false, true)
        low, high = np.minimum(height, 0.4).mean(), np.maximum(height - 0.4, 0).mean()
        expected = (2 * low + high) / (2 * 0.4 + 0.6)
        assert score(drawn.binary, two) == pytest.approx(expected, abs=1e-3)
    assert score(np.array([0, 1]), np.eye(2)) == 1.0
    assert score(np.array([0, 1]), 1 - np.eye(2)) == 0.0
    assert score(np.array([0, 1]), np.full((2, 2), 0.5)) == pytest.approx((2 * 0.32 + 0.18) / 1.4)


def test_average_precision_agrees_with_scikit_learn(drawn):
    score = find_metric("average_precision")
    two = reference.average_precision_score(drawn.binary, drawn.two[:, 1])
    assert score(drawn.binary, drawn.two) == pytest.approx(two)
    tied = drawn.probability.round(1)
    labels = reference.average_precision_score(drawn.marks, tied)
    assert score(drawn.marks, tied) == pytest.approx(labels)
    many = reference.average_precision_score(np.eye(4)[drawn.classes], tied)
    assert score(drawn.classes, tied) == pytest.approx(many)


def test_lwlrap_is_the_average_precision_of_rows_weighted_by_their_labels(drawn):
    for probability in (drawn.probability, drawn.probability.round(1)):
        some = drawn.marks.any(axis=1)
        expected = reference.label_ranking_average_precision_score(
            drawn.marks[some], probability[some], sample_weight=drawn.marks[some].sum(axis=1)
        )
        assert find_metric("lwlrap")(drawn.marks, probability) == pytest.approx(expected)
    assert np.isnan(find_metric("lwlrap")(np.zeros((3, 4)), np.ones((3, 4))))


@pytest.mark.parametrize("k", [1, 2, 3])
def test_ranks_of_the_true_class_agree_with_scikit_learn(k, drawn):
    target, probability = drawn.classes, drawn.probability
    top = reference.top_k_accuracy_score(target, probability, k=k)
    assert find_metric(f"top@{k}")(target, probability) == pytest.approx(top)
    gain = reference.ndcg_score(np.eye(4)[target], probability, k=k)
    assert find_metric(f"ndcg@{k}")(target, probability) == pytest.approx(gain)


def test_map_at_k_counts_ties_against_the_prediction():
    target = np.array([0, 1, 2])
    probability = np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.3, 0.3, 0.3]])
    assert find_metric("map@2")(target, probability) == pytest.approx((1 + 0.5 + 0) / 3)
    assert find_metric("map@3")(target, probability) == pytest.approx((1 + 0.5 + 1 / 3) / 3)
    assert find_metric("top@2")(target, probability) == pytest.approx(2 / 3)
    assert find_metric("ndcg@3")(target, probability) == pytest.approx((1 + 1 / np.log2(3) + 0.5) / 3)

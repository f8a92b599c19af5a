import numpy as np
import pytest

from pipeline.ensemble.stack import Stack


@pytest.fixture
def members():
    return np.random.default_rng(0).dirichlet(np.ones(3), size=(2, 10)).astype(np.float32)


def test_rows_of_rows_are_rows_of_the_whole(members):
    part = Stack.of(members).take(np.arange(2, 9)).take(np.array([0, 3]))
    np.testing.assert_array_equal(part.member(1), members[1][[2, 5]])
    assert (len(part), part.n_members, part.n_outputs) == (2, 2, 3)


def test_taking_rows_copies_nothing(members):
    stack = Stack.of(members)
    assert stack.take(np.arange(5)).members[0] is stack.members[0]


@pytest.mark.parametrize("weights", [np.array([0.3, 0.7]), np.array([[0.1, 0.2, 0.3], [0.9, 0.8, 0.7]])])
def test_combine_is_a_weighted_sum(members, weights):
    wanted = members[0] * weights[0] + members[1] * weights[1]
    np.testing.assert_allclose(Stack.of(members).combine(weights), wanted, rtol=1e-6)


def test_probability_of_truth_of_classes_and_labels(members):
    classes = np.arange(10) % 3
    rows = np.array([4, 7])
    chosen = Stack.of(members).take(rows).probability_of_truth(classes[rows])
    np.testing.assert_array_equal(chosen, members[:, rows, classes[rows]].T)
    labels = np.random.default_rng(1).integers(2, size=(10, 3))
    chosen = Stack.of(members).probability_of_truth(labels)
    np.testing.assert_allclose(chosen[:, 0], np.where(labels, members[0], 1 - members[0]).ravel())


def test_probability_of_truth_is_clipped_as_the_metric_clips():
    zero_and_two = np.array([[0.0, 2.0]])
    assert Stack.of([zero_and_two]).probability_of_truth(np.array([0]))[0, 0] == 1e-15
    assert Stack.of([zero_and_two]).probability_of_truth(np.array([1]))[0, 0] == 1.0


def test_columns_and_back(members):
    columns = Stack.of(members).columns()
    again = Stack.from_columns(columns, 3)
    np.testing.assert_array_equal(again.cube(), members)

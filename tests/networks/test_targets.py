import numpy as np

from pipeline.networks.config import CNNConfig
from pipeline.networks.targets import make_targets
from pipeline.tasks.base import make_task


def targets_for(kind, n, log=False, **keys):
    task = make_task(kind, tuple(f"y{i}" for i in range(n)), log)
    return make_targets(CNNConfig(kind="cnn", **keys), task)


def test_classes_are_one_hot_and_come_back_as_probabilities():
    targets = targets_for("classification", 3)
    np.testing.assert_array_equal(targets.encode(np.array([2, 0])), [[0, 0, 1], [1, 0, 0]])
    probability = targets.decode(np.array([[0.0, 0.0, 800.0]], np.float32))
    assert probability.dtype == np.float32
    np.testing.assert_allclose(probability, [[0, 0, 1]], atol=1e-6)


def test_labels_are_sigmoids_without_overflow():
    probability = targets_for("multilabel", 2).decode(np.array([[-1000.0, np.log(3)]], np.float32))
    np.testing.assert_allclose(probability, [[0.0, 0.75]], atol=1e-6)


def test_values_are_standardised_and_inverted():
    target = np.random.default_rng(0).normal(1e5, 2e4, (50, 2))
    for log in (False, True):
        targets = targets_for("regression", 2, log)
        targets.learn(target)
        encoded = targets.encode(target)
        np.testing.assert_allclose(encoded.mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(encoded.std(axis=0), 1, atol=1e-5)
        np.testing.assert_allclose(targets.decode(encoded), target, rtol=1e-4)


def test_what_was_learned_can_be_written_as_facts():
    targets = targets_for("regression", 1)
    targets.learn(np.array([[3.0], [5.0]]))
    other = targets_for("regression", 1)
    other.remember(targets.facts())
    np.testing.assert_allclose(other.decode(np.array([[1.0]])), [[5.0]])


def test_a_constant_value_does_not_divide_by_zero():
    targets = targets_for("regression", 1)
    targets.learn(np.full((4, 1), 7.0))
    np.testing.assert_array_equal(targets.decode(targets.encode(np.full((4, 1), 7.0))), np.full((4, 1), 7.0))


def test_rows_without_all_coordinates_cannot_be_learned_from():
    target = np.array([[0.1, 0.2, 0.3, 0.4], [np.nan, 0.2, 0.3, 0.4]])
    for coordinates in ("regression", "bins"):
        targets = targets_for("regression", 4, target="box", coordinates=coordinates)
        np.testing.assert_array_equal(targets.usable(target), [True, False])


def test_bins_give_a_coordinate_back_exactly():
    targets = targets_for("regression", 2, target="points", coordinates="bins", bins=10)
    target = np.array([[0.05, 0.5], [0.333, 0.95]])
    position = targets.encode(target)
    share = np.maximum(0, 1 - np.abs(position[..., None] - np.arange(10)))
    raw = np.log(share + 1e-12).reshape(2, -1)
    assert raw.shape[1] == targets.width
    np.testing.assert_allclose(targets.decode(raw), target, atol=1e-6)

import numpy as np
import pytest

from pipeline.data.target import coder_of
from pipeline.tasks.base import make_task


@pytest.mark.parametrize("log", [False, True])
def test_values_come_back(log):
    target = np.array([[1.0, 50.0], [3.0, 10.0], [2.0, 90.0]])
    coder = coder_of(make_task("regression", ("a", "b"), log_target=log)).fit(target)
    codes = coder.encode(target)
    np.testing.assert_allclose(codes.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(coder.decode(codes), target, rtol=1e-5)
    again = coder_of(coder.task).restore(coder.state())
    np.testing.assert_array_equal(again.decode(codes), coder.decode(codes))


def test_predictions_stay_near_the_training_targets():
    coder = coder_of(make_task("regression", ("a",))).fit(np.array([[0.0], [100.0], [50.0]]))
    wild = coder.decode(np.array([[-99.0], [0.0], [99.0]]))
    np.testing.assert_allclose(wild.ravel(), [-5.0, 50.0, 105.0], rtol=1e-6)


def test_an_absent_class_keeps_its_column():
    coder = coder_of(make_task("classification", ("x", "y", "z"))).fit(np.array([0, 2, 0]))
    decoded = coder.decode(np.array([[0.5, 0.5]]))
    assert decoded.shape == (1, 3)
    assert 0 < decoded[0, 1] < 1e-5
    assert decoded.sum() == pytest.approx(1)

"""Both sides of the case `step` are the same network."""

import numpy as np
import pytest

from bench.cases import step
from bench.plain.step import make_network

pytestmark = pytest.mark.slow


def test_both_sides_have_the_same_weights():
    ours = step.own_network((32, 32, 3), np.arange(20) % step.CLASSES)
    plain = make_network("MobileNetV2", (32, 32, 3), step.CLASSES)
    shapes = [[tuple(v.shape) for v in model.weights] for model in (ours, plain)]
    assert shapes[0] == shapes[1]


@pytest.mark.usefixtures("untraced")
def test_it_runs():
    speed, time = step.run(quick=True)
    assert speed.value > 0
    assert time.value > 0

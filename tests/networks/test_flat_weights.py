"""Weights as one vector and back."""

import numpy as np
import pytest

from pipeline.errors import ModelError
from pipeline.networks.flat_weights import flat, unpacked

WEIGHTS = [np.arange(6.0).reshape(2, 3), np.array(7.0), np.arange(4.0)]
SHAPES = [value.shape for value in WEIGHTS]


def test_weights_come_back_as_many_as_the_vector_holds():
    for count in range(1, 4):
        found = unpacked(flat(WEIGHTS[:count]), SHAPES)
        assert len(found) == count
        for value, own in zip(found, WEIGHTS, strict=False):
            np.testing.assert_array_equal(value, own)
            assert value.dtype == np.float32


@pytest.mark.parametrize("numbers", [3, 8, 12])
def test_another_networks_are_refused(numbers):
    with pytest.raises(ModelError, match="another network"):
        unpacked(np.zeros(numbers, np.float32), SHAPES)

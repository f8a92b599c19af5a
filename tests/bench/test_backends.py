"""The pipeline runs on another backend of Keras than the usual one."""

import pytest

from bench.cases.backends import train

pytestmark = pytest.mark.slow


def test_digits_on_jax():
    pytest.importorskip("jax", reason="jax is not installed (make setup BACKENDS=1)")
    ensemble, network, _ = train("jax", quick=True)
    assert network > 0.8  # after two epochs
    assert ensemble >= network

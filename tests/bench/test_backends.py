"""The pipeline runs on another backend of Keras than the usual one."""

import pytest

from bench.cases.backends import train

pytestmark = pytest.mark.slow


def test_digits_on_jax(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=0")  # compiling takes most of the time
    pytest.importorskip("jax", reason="jax is not installed (make setup BACKENDS=1)")
    ensemble, network, _ = train("jax", quick=True)
    assert network > 0.8  # after four epochs
    assert ensemble >= network

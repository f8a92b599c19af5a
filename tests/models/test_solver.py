"""Solvers against a clock that only their steps move."""

import math

import numpy as np
import pytest

from pipeline.clock import Clock
from pipeline.models.solver import PROBED, fit_until

STEP = 2.0  # seconds


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(Clock, "now", staticmethod(lambda: now[0]))
    return now


class Slow:
    """An estimator whose every step takes some seconds, and which is done after some."""

    def __init__(self, clock, enough, max_iter=100):
        self.clock, self.enough, self.max_iter, self.made = clock, enough, max_iter, 0

    def set_params(self, **params):
        self.__dict__.update(params)

    def fit(self, features, label, sample_weight=None):
        taken = min(self.max_iter, self.enough - self.made)
        self.made += taken
        self.clock[0] += STEP * taken
        self.n_iter_ = np.array([taken])


@pytest.mark.parametrize(
    "end, enough, made",
    [
        (math.inf, 1000, 100),  # no end: what the estimator's own limit says
        (60.0, 1000, 30),  # as many as fit
        (60.0, 17, 17),  # it was done before
        (1.0, 1000, PROBED),  # a few in any case
        (1000.0, 1000, 100),  # never more than its limit
    ],
)
def test_as_many_steps_as_the_time_allows(clock, end, enough, made):
    slow = Slow(clock, enough)
    fit_until(slow, None, None, None, end)
    assert slow.made == made

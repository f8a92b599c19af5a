import numpy as np
import pytest

from pipeline.networks.training.schedule import Schedule


def test_rises_then_falls_to_zero():
    rates = [Schedule(1.0, 100, warmup=0.1).rate(step) for step in range(100)]
    assert (np.diff(rates[:10]) > 0).all()
    assert (np.diff(rates[11:]) < 0).all()
    assert max(rates) == pytest.approx(1.0, abs=0.01)
    assert rates[-1] < 0.001


def test_constant_stays_after_the_warm_up():
    rates = [Schedule(0.5, 50, "constant", warmup=0.1).rate(step) for step in range(50)]
    assert rates[0] < 0.1
    assert set(rates[5:]) == {0.5}


def test_each_cycle_begins_again():
    schedule = Schedule(1.0, 90, warmup=0.0, cycles=3)
    rates = [schedule.rate(step) for step in range(90)]
    assert [step for step in range(1, 90) if rates[step] > rates[step - 1]] == [30, 60]


def test_averaged_weights_want_a_rate_that_stays_up():
    schedule = Schedule(1.0, 100, warmup=0.0, averaged=True)
    assert {round(schedule.rate(step), 6) for step in range(75, 100)} == {0.5}

"""Time left, by events that carry their own time: no test here waits for a clock."""

import random

import pytest

from pipeline.clock import Clock
from pipeline.foretold import Foretold, left_text
from pipeline.progress import Progress

THIRD = 1 / 3


def network(start_up, epochs, each, tail):
    """News of a fit: a start, an epoch after the other, a last look."""
    return [
        (start_up + each * (n + 1), (n + 1) / epochs) for n in range(epochs)
    ], start_up + each * epochs + tail


def booster(rounds, found, each):
    """News of a fit that stops early and learns again: the fraction jumps."""
    search = [(each * n, 0.6 * n / rounds) for n in range(10, found + 60, 10)]
    half = each * (found + 60)
    again = [(half + each * n, 0.6 + 0.4 * n / found) for n in range(10, found + 1, 10)]
    return search + again, half + each * found


def network_fits(rng):
    fits = [network(0.4, 12, 1.0 * rng.uniform(0.85, 1.15), 0.8) for _ in range(5)]
    return [network(14.0, 12, 1.0, 1.0), *fits[1:]]


def booster_fits(rng):
    return [booster(3000, rng.randrange(160, 240, 10), 0.05) for _ in range(5)]


def silent_fits(rng):
    return [([], rng.uniform(27.0, 33.0)) for _ in range(4)]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", [network_fits, booster_fits, silent_fits])
def test_the_time_left_is_right_within_a_third_after_the_first_fit(kind, seed):
    fits = kind(random.Random(seed))
    foretold, now, whole = Foretold(len(fits)), 0.0, sum(length for _, length in fits)
    for number, (news, length) in enumerate(fits):
        foretold.begin(now)
        for after, fraction in news:
            foretold.update(now + after, fraction)
            if 0 < number < len(fits) - 1:
                assert foretold.seconds(now + after) == pytest.approx(whole - now - after, rel=THIRD)
        now += length
        foretold.end(now)
        if number < len(fits) - 1:
            assert foretold.seconds(now) == pytest.approx(whole - now, rel=THIRD)
    assert foretold.seconds(now) == 0.0


def test_before_the_first_fit_is_done_its_own_pace_tells():
    foretold = Foretold(3)
    assert foretold.seconds(0.0) is None
    foretold.begin(0.0)
    assert foretold.seconds(5.0) is None
    foretold.update(10.0, 0.2)
    assert foretold.seconds(10.0) is None, "one piece of news is no pace"
    foretold.update(12.0, 0.4)
    assert foretold.seconds(12.0) == pytest.approx(0.6 * 10 + 2 * 10)


def test_a_fit_that_is_late_goes_by_its_own_pace():
    foretold = Foretold(2)
    foretold.begin(0.0)
    foretold.end(10.0)
    foretold.begin(10.0)
    foretold.update(22.0, 0.6)
    assert foretold.seconds(22.0) == pytest.approx(12 * 0.4 / 0.6)
    assert foretold.seconds(60.0) == 0.0


@pytest.mark.parametrize(("fits", "turns"), [(1, 1), (2, 1), (3, 2), (4, 2)])
def test_fits_side_by_side_take_turns(fits, turns):
    foretold = Foretold(fits, side_by_side=2, each=30.0)
    assert foretold.seconds(0.0) == 30.0 * turns
    foretold.begin(0.0)
    assert foretold.seconds(6.0) == 30.0 * turns - 6.0


def test_a_limit_in_time_passes_on_what_is_expected():
    class Heard(Progress):
        def expect(self, *said):
            self.said = said

    heard = Heard()
    Clock(heard, 100.0).expect(4, 2, 7.5)
    assert heard.said == (4, 2, 7.5)


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, ""), (0.0, "0:00"), (59.6, "1:00"), (61, "1:01"), (3725, "1:02:05")]
)
def test_a_time_reads_like_a_clock(seconds, text):
    assert left_text(seconds) == text

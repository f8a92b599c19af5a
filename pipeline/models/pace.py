"""Boosting against the clock: how fast it must learn to be done in time, and when it must stop."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.clock import Clock

PROBED = 10  # rounds from one look at the clock to the next
PROBE_SHARE = 0.1  # of the time, after which the first look is taken at the latest
NEEDED = 30.0  # sum of the rounds' learning rates; what comes after it gains little
HIGHEST_RATE = 0.3
NOTICEABLE = 1.05  # ratio of two rates; a smaller change is none


@dataclass
class Pace:
    """The time of one booster.

    A round's seconds are measured as it goes, so that a machine that others slow down makes the
    steps larger rather than the sum of them smaller.

    Attributes:
        until: when the booster must stop, by `Clock.now`.
        lowest: the learning rate that it begins with.
        fixed: whether the rate is the user's, and stays.
    """

    until: float
    lowest: float
    fixed: bool = False
    begun: float = field(default_factory=lambda: Clock.now())  # looked up then: a test may have replaced it
    rate: float = 0.0
    _first: float | None = None
    _per_round: float = 0.0
    _progress: float = 0.0
    _looked: int = 0

    def __post_init__(self) -> None:
        self.rate = self.rate or self.lowest

    def after_round(self, done: int) -> float | None:
        """Takes notice of a round; returns another learning rate where one is due, else None."""
        now = Clock.now()
        self._progress += self.rate
        if self._first is None:  # the first round also prepares the rows
            self._first = now
            return None
        self._per_round = (now - self._first) / (done - 1)
        due = self._looked + PROBED < done
        if not self._looked:
            due = due or now - self.begun >= PROBE_SHARE * (self.until - self.begun)
        if self.fixed or not due:
            return None
        self._looked = done
        return self._new_rate(now)

    def _new_rate(self, now: float) -> float | None:
        """Returns the rate at which the rounds that are left suffice, or None where it stays."""
        left = max(self.until - now, 0.0)
        wanted = (NEEDED - self._progress) * self._per_round / left if left else HIGHEST_RATE
        rate = min(max(wanted, self.lowest), HIGHEST_RATE)
        if 1 / NOTICEABLE < rate / self.rate < NOTICEABLE:
            return None
        self.rate = rate
        return rate

    @property
    def over(self) -> bool:
        """Whether another round would end too late."""
        return Clock.now() + self._per_round > self.until

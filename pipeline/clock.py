"""A limit in time: work that cannot be done by then is ended, and loses no fold that is done."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

from pipeline.progress import Progress

SHORTEST = 0.5  # seconds of a share of time that is worth its name
STEPS = (  # each a tenth more than the one before
    *(1.0, 1.1, 1.2, 1.35, 1.5, 1.65, 1.8, 2.0, 2.2, 2.4, 2.7, 3.0, 3.3, 3.6, 4.0, 4.5, 5.0, 5.5),
    *(6.0, 6.5, 7.0, 7.7, 8.5, 9.3),
)


class OutOfTime(Exception):  # noqa: N818 - no mistake, and never shown to anyone
    """The time for this piece of work is over, or will be before it is done."""


class Clock(Progress):
    """Passes news on, and ends work that goes on past its limit or cannot be done by then.

    Attributes:
        deadline: of everything that is trained, by `now`.
        per_round: seconds of the folds of the model in hand that are fitted side by side; 0 before the
            first are done.
    """

    def __init__(self, inner: Progress, deadline: float) -> None:
        self.inner = inner
        self.deadline = deadline
        self.start_model(deadline)

    @staticmethod
    def now() -> float:
        """Returns the seconds that every budget goes by; only their differences mean something."""
        return time.monotonic()

    def start_model(self, limit: float) -> None:
        """Sets when the next model must be done, and forgets how long the last one's folds took."""
        self.limit = limit
        self.per_round = 0.0
        self._first: tuple[float, int] | None = None

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - self.now()

    def expect(self, fits: int, side_by_side: int = 1, each: float | None = None) -> None:
        self.inner.expect(fits, side_by_side, each)

    def begin(self, label: str, step: int, steps: int) -> None:
        if steps > 1:
            self._foresee(step, steps)
        self.inner.begin(label, step, steps)

    def _foresee(self, step: int, steps: int) -> None:
        """Ends a model whose remaining folds would last past the limit, judging by those before."""
        now = self.now()
        if self._first is None:
            self._first = (now, step)
        elif step > self._first[1]:
            self.per_round = (now - self._first[0]) / (step - self._first[1])
            if now + self.per_round * (steps - step) > self.limit:
                raise OutOfTime

    def update(self, fraction: float, text: str) -> None:
        if self.now() > self.limit:
            raise OutOfTime
        self.inner.update(fraction, text)

    def end(self, text: str) -> None:
        self.inner.end(text)

    def message(self, text: str) -> None:
        self.inner.message(text)

    def warning(self, text: str) -> None:
        self.inner.warning(text)


class Deadline:
    """Until when a piece of work that looks at the clock by itself may take.

    Args:
        seconds: from now on; None: as long as it takes.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._end = math.inf if seconds is None else Clock.now() + seconds

    @property
    def left(self) -> float:
        """Seconds; infinite where there is no end."""
        return self._end - Clock.now()

    def part(self, share: float) -> Deadline:
        """Returns the deadline of work that may take this share of what is left."""
        return Deadline(None if math.isinf(self._end) else share * self.left)


def process_age() -> float:
    """Returns the seconds since this process began, its imports included; 0 where the system does not say."""
    try:
        ticks = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
        begun = int(ticks) / os.sysconf("SC_CLK_TCK")  # since the machine was started: proc(5), field 22
        return max(time.clock_gettime(time.CLOCK_BOOTTIME) - begun, 0.0)
    except (OSError, AttributeError, ValueError):
        return 0.0


def coarse(seconds: float) -> float:
    """Returns the largest of `STEPS` times a power of ten that is not above, at least 0.5 s; else 0.

    So the same budget mostly finds its products again.
    """
    if seconds < SHORTEST:
        return 0.0
    power = 10.0 ** math.floor(math.log10(seconds))
    return round(power * max(step for step in STEPS if step * power <= seconds), 10)

"""Time that is left of a model's fits, foretold from what came before: no clock is read here."""

from __future__ import annotations

from math import ceil
from statistics import fmean

SURE = 0.05  # of the first fit, from which its own pace says how long it takes
AWAKE = 0.5  # a library that is silent beyond this part of its fit does not say when it began to work


class Foretold:
    """Seconds that are left of fits that take about the same time each.

    The first fit of a process also loads a library and builds a network: what passes before its first news is
    not expected of the others, as far as they do not show otherwise.

    Args:
        fits: that are to be made.
        side_by_side: how many are made at a time.
        each: seconds that one took before, where that is known.

    Example:
        >>> left = Foretold(5)
        >>> left.begin(0.0)
        >>> left.update(20.0, 0.1), left.update(25.0, 0.5)  # 20 s of preparing, then 1.25 s for every tenth
        (None, None)
        >>> left.end(31.0)
        >>> round(left.seconds(31.0))  # four more, 12 s each
        49
    """

    def __init__(self, fits: int, side_by_side: int = 1, each: float | None = None) -> None:
        self.fits, self.side_by_side = fits, side_by_side
        self._known, self._taken = each, list[float]()
        self._began: float | None = None
        self._first: tuple[float, float] | None = None  # news of the fit in hand: when, and how far it was
        self._last: tuple[float, float] | None = None

    def begin(self, now: float) -> None:
        """A fit begins."""
        self._began, self._first, self._last = now, None, None

    def update(self, now: float, fraction: float) -> None:
        """The fit in hand is this far, 0 to 1."""
        if self._began is not None and fraction > 0:
            self._first = self._first or (now, fraction)
            self._last = (now, fraction)

    def end(self, now: float) -> None:
        """The fit in hand is done."""
        if self._began is not None:
            self._taken.append(now - self._began if self._taken else self._awake(now))
            self._began = None

    def seconds(self, now: float) -> float | None:
        """Returns the seconds that are left of all fits, None where nothing tells yet."""
        each = self.each
        if each is None:
            return self._by_pace(now)
        turns = ceil(self.waiting / self.side_by_side)
        if self._began is None:
            return each * turns
        return self._own(now, each) + each * max(turns - 1, 0)

    @property
    def waiting(self) -> int:
        """Fits that are not done."""
        return max(self.fits - len(self._taken), 0)

    @property
    def each(self) -> float | None:
        """Seconds of a fit, by those that are done: without the first, once there are others."""
        if len(self._taken) < 2:
            return self._taken[0] if self._taken else self._known
        return fmean(self._taken[1:])

    def _own(self, now: float, each: float) -> float:
        """Returns what is left of the fit in hand: by the others, and by its own pace once it is late."""
        gone = now - (self._began or 0.0)
        if gone < each or self._last is None:
            return max(each - gone, 0.0)
        when, fraction = self._last
        return min(each, max(gone * (1.0 - fraction) / fraction - (now - when), 0.0))

    def _by_pace(self, now: float) -> float | None:
        """Returns the time left while the first fit is under way: its own, and the others like it."""
        if self._began is None or self._first is None or self._last is None:
            return None
        (first, at), (last, fraction) = self._first, self._last
        if fraction < SURE or fraction <= at:
            return None
        whole = (last - first) / (fraction - at)
        return max(whole * (1.0 - fraction) - (now - last), 0.0) + whole * (self.fits - 1)

    def _awake(self, now: float) -> float:
        """Returns what the first fit took without what came before its first news."""
        taken = now - (self._began or 0.0)
        if self._first is None or self._first[1] > AWAKE:
            return taken
        when, fraction = self._first
        return min(taken, (now - when) / (1.0 - fraction))


def left_text(seconds: float | None) -> str:
    """Returns a time as a clock shows it, coarse where it is long; "" where nothing is known."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"

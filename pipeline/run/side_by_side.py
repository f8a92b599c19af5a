"""Folds of one model side by side in one process, each with one thread.

Two fits with a thread each keep two cores busier than one fit with two threads: libraries' threads wait
for one another after every small step, and encoding and solvers of small data have only one. Where
anything else runs on the machine, a fit of two threads waits for the slower one.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Lock
from typing import TypeVar

from pipeline.progress import Progress

T = TypeVar("T")

MOST_CELLS = 20_000_000  # of the table: above, every fit's copy of it counts, and threads pay within a fit


class Stopped(Exception):  # noqa: N818 - no mistake, and never shown to anyone
    """A fit ends because one beside it did not end well."""


class Shared:
    """One progress for work that goes on side by side: it is as far as its parts are on average.

    Args:
        inner: who is told; it may raise, to end the part that told it.
        parts: how many there are.
    """

    def __init__(self, inner: Progress, parts: int) -> None:
        self.inner = inner
        self.stopped = False
        self._fractions = [0.0] * parts
        self._lock = Lock()

    def update(self, part: int, fraction: float, text: str) -> None:
        """Passes news of one part on.

        Raises:
            Stopped: another part did not end well.
        """
        with self._lock:
            if self.stopped:
                raise Stopped
            self._fractions[part] = fraction
            self.inner.update(sum(self._fractions) / len(self._fractions), text)


class Part(Progress):
    """Progress of one part; messages and warnings go through as they are."""

    def __init__(self, shared: Shared, part: int) -> None:
        self.shared = shared
        self.part = part

    def message(self, text: str) -> None:
        self.shared.inner.message(text)

    def warning(self, text: str) -> None:
        self.shared.inner.warning(text)

    def update(self, fraction: float, text: str) -> None:
        self.shared.update(self.part, fraction, text)


def side_by_side(works: Sequence[Callable[[Progress], T]], progress: Progress) -> list[T]:
    """Does several pieces of work at the same time, linear algebra with one thread in each.

    Args:
        works: what is done, each told to whom it tells its progress.
        progress: told of all of them together.

    Returns:
        What they return, in their order.

    Raises:
        Exception: what the first of them raised that did not end well; the others are ended at their
            next news.

    Example:
        >>> side_by_side([lambda told: 1, lambda told: 2], Progress())
        [1, 2]
    """
    from threadpoolctl import threadpool_limits

    shared = Shared(progress, len(works))
    with threadpool_limits(1), warnings.catch_warnings(), ThreadPoolExecutor(len(works)) as pool:
        futures = [pool.submit(work, Part(shared, part)) for part, work in enumerate(works)]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            shared.stopped = any(future.exception() for future in done)
        except BaseException:  # Ctrl-C: the pool waits for its threads
            shared.stopped = True
            raise
    failures = [error for future in futures if (error := future.exception()) is not None]
    for error in failures:
        if not isinstance(error, Stopped):
            raise error
    return [future.result() for future in futures]

"""Training batches: a pure function of (seed, epoch, step), made ahead by threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

AHEAD = 4  # batches under way while one is learned from

Batch = tuple[np.ndarray, np.ndarray, np.ndarray | None]


class BatchSource(Protocol):
    """Source of batches: inputs, targets and weights by the positions of rows."""

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        """Returns inputs, encoded targets and weights of some training rows.

        Args:
            rows: numbers of training rows, from 0.
            seeds: a seed for each of them; equal seeds give equal changes.
        """


@dataclass(frozen=True)
class Arrays:
    """Batches of rows that lie in memory, as they are.

    Attributes:
        inputs: (n, ...).
        targets: (n, ...), encoded as the loss wants them.
        weights: float32 (n,) or None.
    """

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None = None

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        return self.inputs[rows], self.targets[rows], None if self.weights is None else self.weights[rows]


@dataclass(frozen=True)
class Batches:
    """Batches of one size, in another order each epoch; rows that fill no batch wait for the next.

    No generator lives from batch to batch, so a run that goes on from epoch 7 sees what an
    unbroken one would have seen, and the number of threads changes nothing.

    Attributes:
        source: makes a batch.
        n: number of training rows.
        size: rows per batch, at most n.
        seed: of orders and changes.
        threads: that make batches; 0 makes each when it is asked for.
    """

    source: BatchSource
    n: int
    size: int
    seed: int
    threads: int = 0

    def __len__(self) -> int:
        return self.n // self.size

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Yields the batches of an epoch."""
        rng = np.random.default_rng([self.seed, epoch])
        order = self.order(rng)
        seeds = rng.integers(2**31, size=self.n)

        def make(step: int) -> Batch:
            rows = order[step * self.size : (step + 1) * self.size]
            return self.source(rows, seeds[rows])

        return ahead(make, len(self), self.threads)

    def order(self, rng: np.random.Generator) -> np.ndarray:
        """Returns the rows of an epoch's batches, one batch after the other."""
        return rng.permutation(self.n)


def ahead(make: Callable[[int], Any], count: int, threads: int) -> Iterator[Any]:
    """Yields make(0) ... make(count - 1), in order, made by threads a little before they are due."""
    if threads < 1:
        yield from map(make, range(count))
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="batches")
    waiting: deque[Future] = deque()
    try:
        for step in range(count):
            while len(waiting) < AHEAD and step + len(waiting) < count:
                waiting.append(pool.submit(make, step + len(waiting)))
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)

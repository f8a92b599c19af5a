"""The learning rate at every step."""

from __future__ import annotations

import math
from dataclasses import dataclass

SWA_START = 0.75
SWA_FLOOR = 0.5


@dataclass(frozen=True)
class Schedule:
    """A rising rate, then a cosine to zero or a constant (Loshchilov and Hutter, ICLR 2017).

    Attributes:
        peak: highest rate.
        steps: steps in all.
        kind: cosine or constant.
        warmup: share of a cycle's steps in which the rate rises from zero.
        cycles: cosine cycles, each from the peak to zero (snapshots: Huang et al., ICLR 2017).
        averaged: whether weights are averaged from SWA_START on: the cosine then ends there, at
            SWA_FLOOR of the peak, and stays (Izmailov et al., UAI 2018).
    """

    peak: float
    steps: int
    kind: str = "cosine"
    warmup: float = 0.05
    cycles: int = 1
    averaged: bool = False

    def rate(self, step: int) -> float:
        """Returns the rate of a step, counted from 0."""
        length = self.steps / self.cycles
        done = (step % length + 0.5) / length
        if done < self.warmup:
            return self.peak * done / self.warmup
        if self.kind == "constant":
            return self.peak
        share = (done - self.warmup) / (1.0 - self.warmup)
        if self.averaged:
            cosine = 0.5 * (1.0 + math.cos(math.pi * min(1.0, share / SWA_START)))
            return self.peak * (SWA_FLOOR + (1.0 - SWA_FLOOR) * cosine)
        return self.peak * 0.5 * (1.0 + math.cos(math.pi * share))

"""Curves of boosting: how the loss of the inner rows fell, round by round, for a person to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.models.pace import Pace
from pipeline.networks.training.phase import curve

MOST = 6  # boosters of a fit whose curve is kept: one per label or target


@dataclass
class Curves:
    """Curves of one fit.

    Attributes:
        kept: of the first boosters, each as `curve` says it.
    """

    kept: list[dict[str, Any]] = field(default_factory=list)

    def keep(
        self, said: Mapping[str, Mapping[str, Sequence[float]]], best: int, most: int, pace: Pace | None
    ) -> None:
        """Keeps a booster's curve.

        Args:
            said: by rows and by metric, a loss per round, as the libraries say it; the first one counts.
            best: the round that is kept.
            most: rounds that there might have been.
            pace: that may have ended it.
        """
        found = [scores for by_metric in said.values() for scores in by_metric.values()]
        if found and len(self.kept) < MOST:
            late = pace is not None and pace.over
            self.kept.append(curve("search", "round", most, scores=found[0], chosen=best, late=late))

"""Ensemble settings for as much time as there is."""

from __future__ import annotations

import math
from typing import Any

from pipeline.clock import SHORTEST, coarse
from pipeline.config.metric import metric_of
from pipeline.config.schema import Config, EnsembleConfig

QUICK = {"picture": "convex", "span": "convex", "boxes": "mean"}  # by what a metric wants; else greedy
LARGE = 500_000  # rows x outputs x members; above, `auto` gives way to one quick method
SMALL = 2_000  # the same; below, a blend is not told of the clock


def hurried(config: Config, cells: int, seconds: float) -> EnsembleConfig:
    """Returns the section of the ensemble that blends in that time.

    The seconds are rounded down: the same budget mostly finds its blend again.

    Args:
        config: of the competition; its own method and `max_seconds` hold.
        cells: rows x outputs x members.
        seconds: that are left.
    """
    section = config.ensemble
    update: dict[str, Any] = {}
    if cells > SMALL:
        update["max_seconds"] = min(section.max_seconds or math.inf, max(coarse(seconds), SHORTEST))
    if cells > LARGE and section.method == "auto":
        metric = metric_of(config.metric)
        update["method"] = "geometric" if metric.kind == "log_loss" else QUICK.get(metric.wants, "greedy")
    return section.model_copy(update=update)

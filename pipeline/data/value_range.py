"""Range of a regression's values: by the metric's rules and by the training target."""

from __future__ import annotations

import numpy as np

from pipeline.config.schema import Config
from pipeline.data.folds import fold_kind
from pipeline.metrics import Metric
from pipeline.tasks.answer import Bounds

SHARED = 0.01  # of the training rows: so many on one value make it an end of the scale
FEWEST_SHARED = 5  # rows


def value_range(config: Config, metric: Metric, target: np.ndarray) -> tuple[Bounds, ...]:
    """Returns where each target's values are held; nothing where they are left alone.

    `auto` holds them where nothing can be lost: at the metric's floor, and at an end of the training
    target that many rows share. Such an end is one of the scale (grades from 1 to 5, shares, amounts
    that are often 0). An end that a row or two reach is the luck of the draw, and rows of a later time
    may pass any end.

    Args:
        config: `submission.range`, and whether folds go by time.
        metric: with the floor of its rules.
        target: float64 (rows, targets) of the training rows.
    """
    wanted = config.submission.range
    if isinstance(wanted, list):
        return ((wanted[0], wanted[1]),) * target.shape[1]
    if wanted == "none":
        return ()
    ends = [(float(column.min()), float(column.max())) for column in target.T]
    if wanted == "training":
        return tuple(ends)
    open_ended = fold_kind(config.folds) == "time"
    shared = max(FEWEST_SHARED, SHARED * len(target))
    found: list[Bounds] = []
    for column, (low, high) in zip(target.T, ends, strict=True):
        at_low, at_high = (not open_ended and np.sum(column == end) >= shared for end in (low, high))
        floor = None if metric.floor is None else min(metric.floor, low)
        found.append((low if at_low else floor, high if at_high else None))
    return tuple(found)

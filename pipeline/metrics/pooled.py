"""Scores of the boxes of all pictures taken together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Pooled:
    """A metric of the boxes of all pictures taken together.

    Attributes:
        of_picture: (true boxes, found boxes, the most confident first) -> what is counted of a picture.
        of_all: what was counted of all pictures -> score.
        task: knows the true boxes; None before `Metric.of`.
        least: confidence that boxes must have which nobody has decided on.
    """

    of_picture: Callable[[np.ndarray, np.ndarray], Any]
    of_all: Callable[[list[Any]], float]
    task: Any = field(default=None, compare=False)
    least: float = field(default=0.0, compare=False)

    def __call__(self, target: np.ndarray, prediction: np.ndarray) -> float:
        return self.of_all(self.task.of_boxes(self.of_picture, target, prediction, self.least))

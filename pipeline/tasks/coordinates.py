"""Coordinates in a picture: a box, or points, in pixels of the source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.registry import TASKS
from pipeline.tasks.base import Task
from pipeline.tasks.contest import Contest
from pipeline.tasks.regression import Regression


@TASKS.register("coordinates")
@dataclass(frozen=True)
class CoordinateTask(Regression):
    """Values per coordinate, learned from annotations; a row that nobody annotated is NaN.

    Values are pixels of the source. That a network learns fractions of what it sees is a matter of its
    target layout: they depend on its view.

    Attributes:
        box: x1, y1, x2, y2 of an upright box; otherwise x and y of each point.
    """

    kind: ClassVar[str] = "coordinates"
    of_files: ClassVar[bool] = False

    box: bool = False

    @classmethod
    def told(cls, contest: Contest) -> bool:
        return False

    @staticmethod
    def distances(target: np.ndarray, found: np.ndarray) -> tuple[float, float, int]:
        """Returns how far points, or two corners of boxes, are off: median and 90th percentile in pixels.

        Args:
            target: (rows, outputs) in pixels of the source.
            found: the same.

        Returns:
            The two distances, NaN without rows, and the number of rows that they are of.
        """
        off = (found - target).reshape(-1, 2)
        if not len(off):
            return float("nan"), float("nan"), 0
        median, most = np.percentile(np.hypot(off[:, 0], off[:, 1]), [50, 90])
        return float(median), float(most), len(target)

    @classmethod
    def example(cls, label: np.ndarray, number: np.ndarray) -> tuple[Task, np.ndarray]:
        return cls(("x", "y")), np.stack([10 * number, 5 - 3 * number], axis=1)

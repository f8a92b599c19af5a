"""What other models say of the rows, as a part of a dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Values:
    """Another model's predictions or embedding of all rows of a side: float32 (rows, columns)."""

    values: np.ndarray

    def take(self, positions: np.ndarray) -> np.ndarray:
        return self.values[positions]

"""The table: the columns that models may see, as a part of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config.schema import FeatureConfig


@dataclass(frozen=True)
class Columns:
    """Columns of all rows of a side.

    Attributes:
        frame: the usable columns.
        kinds: what columns are, where that is known (see `pipeline.data.columns`); the others are
            judged by their training values.
        features: features by name (see `pipeline.data.features`), made when a model encodes its rows.
    """

    frame: pd.DataFrame
    kinds: Mapping[str, str] = field(default_factory=dict)
    features: Mapping[str, FeatureConfig] = field(default_factory=dict)

    def take(self, positions: np.ndarray) -> pd.DataFrame:
        return self.frame.iloc[positions]

"""Rows of a competition as a model sees them: a table, pictures and what other models said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config.schema import FeatureConfig


@dataclass(frozen=True)
class Dataset:
    """All rows of one side (training or test), in the order of its table. Nothing is copied.

    Attributes:
        ids: text, (rows,).
        table: the usable columns, or None where a competition has pictures only.
        pixels: uint8 (rows, height, width, channels), usually a memory map, or None.
        pixels_key: names the content of `pixels`: equal keys mean equal pixels.
        target: classification: int64 (rows,) class numbers; else float64 (rows, outputs).
            None where it is unknown (the test side).
        extras: inputs from other models, by the name that the YAML gives them
            ("cnn.embedding"): float32 (rows, width).
        weights: float32 (rows,) sample weights, or None.
        column_kinds: what columns of the table are, where the configuration states it
            (see `pipeline.data.columns`); the others are judged by their training values.
        features: features by name (see `pipeline.data.features`), made when a model encodes its rows.
    """

    ids: np.ndarray
    table: pd.DataFrame | None = None
    pixels: np.ndarray | None = None
    pixels_key: str = ""
    target: np.ndarray | None = None
    extras: Mapping[str, np.ndarray] = field(default_factory=dict)
    weights: np.ndarray | None = None
    column_kinds: Mapping[str, str] = field(default_factory=dict)
    features: Mapping[str, FeatureConfig] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, positions: np.ndarray | None = None) -> Rows:
        """Returns the rows at the positions (all of them without), in that order."""
        return Rows(self, np.arange(len(self)) if positions is None else np.asarray(positions))


@dataclass(frozen=True)
class Rows:
    """Some rows of a dataset: the dataset and positions in it. Parts are taken when asked for."""

    dataset: Dataset
    positions: np.ndarray

    def __len__(self) -> int:
        return len(self.positions)

    def take(self, positions: np.ndarray) -> Rows:
        """Returns the rows at these positions of this object."""
        return Rows(self.dataset, self.positions[positions])

    def join(self, other: Rows) -> Rows:
        """Returns these rows and the other's, in the order of the table."""
        return Rows(self.dataset, np.sort(np.concatenate([self.positions, other.positions])))

    @property
    def ids(self) -> np.ndarray:
        return self.dataset.ids[self.positions]

    @property
    def table(self) -> pd.DataFrame:
        if self.dataset.table is None:
            raise ValueError("These rows have no table.")
        return self.dataset.table.iloc[self.positions]

    @property
    def target(self) -> np.ndarray:
        if self.dataset.target is None:
            raise ValueError("These rows have no target.")
        return self.dataset.target[self.positions]

    @property
    def weights(self) -> np.ndarray | None:
        return None if self.dataset.weights is None else self.dataset.weights[self.positions]

    def pixels(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Returns a copy of the pictures at start:stop of these rows, uint8 (n, h, w, c)."""
        if self.dataset.pixels is None:
            raise ValueError("These rows have no pictures.")
        return self.dataset.pixels[self.positions[start:stop]]

    def extra(self, name: str) -> np.ndarray:
        return self.dataset.extras[name][self.positions]

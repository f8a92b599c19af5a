"""Rows of a competition as a model sees them: parts by the input's name, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


class InputPart(Protocol):
    """An input's part of a dataset: it holds all rows of a side."""

    def take(self, positions: np.ndarray) -> Any:
        """Returns what it holds of these rows, in that order."""

    def join(self, other: Any) -> Any:
        """Returns the part of these rows and, after them, of the other's, which sees the same of a row."""


@dataclass(frozen=True)
class Dataset:
    """All rows of one side (training or test), in the order of its table. Nothing is copied.

    Attributes:
        ids: text, (rows,).
        parts: what a model sees of the rows, by the name that `inputs` gives it ("table",
            "cnn.embedding"); see `pipeline.inputs`.
        target: classification: int64 (rows,) class numbers; else float64 (rows, outputs).
            None where it is unknown (the test side). It may know what a metric sees of the rows: those
            that learn get it plain.
        weights: float32 (rows,) sample weights, or None.
    """

    ids: np.ndarray
    parts: Mapping[str, Any] = field(default_factory=dict)
    target: np.ndarray | None = None
    weights: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def part(self, name: str) -> Any:
        """Returns what an input holds of all rows; raises ValueError where these rows have none."""
        if name not in self.parts:
            raise ValueError(f"These rows have no {name}.")
        return self.parts[name]

    @property
    def table(self) -> pd.DataFrame | None:
        return self.parts["table"].frame if "table" in self.parts else None

    @property
    def pixels(self) -> np.ndarray | None:
        """The pictures, one per row; None where there are none, or several of each row."""
        pictures = self.pictures
        return None if pictures is None or pictures.windows > 1 else pictures.pixels

    @property
    def pictures(self) -> Any:
        """The part that a network of pictures looks at, None where there is none."""
        return next((part for part in self.parts.values() if hasattr(part, "pixels")), None)

    def join(self, other: Dataset) -> Dataset:
        """Returns these rows and, after them, the other's; weights that only one side lacks are 1."""
        if self.target is None or other.target is None:
            raise ValueError("Only rows with a target are joined.")
        weights = None
        if self.weights is not None or other.weights is not None:
            weights = np.concatenate([_weights(side) for side in (self, other)])
        return Dataset(
            np.concatenate([self.ids, other.ids]),
            {name: part.join(other.part(name)) for name, part in self.parts.items()},
            np.concatenate([np.asarray(side.target) for side in (self, other)]),
            weights,
        )

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

    def of(self, name: str) -> Any:
        """Returns what an input holds of these rows; raises ValueError where they have none."""
        return self.dataset.part(name).take(self.positions)

    @property
    def table(self) -> pd.DataFrame:
        return self.of("table")

    @property
    def target(self) -> np.ndarray:
        if self.dataset.target is None:
            raise ValueError("These rows have no target.")
        return np.asarray(self.dataset.target[self.positions])

    @property
    def weights(self) -> np.ndarray | None:
        return None if self.dataset.weights is None else self.dataset.weights[self.positions]


def _weights(side: Dataset) -> np.ndarray:
    return np.ones(len(side), np.float32) if side.weights is None else side.weights

"""Nearest neighbours: the answer of the training rows that are most alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from pipeline.models.base import MODELS, Context, ModelConfig
from pipeline.models.size import Size
from pipeline.models.table import Table, TableModel

MOST_ASKED = 5_000  # training rows on which k is chosen
BATCH = 1_000  # rows asked for at once

PER_PAIR = 1.2e-10  # seconds per pair of rows and column
MOST_ROWS = 20_000  # that are worth comparing, every one with every other
MOST_COLUMNS = 300  # in more, distances say little
FEWEST_COLUMNS = 2  # in fewer, all distances are one number
MOSTLY_NUMERIC = 0.7


class NeighboursConfig(ModelConfig):
    """Keys of `kind: neighbours`."""

    n_neighbors: int | None = Field(
        default=None, ge=1, description="how many neighbours; default: chosen from `grid`"
    )
    grid: list[int] = Field(
        default=[3, 5, 10, 20, 40, 80],
        min_length=1,
        description="numbers of which the one with the least leave-one-out error is taken",
    )
    metric: Literal["euclidean", "cosine", "manhattan"] = Field(
        default="euclidean", description="between standardised features"
    )
    weights: Literal["distance", "uniform"] = Field(
        default="distance", description="a near neighbour counts more (inverse distance), or all alike"
    )

    def space(self) -> dict[str, dict[str, Any]]:
        return {
            "n_neighbors": {"int": [1, 100], "log": True},
            "metric": {"choice": ["euclidean", "cosine", "manhattan"]},
            "weights": {"choice": ["distance", "uniform"]},
        }

    def problems(self, where: str) -> list[str]:
        if any(value < 1 for value in self.grid):
            return [f"{where}.grid must hold numbers of at least 1. Received: {self.grid}."]
        return []


@MODELS.register("neighbours")
class Neighbours(TableModel):
    """k nearest neighbours; the mean of all training rows counts as one more, a last one.

    That keeps every probability above 0. k is chosen by leaving one row out: the least log loss,
    or the least squared error of a regression.
    """

    Config: ClassVar[type[ModelConfig]] = NeighboursConfig
    seeded = False  # it draws the rows by which k is chosen, of many, and no more
    quick = True
    config: NeighboursConfig

    @classmethod
    def seconds(cls, size: Size) -> float:
        return PER_PAIR * size.rows * (size.rows + size.test_rows) * size.columns

    @classmethod
    def unsuitable(cls, size: Size) -> str:
        if size.rows > MOST_ROWS:
            return f"{size.rows:,} rows are too many to compare each with each"
        if size.numeric < MOSTLY_NUMERIC or not FEWEST_COLUMNS <= size.columns <= MOST_COLUMNS:
            return "distances need some columns of numbers, and not too many"
        return ""

    def _learn(self, table: Table, context: Context, end: float) -> None:
        self.features_ = table.features
        self.target_ = self.coder_.matrix(table.target)
        weights = table.weights
        self.weights_ = np.ones(len(self.target_)) if weights is None else weights.astype(np.float64)
        most = len(self.target_) - 1
        grid = sorted({min(k, most) for k in self.config.grid if most > 0}) or [1]
        self.k_ = self.config.n_neighbors or (self._choose(grid, context) if len(grid) > 1 else grid[0])
        self.k_ = min(self.k_, len(self.target_))
        self.notes_["k"] = self.k_

    def _choose(self, grid: list[int], context: Context) -> int:
        rng = np.random.default_rng(context.seed)
        asked = rng.permutation(len(self.target_))[:MOST_ASKED]
        # One neighbour more than the largest k: a row is its own nearest, and is taken out.
        distances, found = self._near(self.features_[asked], grid[-1] + 1, context)
        own = found == asked[:, None]
        # Where copies crowd a row out of its own neighbours, the last one goes in its place.
        own[~own.any(axis=1), -1] = True
        # Exactly one entry per row goes, so that what is left is a matrix again.
        distances = distances[~own].reshape(len(asked), -1)
        found = found[~own].reshape(len(asked), -1)
        losses = [
            self.task.loss(self.target_[asked], self._mean(distances[:, :k], found[:, :k])) for k in grid
        ]
        return grid[int(np.argmin(losses))]

    def _near(self, features: np.ndarray, k: int, context: Context) -> tuple[np.ndarray, np.ndarray]:
        """Returns distances and positions (rows, k) of the nearest training rows, nearest first."""
        from sklearn.neighbors import NearestNeighbors

        index = NearestNeighbors(
            n_neighbors=k, metric=self.config.metric, algorithm="brute", n_jobs=context.threads
        ).fit(self.features_)
        parts = []
        for start in range(0, len(features), BATCH):
            parts.append(index.kneighbors(features[start : start + BATCH]))
            context.report(start / len(features), f"row {start}/{len(features)}")
        return np.vstack([part[0] for part in parts]), np.vstack([part[1] for part in parts])

    def _mean(self, distances: np.ndarray, found: np.ndarray) -> np.ndarray:
        """Returns the neighbours' weighted mean target, (rows, outputs)."""
        weights = self.weights_[found]
        # The mean of all rows counts as one more neighbour, as far away as the farthest.
        last = np.full(len(found), weights.mean())
        if self.config.weights == "distance":
            # Distances as shares of the farthest one; below a hundredth all count alike, copies included.
            scale = np.maximum(distances[:, -1:], np.finfo(np.float32).tiny)
            weights = weights / np.maximum(distances / scale, 0.01)
        # (rows, k) weights over (rows, k, outputs) targets.
        votes = np.einsum("nk,nko->no", weights, self.target_[found])
        prior = np.average(self.target_, axis=0, weights=self.weights_)
        return (votes + last[:, None] * prior) / (weights.sum(axis=1) + last)[:, None]

    def _answer(self, features: np.ndarray, context: Context) -> np.ndarray:
        return self._mean(*self._near(features, self.k_, context))

    def _write(self, folder: Path) -> None:
        np.savez(
            folder / "neighbours.npz",
            features=self.features_,
            target=self.target_,
            weights=self.weights_,
            k=self.k_,
        )

    def _read(self, folder: Path) -> None:
        with np.load(folder / "neighbours.npz", allow_pickle=False) as saved:
            self.features_, self.target_ = saved["features"], saved["target"]
            self.weights_, self.k_ = saved["weights"], int(saved["k"])

"""The rows that one model sees, training and test: a part for every input that it opens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.data.rows import Dataset
from pipeline.errors import ConfigError
from pipeline.inputs.base import Workshop, opened
from pipeline.metrics import facts_of
from pipeline.store import Product


@dataclass(frozen=True)
class Sides:
    """Training and test rows of one model."""

    train: Dataset
    test: Dataset


def check_inputs(shop: Workshop) -> None:
    """Raises ConfigError where a model asks for an input that the competition has not."""
    for one in opened(shop.section).values():
        if not one.there(shop.competition):
            raise ConfigError(f"`models.{shop.name}` {one.lacking}")


def sides_of(shop: Workshop, files: Mapping[str, Product]) -> Sides:
    """Builds both sides for a model; arrays are memory maps of products made before.

    What it reads of other models differs from fold to fold: see `pipeline.run.outputs`.

    Args:
        shop: the model, and the competition's rows.
        files: by entry, what its inputs are read from.
    """

    def parts(side: str) -> dict:
        return {
            entry: one.open(shop, side, files[entry].path, files[entry].key)
            if entry in files
            else one.open(shop, side, None, "")
            for entry, one in opened(shop.section).items()
        }

    competition = shop.competition
    train = Dataset(competition.ids, parts("train"), competition.target, _weights(competition.target))
    return Sides(train, Dataset(competition.test_ids, parts("test")))


def _weights(target: np.ndarray) -> np.ndarray | None:
    """Returns how much a row counts for the metric: float32 (rows,) of mean 1; None where all are alike."""
    facts = facts_of(target)
    if facts is None or facts.weights is None:
        return None
    return (facts.weights / facts.weights.mean()).astype(np.float32)

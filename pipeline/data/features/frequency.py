"""Frequency of a value among the training rows."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from pipeline.data.features.base import FEATURES, Feature, State
from pipeline.data.features.sources import Sources
from pipeline.data.levels import level_numbers


@FEATURES.register("frequency")
class Frequency(Feature):
    """The share of the training rows that have the row's value, the row itself among them.

    A value that no training row has is as frequent as one that a single training row has. Missing
    where the value is.
    """

    kind: Literal["frequency"]
    of: str | list[str] = Field(min_length=1, description="a column, or several: their combination")

    def alike(self) -> list[str]:
        return [self.of] if isinstance(self.of, str) else self.of

    def learn(self, sources: Sources) -> State:
        keys = sources.key(self.alike())
        levels, counts = np.unique(keys[keys != ""].astype(str), return_counts=True)
        return {"levels": levels, "counts": counts, "rows": np.array(len(keys))}

    def make(self, sources: Sources, state: State, trained: bool) -> dict[str, np.ndarray]:
        keys = sources.key(self.alike())
        counts = np.append(state["counts"], 0)[level_numbers(state["levels"], keys)]
        own = 0 if trained else 1
        share = (counts + own) / (state["rows"] + own)
        return {"": np.where(keys == "", np.nan, share)}

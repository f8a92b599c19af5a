"""A number cut into intervals."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from pipeline.data.features.base import FEATURES, Feature, State
from pipeline.data.features.sources import Sources


@FEATURES.register("bins")
class Bins(Feature):
    """The interval that a number lies in, from 0; as many training rows in each, as near as ties allow."""

    kind: Literal["bins"]
    of: str = Field(description="a column")
    n: int = Field(default=10, ge=2, le=1000, description="how many intervals")

    def amounts(self) -> list[str]:
        return [self.of]

    def learn(self, sources: Sources) -> State:
        values = sources.number(self.of)
        values = values[~np.isnan(values)]
        if not len(values):
            return {"edges": np.zeros(0)}
        return {"edges": np.unique(np.quantile(values, np.arange(1, self.n) / self.n))}

    def make(self, sources: Sources, state: State, trained: bool) -> dict[str, np.ndarray]:
        values = sources.number(self.of)
        places = np.searchsorted(state["edges"], values, side="right").astype(np.float64)
        return {"": np.where(np.isnan(values), np.nan, places)}

"""Features of one row's numbers: ratio, difference, product, sum, logarithm."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from pipeline.data.features.base import FEATURES, Feature, State
from pipeline.data.features.sources import Sources


class _OfTwo(Feature):
    of: list[str] = Field(min_length=2, max_length=2, description="two columns, in this order")

    def amounts(self) -> list[str]:
        return self.of


class _OfSeveral(Feature):
    of: list[str] = Field(min_length=2, description="two columns or more")

    def amounts(self) -> list[str]:
        return self.of


@FEATURES.register("ratio")
class Ratio(_OfTwo):
    """The first over the second; missing where the second is 0."""

    kind: Literal["ratio"]

    def make(self, sources: Sources, state: State, trained: bool) -> dict[str, np.ndarray]:
        first, second = (sources.number(name) for name in self.of)
        return {"": first / np.where(second == 0, np.nan, second)}


@FEATURES.register("difference")
class Difference(_OfTwo):
    """The first minus the second; between dates in days."""

    kind: Literal["difference"]

    def make(self, sources: Sources, state: State, trained: bool) -> dict[str, np.ndarray]:
        first, second = (sources.number(name) for name in self.of)
        return {"": first - second}


@FEATURES.register("product")
class Multiplied(_OfSeveral):
    """All multiplied; missing where one is."""

    kind: Literal["product"]

    def make(self, sources: Sources, state: State, trained: bool) -> dict[str, np.ndarray]:
        return {"": np.prod([sources.number(name) for name in self.of], axis=0)}


@FEATURES.register("sum")
class Sum(_OfSeveral):
    """All added; missing where one is."""

    kind: Literal["sum"]

    def make(self, sources: Sources, state: State, trained: bool) -> dict[str, np.ndarray]:
        return {"": np.sum([sources.number(name) for name in self.of], axis=0)}


@FEATURES.register("log")
class Log(Feature):
    """sign(x) log(1 + |x|): for models that multiply; trees do not care."""

    kind: Literal["log"]
    of: str = Field(description="a column")

    def amounts(self) -> list[str]:
        return [self.of]

    def make(self, sources: Sources, state: State, trained: bool) -> dict[str, np.ndarray]:
        values = sources.number(self.of)
        return {"": np.sign(values) * np.log1p(np.abs(values))}

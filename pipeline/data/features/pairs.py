"""Pairs of columns as categories."""

from __future__ import annotations

from itertools import combinations
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from pipeline.data.features.base import FEATURES, Feature, State
from pipeline.data.features.sources import Sources
from pipeline.data.levels import joined_words

MOST = 16  # columns, which make 120 pairs


@FEATURES.register("pairs")
class Pairs(Feature):
    """Each two of the columns as one category, by its frequency and its mean target: NAME.a_b."""

    category: ClassVar[bool] = True
    coded: ClassVar[bool] = False

    kind: Literal["pairs"]
    of: list[str] = Field(min_length=2, max_length=MOST, description="two columns or more")

    def alike(self) -> list[str]:
        return self.of

    def suffixes(self) -> list[str]:
        return [f"{first}_{second}" for first, second in combinations(self.of, 2)]

    def make(self, sources: Sources, state: State, trained: bool) -> dict[str, np.ndarray]:
        words = {name: sources.key([name]) for name in self.of}
        return {
            f"{first}_{second}": joined_words([words[first], words[second]])
            for first, second in combinations(self.of, 2)
        }

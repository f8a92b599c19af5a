"""Several columns as one category."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from pipeline.data.features.base import FEATURES, Feature, State
from pipeline.data.features.sources import Sources
from pipeline.data.levels import JOINT


@FEATURES.register("cross")
class Cross(Feature):
    """Each combination of values as a category, encoded as any other is (codes, counts, mean target)."""

    category: ClassVar[bool] = True

    kind: Literal["cross"]
    of: list[str] = Field(min_length=2, description="two columns or more")

    def alike(self) -> list[str]:
        return self.of

    def make(self, sources: Sources, state: State, trained: bool) -> dict[str, np.ndarray]:
        joined = sources.key(self.of).tolist()
        return {"": np.array([words.replace(JOINT, " & ") for words in joined], dtype=object)}

"""Free text: the columns of the table that hold words, as an input of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.competition import Competition
from pipeline.inputs.base import Input, Shown, Workshop
from pipeline.inputs.table import frame_of
from pipeline.registry import INPUTS

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Texts:
    """Columns of all rows of a side that may be read as text.

    Attributes:
        frame: the usable columns: whoever reads them takes those of free text, or names others.
        kinds: what columns are, where that is known: "text" is free text.
    """

    frame: pd.DataFrame
    kinds: Mapping[str, str] = field(default_factory=dict)

    def take(self, positions: np.ndarray) -> pd.DataFrame:
        return self.frame.iloc[positions]


@INPUTS.register("text")
class TextInput(Input):
    """Columns of several words, mostly different: read as words, not as names."""

    keys = ("train", "test", "columns", "drop", "unescape")
    lacking = "reads texts, but the tables have no column for it."

    def there(self, competition: Competition) -> bool:
        return competition.train is not None

    def open(self, shop: Workshop, side: str, folder: Path | None, key: str) -> Texts:
        return Texts(frame_of(shop, side), shop.competition.kinds)

    def shown(self, shop: Workshop, rows: Sequence[int]) -> list[Shown]:
        frame, kinds = frame_of(shop, "train"), shop.competition.kinds
        names = [name for name in frame.columns if kinds.get(name) == "text"]
        return [Shown(texts={name: str(frame[name].iloc[row]) for name in names}) for row in rows]

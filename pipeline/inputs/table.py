"""The table: the columns that models may see, and the features made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.feature_section import FeatureConfig
from pipeline.config.schema import Config, ModelConfig
from pipeline.data.competition import Competition
from pipeline.errors import DataError
from pipeline.inputs.base import Input, Shown, Workshop, opened
from pipeline.registry import INPUTS

if TYPE_CHECKING:
    import pandas as pd


ENTRY = "table"  # what a model's `inputs` name it by


@dataclass(frozen=True)
class Columns:
    """Columns of all rows of a side.

    Attributes:
        frame: the usable columns.
        kinds: what columns are, where that is known (see `pipeline.data.columns`); the others are
            judged by their training values.
        features: features by name (see `pipeline.data.features`), made when a model encodes its rows.
    """

    frame: pd.DataFrame
    kinds: Mapping[str, str] = field(default_factory=dict)
    features: Mapping[str, FeatureConfig] = field(default_factory=dict)

    def take(self, positions: np.ndarray) -> pd.DataFrame:
        return self.frame.iloc[positions]

    def join(self, other: Columns) -> Columns:
        return replace(self, frame=joined_frames(self.frame, other.frame))


@INPUTS.register(ENTRY)
class TableInput(Input):
    """Numbers, categories, codes and dates of a row, and the features by name."""

    keys = ("train", "test", "columns", "drop", "see_id", "unescape")
    lacking = "reads the table, but the tables have no column for it."

    def there(self, competition: Competition) -> bool:
        return competition.train is not None

    def key(self, config: Config, section: ModelConfig) -> dict[str, Any]:
        """Returns the features, whose order counts: each may read those before it; and a closed door.

        Before free text was an input of its own, the table held it.
        """
        closed = {} if "text" in opened(section) else {"text": False}
        return {**features_key(config), **closed}

    def open(self, shop: Workshop, side: str, folder: Path | None, key: str) -> Columns:
        return Columns(frame_of(shop, side), shop.competition.kinds, shop.config.features)

    def shown(self, shop: Workshop, rows: Sequence[int]) -> list[Shown]:
        """Returns the rows' columns but those of free text."""
        frame, kinds = frame_of(shop, "train"), shop.competition.kinds
        names = [name for name in frame.columns if kinds.get(name) != "text"]
        return [Shown(values={name: frame[name].iloc[row] for name in names}) for row in rows]


def features_key(config: Config) -> dict[str, Any]:
    """Returns {} where there are no features: the key of a fit is the one that it always had."""
    said = [[name, f.model_dump(mode="json", exclude_defaults=True)] for name, f in config.features.items()]
    return {"features": said} if said else {}


def frame_of(shop: Workshop, side: str) -> pd.DataFrame:
    """Returns the columns of a side that models may see."""
    frame = shop.competition.train if side == "train" else shop.competition.test
    if frame is None:
        raise DataError(f"`models.{shop.name}` {TableInput.lacking}")
    return frame


def joined_frames(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows of both, with the columns of the first."""
    import pandas as pd

    return pd.concat([first, second[first.columns]], ignore_index=True)

"""The rows that one model sees, training and test: table and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.schema import Config, ModelConfig
from pipeline.data.competition import Competition
from pipeline.data.rows import Dataset
from pipeline.errors import ConfigError
from pipeline.inputs.images.part import Pictures
from pipeline.inputs.table import Columns
from pipeline.registry import MODELS


@dataclass(frozen=True)
class Sides:
    """Training and test rows of one model."""

    train: Dataset
    test: Dataset


def sees(section: ModelConfig) -> set[str]:
    """Returns "table" and "images", whichever the model's inputs name."""
    default = MODELS.get(section.kind).sees
    return {default if entry == "auto" else entry for entry in section.inputs if "." not in entry}


def sides_of(
    config: Config, competition: Competition, name: str, pixels: Path | None, pixels_key: str
) -> Sides:
    """Builds both sides for a model; arrays are memory maps of products made before.

    What it reads of other models differs from fold to fold: see `pipeline.run.outputs`.

    Args:
        config: of the run.
        competition: its rows.
        name: of the model.
        pixels: folder of the pictures that it sees, where it sees any.
        pixels_key: names their content.

    Raises:
        ConfigError: the model wants pictures or a table where the competition has none.
    """
    wanted = sees(config.models[name])
    if "table" in wanted and competition.train is None:
        raise ConfigError(f"`models.{name}` reads the table, but the tables have no column for it.")
    if "images" in wanted and pixels is None:
        raise ConfigError(f"`models.{name}` reads pictures, but `data.images` does not say where they are.")
    sides = []
    for side, ids, table in (
        ("train", competition.ids, competition.train),
        ("test", competition.test_ids, competition.test),
    ):
        parts: dict[str, Any] = {}
        if "table" in wanted and table is not None:
            parts["table"] = Columns(table, competition.kinds, config.features)
        if "images" in wanted and pixels:
            shown = np.load(pixels / f"{side}.npy", mmap_mode="r")
            parts["images"] = Pictures(shown, f"{pixels_key}-{side}")
        sides.append(Dataset(ids, parts, competition.target if side == "train" else None))
    return Sides(*sides)

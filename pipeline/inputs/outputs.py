"""Outputs of other models as inputs: the one place that takes `NAME.part` apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.config.data_section import DataConfig
from pipeline.config.reads import Read
from pipeline.config.schema import ModelConfig
from pipeline.data.competition import Competition
from pipeline.errors import did_you_mean
from pipeline.inputs.base import Input, Workshop
from pipeline.registry import INPUTS, MODELS

PARTS = ("prediction", "embedding")  # that `inputs` may name


@dataclass(frozen=True)
class Values:
    """Another model's predictions or embedding of all rows of a side: float32 (rows, columns)."""

    values: np.ndarray

    def take(self, positions: np.ndarray) -> np.ndarray:
        return self.values[positions]

    def join(self, other: Values) -> Values:
        return Values(np.concatenate([self.values, other.values]))


@INPUTS.register("outputs")
class OutputsInput(Input):
    """Predictions and embeddings of other models, as `NAME.prediction` and `NAME.embedding`."""

    of_fold = True

    def there(self, competition: Competition) -> bool:
        return True

    def problem(
        self, entry: str, reader: str, models: Mapping[str, ModelConfig | None], data: DataConfig
    ) -> str:
        """Returns what is wrong with an entry: no such model, no such part, a model without embedding."""
        source, _, part = entry.partition(".")
        where = f"`models.{reader}.inputs`"
        if source not in models:
            return f"{where}: {entry!r} is no input: no model {source!r}.{did_you_mean(source, models)}"
        if part not in PARTS:
            accepted = " or ".join(f"{source}.{known}" for known in PARTS)
            return f"{where} accepts {accepted}. Received: {entry!r}."
        section = models[source]
        if part == "embedding" and section is not None and not MODELS.get(section.kind).embeds:
            return f"{where}: model {source!r} has no embedding."
        return ""

    def read(self, entry: str, nested: bool) -> Read:
        name, _, part = entry.partition(".")
        if part == "embedding":
            return Read(name, "embedding", "same_fold")
        return Read(name, "prediction", "nested" if nested else "out_of_fold")

    def open(self, shop: Workshop, side: str, folder: Path | None, key: str) -> Values:
        raise TypeError("What other models say is opened fold by fold.")

"""The features by name of one fit: learned from its training rows, made for any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.feature_section import FeatureConfig
from pipeline.data.encoders.parts import Parts, PartsMaker
from pipeline.data.features.base import FEATURES, Feature, State
from pipeline.data.features.sources import Sources

if TYPE_CHECKING:
    import pandas as pd

LARGEST = float(np.finfo(np.float32).max)  # features end as float32


class FeatureMaker:
    """Adds features to the parts of rows, in the order of the YAML: each may read those before it.

    Args:
        features: name -> the feature's section.
    """

    def __init__(self, features: Mapping[str, FeatureConfig]) -> None:
        self.features: dict[str, dict[str, Any]] = {
            name: feature.model_dump(mode="json") for name, feature in features.items()
        }

    def fit_add(self, table: pd.DataFrame, maker: PartsMaker, parts: Parts, targets: np.ndarray) -> None:
        """Learns from training rows and their targets, and adds their features to their parts."""
        self.states_: dict[str, State] = {}
        sources = Sources(table, maker.kinds, parts, maker.day_first_, targets)
        for name, feature in self._sections().items():
            self.states_[name] = feature.learn(sources)
            _add(parts, feature, name, feature.make(sources, self.states_[name], trained=True))

    def add(self, table: pd.DataFrame, maker: PartsMaker, parts: Parts) -> None:
        """Adds the features of rows that were not learned from to their parts."""
        sources = Sources(table, maker.kinds, parts, maker.day_first_)
        for name, feature in self._sections().items():
            _add(parts, feature, name, feature.make(sources, self.states_[name], trained=False))

    def _sections(self) -> dict[str, Feature]:
        return {
            name: FEATURES.get(section["kind"]).model_validate(section)
            for name, section in self.features.items()
        }


def feature_columns(name: str, feature: Feature) -> list[str]:
    """Returns what the columns of a feature are called."""
    return [f"{name}.{suffix}" if suffix else name for suffix in feature.suffixes()]


def _add(parts: Parts, feature: Feature, name: str, made: dict[str, np.ndarray]) -> None:
    for column, values in zip(feature_columns(name, feature), made.values(), strict=True):
        if feature.category:
            parts.categories[column] = values
            if not feature.coded:
                parts.uncoded.add(column)
        else:
            parts.numbers[column] = np.where(np.abs(values) <= LARGEST, values, np.nan)

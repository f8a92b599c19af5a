"""The contract of features by name: they read columns, learn from training rows, and make columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from pipeline.config.feature_section import FeatureConfig
from pipeline.data.features.sources import Sources
from pipeline.registry import FEATURES

__all__ = ["FEATURES", "Feature", "State"]

State = dict[str, np.ndarray]  # what was learned; no array of objects, so that it is saved without pickle


class Feature(FeatureConfig, ABC):
    """A feature by name: its section of the YAML, and how to make it.

    A subclass is registered under the word that the YAML uses, declares its keys as fields (`of`
    takes what is given in short: `ratio: [fare, size]`), and reads columns through `Sources` only.
    What it knows of other rows it learns in `learn`, which is given training rows alone.

    Attributes:
        category: whether it makes names (str objects) rather than numbers.
        coded: whether models may see its names one by one; else only how frequent a name is, and its
            mean target.

    Example:
        >>> import pandas as pd
        >>> from pipeline.data.encoders.parts import Parts
        >>> class Doubled(Feature):
        ...     of: str
        ...     def amounts(self):
        ...         return [self.of]
        ...     def make(self, sources, state, trained):
        ...         return {"": 2.0 * sources.number(self.of)}
        >>> sources = Sources(pd.DataFrame({"fare": ["1", "2.5"]}), {}, Parts(), {})
        >>> Doubled(kind="doubled", of="fare").make(sources, {}, trained=True)[""].tolist()
        [2.0, 5.0]
    """

    category: ClassVar[bool] = False
    coded: ClassVar[bool] = True

    def amounts(self) -> list[str]:
        """Returns the columns that it reads as numbers."""
        return []

    def alike(self) -> list[str]:
        """Returns the columns whose equal values it puts together."""
        return []

    def moments(self) -> dict[str, str | None]:
        """Returns the columns that it reads as dates, each with its format, if one is given."""
        return {}

    def texts(self) -> list[str]:
        """Returns the columns that it reads as words."""
        return []

    def suffixes(self) -> list[str]:
        """Returns what its columns are called after its name; "" is the name alone."""
        return [""]

    def learn(self, sources: Sources) -> State:
        """Returns what the training rows say."""
        return {}

    @abstractmethod
    def make(self, sources: Sources, state: State, trained: bool) -> dict[str, np.ndarray]:
        """Returns (rows,) arrays by `suffixes`: float64, NaN where missing, or str objects, "" where missing.

        Args:
            sources: the rows.
            state: what `learn` returned.
            trained: whether these are the rows that `learn` saw. A row is one of its group: other
                rows must be counted beside those of the state.
        """

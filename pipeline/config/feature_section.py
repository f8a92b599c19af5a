"""The section of one feature by name."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import PrivateAttr

from pipeline.config.section import Section


@dataclass(frozen=True)
class Origin:
    """Origin of a feature that `make features` found.

    Attributes:
        file: that it stands in.
        claimed: what it gains on the rows that chose it: too good.
        held_back: what it gains on rows that the search never saw.
        error: the standard error of `held_back`.
        rows: how many rows were held back.
    """

    file: str
    claimed: float
    held_back: float
    error: float
    rows: int


class FeatureConfig(Section):
    """A feature by name; each kind has keys of its own."""

    kind: str
    _origin: Origin | None = PrivateAttr(default=None)  # None of the YAML's own


def with_origin(feature: FeatureConfig, origin: Origin | None) -> FeatureConfig:
    """Returns the feature with its origin, which is no part of what the YAML says of it."""
    copy = feature.model_copy()
    copy._origin = origin
    return copy


def origin_of(feature: FeatureConfig) -> Origin | None:
    """Returns where a search found the feature; None of the YAML's own."""
    return feature._origin

"""A decision and its reason; the words of a name, which many decisions look at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Choice(Generic[T]):
    """A decision and its reason.

    Attributes:
        value: what the configuration gets.
        reason: a sentence for the person who reads the configuration.
    """

    value: T
    reason: str


@dataclass(frozen=True)
class Chosen:
    """One model that was decided on: its name and section in the YAML, and why it is there."""

    name: str
    section: dict[str, Any]
    reason: str


def words(name: str) -> list[str]:
    """Returns the words of a name, lower case: "sampleSubmission_v2.csv" is sample, submission, v, csv."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return [part.lower() for part in parts]

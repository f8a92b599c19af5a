"""Section: one part of the report, from what it needs of a run to what it shows of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from pipeline.registry import SECTIONS
from pipeline.reports.blocks import Block
from pipeline.reports.material import Material

__all__ = ["SECTIONS", "Advice", "Section", "gathered"]

NONE: Mapping[str, Section] = MappingProxyType({})


@dataclass(frozen=True)
class Advice:
    """Something to try next.

    Attributes:
        text: what to do.
        evidence: what was seen that speaks for it.
        weight: how much may lie in it: the heaviest stand first. 1 is a gain that is all but sure.
    """

    text: str
    evidence: str
    weight: float = 0.5


class Section(ABC):
    """One part of the report. A subclass is registered in `pipeline/reports/sections/`.

    It reads saved products only, trains nothing, and does with what there is: a run that was killed has
    fits of some folds and no ensemble.

    Attributes:
        material: what it reads.
        others: all sections of the page by name; one of them speaks for all.
        title: its heading.
        place: sections stand in the order of these numbers.

    Example:
        >>> from types import SimpleNamespace as Stub
        >>> from pipeline.reports.blocks import Text
        >>> class Rows(Section):
        ...     title, place = "Rows", 5
        ...     def applies(self):
        ...         return self.material.rows > 0
        ...     def blocks(self):
        ...         return [Text(f"{self.material.rows} rows")]
        >>> section = Rows(Stub(rows=3))
        >>> section.applies(), section.blocks()[0].text, section.advice()
        (True, '3 rows', [])
    """

    title: ClassVar[str]
    place: ClassVar[int]

    def __init__(self, material: Material, others: Mapping[str, Section] = NONE) -> None:
        self.material = material
        self.others = others

    @abstractmethod
    def applies(self) -> bool:
        """Says whether there is anything to show of this run."""

    @abstractmethod
    def blocks(self) -> list[Block]:
        """Returns what is shown, of a run to which it applies."""

    def advice(self) -> list[Advice]:
        """Returns what its evidence suggests to try next, of a run to which it applies."""
        return []

    def warnings(self) -> list[str]:
        """Returns what would change a person's mind about the score, of a run to which it applies."""
        return []


def gathered(sections: Mapping[str, Section], without: Section) -> tuple[list[str], list[Advice]]:
    """Returns the warnings of all other sections, and their advice, the weightiest first."""
    warnings: list[str] = []
    advice: list[Advice] = []
    for section in sorted(sections.values(), key=lambda one: one.place):
        if section is without:
            continue
        try:
            if section.applies():
                warnings, advice = warnings + section.warnings(), advice + section.advice()
        except Exception as error:  # the page says so where the section would stand, too
            warnings.append(f"What {section.title!r} would say is not known: {error!r}")
    return warnings, sorted(advice, key=lambda one: -one.weight)

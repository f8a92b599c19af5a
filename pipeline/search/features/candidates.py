"""Candidates: what the words of features make of a table's columns, the most promising columns first."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from pipeline.data.columns import DATES
from pipeline.data.encoders.parts import CYCLES, Parts
from pipeline.data.features.base import FEATURES, Feature
from pipeline.data.features.dates import more_parts
from pipeline.data.features.sources import Sources

MOST_NUMBERS = 16  # columns that arithmetic joins, two at a time
MOST_GROUPED_BY, MOST_GROUPED = 8, 12  # columns that make groups, and numbers that are described in them
MOST_CATEGORIES = 8
MOST_LEVELS = 0.2  # of the rows: an integer with more values than that makes no groups
FEWEST_LEVELS = 3
STATISTICS = ("mean", "difference", "std", "rank")
CALENDAR = ("quarter", "week", "weekend", "month_start", "month_end")
ARITHMETIC = {"ratio": "per", "difference": "minus", "product": "times", "sum": "plus"}


@dataclass(frozen=True)
class Candidate:
    """A feature that might be of use.

    Attributes:
        name: that the YAML would give it.
        word: of the registry.
        said: its columns, or its keys, as the YAML writes them.
    """

    name: str
    word: str
    said: Any

    @property
    def yaml(self) -> dict[str, Any]:
        return {self.word: self.said}

    def feature(self) -> Feature:
        keys = self.said if isinstance(self.said, Mapping) else {"of": self.said}
        feature: Feature = FEATURES.get(self.word).model_validate({"kind": self.word, **keys})
        return feature


def find_candidates(
    sources: Sources, kinds: Mapping[str, str], gains: Mapping[str, float], taken: Container[str]
) -> list[Candidate]:
    """Returns the candidates, those of the columns first that boosting has gained most by.

    Logarithms and bins are none of them: to trees they are what the number is.

    Args:
        sources: of some training rows.
        kinds: of the table's columns.
        gains: by column of the encoded table, what the splits of the base model gained.
        taken: names of columns and features that there are.
    """
    ranked = _ranked(sources.parts, gains)
    numbers = [name for name in ranked if _counts(sources.parts, name) > 2]
    found: list[Candidate] = []
    for first, second in combinations(numbers[:MOST_NUMBERS], 2):
        found += _of_two(first, second)
    found += _grouped(sources, ranked, numbers)
    categories = [name for name in ranked if name in sources.parts.categories][:MOST_CATEGORIES]
    for name in categories:
        found.append(Candidate(f"{name}_frequency", "frequency", name))
    for first, second in combinations(categories, 2):
        found.append(Candidate(f"{first}_and_{second}", "pairs", [first, second]))
    found += _of_moments(sources, kinds)
    found += [Candidate(f"{name}_style", "style", name) for name, kind in kinds.items() if kind == "text"]
    return list(_named(found, taken))


def _ranked(parts: Parts, gains: Mapping[str, float]) -> list[str]:
    """Returns numbers and categories, those with the largest gains first; of equal ones in their order."""
    names = [name for name in parts.numbers if not name.endswith((".sin", ".cos"))]
    names += [name for name in parts.categories if name not in parts.numbers]

    def gain(name: str) -> float:
        return sum(one for said, one in gains.items() if said == name or said.startswith(f"{name}."))

    return sorted(names, key=lambda name: -gain(name))


def _counts(parts: Parts, name: str) -> int:
    if name not in parts.numbers or name.rpartition(".")[2] in CYCLES:
        return 0
    values = parts.numbers[name]
    return len(np.unique(values[~np.isnan(values)]))


def _of_two(first: str, second: str) -> Iterator[Candidate]:
    for word, between in ARITHMETIC.items():
        yield Candidate(f"{first}_{between}_{second}", word, [first, second])
    yield Candidate(f"{second}_per_{first}", "ratio", [second, first])


def _grouped(sources: Sources, ranked: list[str], numbers: list[str]) -> Iterator[Candidate]:
    """Yields statistics of numbers by what comes again: categories, and integers with few values."""
    by = [name for name in ranked if _makes_groups(sources, name)][:MOST_GROUPED_BY]
    for name in by:
        for number in [one for one in numbers if one != name][:MOST_GROUPED]:
            for statistic in STATISTICS:
                said = {"by": name, "of": number, "what": [statistic]}
                yield Candidate(f"{number}_{statistic}_by_{name}", "group", said)


def _makes_groups(sources: Sources, name: str) -> bool:
    if name in sources.parts.categories:
        values: np.ndarray = sources.parts.categories[name].astype(str)
    else:
        numbers = sources.parts.numbers[name]
        values = numbers[~np.isnan(numbers)]
        if (values % 1 != 0).any():
            return False
    return FEWEST_LEVELS <= len(np.unique(values)) <= MOST_LEVELS * len(sources)


def _of_moments(sources: Sources, kinds: Mapping[str, str]) -> Iterator[Candidate]:
    """Yields the parts of dates that a table does not show by itself, and the days between two dates."""
    dates = [name for name, kind in kinds.items() if kind in DATES]
    for name in dates:
        parts = more_parts(sources.moment(name))
        varying = [part for part in CALENDAR if len(np.unique(parts[part][~np.isnan(parts[part])])) > 1]
        for part in varying:
            yield Candidate(f"{name}_{part}", "dates", {"of": name, "parts": [part]})
    for first, second in combinations(dates, 2):
        yield Candidate(f"{first}_minus_{second}", "difference", [first, second])


def _named(found: Iterable[Candidate], taken: Container[str]) -> Iterator[Candidate]:
    """Yields the candidates under names that a YAML takes, each once."""
    given: set[str] = set()
    for one in found:
        name = re.sub(r"\W", "_", one.name)
        name = name if name.isidentifier() else f"of_{name}"
        while name in given or name in taken:
            name += "_"
        given.add(name)
        yield Candidate(name, one.word, one.said)

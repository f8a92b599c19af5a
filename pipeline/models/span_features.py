"""Features of every word of some texts: itself, its neighbours, its place, as numbers of one table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.networks.tokens.sequences import Sequences
from pipeline.networks.tokens.vocabulary import Reading, Vocabulary

TABLE = 2**19  # features; of more, some share a number (Weinberger et al., ICML 2009)
REACH = 2  # words to the left and right that a word is told with
EDGE = 6  # places from the beginning and the end that are told apart
MOST = 60_000  # words that have a number
FILE = "words.json"
PRIME = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class WordFeatures:
    """Words that have a number, from training rows alone.

    Attributes:
        vocabulary: words that have a number.
        values: of each column of few values beside the text, its values.
    """

    vocabulary: Vocabulary
    values: Mapping[str, Sequence[str]]

    @classmethod
    def learned(
        cls,
        longest: int,
        lowercase: bool,
        least: int,
        texts: Sequence[Sequence[str]],
        beside: Mapping[str, Sequence[str]],
    ) -> WordFeatures:
        """Returns what is learned of training rows.

        Args:
            longest: words that are read of a text.
            lowercase: whether case is lost.
            least: times that a word must occur.
            texts: of the rows, a list for each text column.
            beside: values of the rows in columns of few, by name.
        """
        vocabulary = Vocabulary.learned(reading(longest, lowercase), texts, least, MOST)
        return cls(vocabulary, {name: sorted(set(column)) for name, column in beside.items()})

    def read(
        self, texts: Sequence[Sequence[str]], beside: Mapping[str, Sequence[str]]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns int32 (words, features) of every word of the first texts, and where each text begins.

        Args:
            texts: of the rows, a list for each text column.
            beside: values of the rows in the other columns, by name.

        Returns:
            The features, and int64 (rows + 1,).
        """
        own = self.vocabulary.read(texts[:1])
        rows = np.repeat(np.arange(len(own)), own.lengths)
        place = np.arange(len(rows)) - own.starts[rows]
        first, last = np.minimum(place, EDGE), np.minimum(own.lengths[rows] - 1 - place, EDGE)
        near = {step: _neighbours(own.ids, rows, step) for step in range(-REACH, REACH + 1)}
        told: list[Sequence[np.ndarray]] = [[one] for one in near.values()]
        told += [[near[-1], near[0]], [near[0], near[1]], [first, near[0]], [last, near[0]], [first, last]]
        for name, known in self.values.items():
            number = {value: place for place, value in enumerate(known, start=1)}
            value = np.array([number.get(one, 0) for one in beside[name]], np.int64)[rows]
            told += [[value, near[0]], [value, near[-1]], [value, near[1]], [value, first, last]]
        for column in texts[1:]:
            shared = _shared(own, self.vocabulary.read([column]), rows)
            close = [_neighbours(shared, rows, step) for step in (-2, -1, 0, 1, 2)]
            told += [[close[1], close[2], close[3]], close]
        return np.stack([_numbered(family, one) for family, one in enumerate(told)], axis=1), own.starts

    def save(self, folder: Path) -> None:
        facts = {"words": self.vocabulary.tokens, "values": self.values}
        (folder / FILE).write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, longest: int, lowercase: bool) -> WordFeatures:
        """Reads what `save` wrote."""
        facts: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return cls(Vocabulary(reading(longest, lowercase), facts["words"]), facts["values"])


def reading(longest: int, lowercase: bool) -> Reading:
    """Returns how texts are read: as words, by which spans are told."""
    return Reading("word", lowercase, longest, (1, 1))


def _neighbours(values: np.ndarray, rows: np.ndarray, step: int) -> np.ndarray:
    """Returns int64 (words,): the value of the word so many to the right of each; -1 beyond its text."""
    at = np.arange(len(values)) + step
    held = np.clip(at, 0, max(len(values) - 1, 0))
    inside = (at == held) & (rows[held] == rows) if len(values) else np.zeros(0, bool)
    return np.where(inside, values[held].astype(np.int64), -1)


def _shared(own: Sequences, other: Sequences, rows: np.ndarray) -> np.ndarray:
    """Returns int64 (words,): 1 for each word that the same row's other text has too."""
    pairs = own.ids.astype(np.int64) + rows * MOST * 2
    others = other.ids.astype(np.int64) + np.repeat(np.arange(len(other)), other.lengths) * MOST * 2
    return np.isin(pairs, others).astype(np.int64)


def _numbered(family: int, values: Sequence[np.ndarray]) -> np.ndarray:
    """Returns int32 (words,): the number of a feature in the table, by several values together."""
    mixed = np.full(len(values[0]), family + 1, np.uint64)
    for one in values:
        mixed = (mixed ^ (one + 2).astype(np.uint64)) * np.uint64(PRIME)
        mixed ^= mixed >> np.uint64(29)
    return (mixed % np.uint64(TABLE)).astype(np.int32)

"""Answers of the training rows that are parts of texts: where they lie, and what a score says of others."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from pipeline.tasks.remembered import Remembered
from pipeline.tasks.words import word_places

FILE = "spans.json"
NOWHERE = -1
MOST_SCORES = 1_000_000  # remembered at a time: some 300 MB


def found_in(text: str, answer: str) -> int:
    """Returns where an answer first begins in its text, in characters (in any case where it must), or -1."""
    place = text.find(answer)
    if place >= 0 or len(text) != len(text.lower()):  # a letter may be two in lower case
        return place
    return text.lower().find(answer.lower())


def span_of(text: str, answer: str) -> tuple[int, int]:
    """Returns the first and the last word of a text that an answer has a letter of.

    Both NOWHERE, where the answer is empty or no part of the text.

    Example:
        >>> span_of("so sad, really", "sad,")
        (1, 2)
        >>> span_of("so sad, really", "glad")
        (-1, -1)
    """
    place = found_in(text, answer) if answer else -1
    if place < 0:
        return NOWHERE, NOWHERE
    words = word_places(text)
    inside = np.flatnonzero((words[:, 1] > place) & (words[:, 0] < place + len(answer)))
    return (int(inside[0]), int(inside[-1])) if len(inside) else (NOWHERE, NOWHERE)


def cut_out(text: str, start: int, end: int) -> str:
    """Returns a text from one word to another, both included; those behind its last are the last.

    Example:
        >>> cut_out("so sad, really", 1, 2)
        'sad,'
        >>> cut_out("so sad, really", 0, 99)
        'so sad, really'
    """
    words = word_places(text)
    if not len(words):
        return text
    start, end = min(start, len(words) - 1), min(end, len(words) - 1)
    return text[words[start, 0] : words[end, 1]]


@dataclass(frozen=True)
class SpanTruth:
    """Texts and answers of the training rows.

    Attributes:
        texts: of each row.
        answers: of each row, "" where it has none.
    """

    texts: Sequence[str]
    answers: Sequence[str]
    _scores: Remembered = field(default_factory=lambda: Remembered(MOST_SCORES), repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def spans(self) -> np.ndarray:
        """First and last word of each answer, int64 (rows, 2); NOWHERE for one that its text lacks."""
        pairs = zip(self.texts, self.answers, strict=True)
        return np.array([span_of(text, answer) for text, answer in pairs], np.int64).reshape(-1, 2)

    @cached_property
    def words(self) -> np.ndarray:
        """Words of each text, int64 (rows,)."""
        return np.array([len(word_places(text)) for text in self.texts], np.int64)

    def said(self, row: int, start: int, end: int) -> str:
        """Returns the part of a row's text from one word to another."""
        return cut_out(self.texts[row], start, end)

    def score(self, score: Callable[[str, str], float], row: int, start: int, end: int) -> float:
        """Returns what a score of two texts says of a span; remembered."""

        def make() -> float:
            return float(score(self.answers[row], self.said(row, start, end)))

        return float(self._scores((score, row, start, end), make))

    def save(self, folder: Path) -> None:
        facts = {"texts": list(self.texts), "answers": list(self.answers)}
        (folder / FILE).write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> SpanTruth:
        """Reads what `save` wrote."""
        facts = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return cls(facts["texts"], facts["answers"])

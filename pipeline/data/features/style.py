"""Style of a text: counts that boosting can cut, beside what it says."""

from __future__ import annotations

import re
from typing import Literal

import numpy as np
from pydantic import Field

from pipeline.data.features.base import FEATURES, Feature, State
from pipeline.data.features.sources import Sources

WORD = re.compile(r"\w[\w']*")
PARTS = ("words", "word_length", "unique", "capitals", "shouted", "digits", "marks", "questions")


@FEATURES.register("style")
class Style(Feature):
    """Counts and shares of a text's characters and words; missing where the text is."""

    kind: Literal["style"]
    of: str = Field(description="a text column")

    def suffixes(self) -> list[str]:
        return list(PARTS)

    def texts(self) -> list[str]:
        return [self.of]

    def make(self, sources: Sources, state: State, trained: bool) -> dict[str, np.ndarray]:
        counted = np.array([_counts(text) for text in sources.key([self.of])]).reshape(-1, len(PARTS))
        return dict(zip(PARTS, counted.T, strict=True))


def _counts(text: str) -> list[float]:
    """Returns what PARTS name: numbers of words and of ! and ?, the others per word or per character.

    `unique` is the share of different words, `shouted` that of words in capitals, `word_length` a mean.
    """
    if not text:
        return [np.nan] * len(PARTS)
    words, length = WORD.findall(text), len(text)
    per_word = max(1, len(words))
    return [
        float(len(words)),
        sum(map(len, words)) / per_word,
        len({word.lower() for word in words}) / per_word,
        sum(map(str.isupper, text)) / length,
        sum(len(word) > 1 and word.isupper() for word in words) / per_word,
        sum(map(str.isdigit, text)) / length,
        sum(not (letter.isalnum() or letter.isspace()) for letter in text) / length,
        float(text.count("!") + text.count("?")),
    ]

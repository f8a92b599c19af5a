"""Words of a text: where they begin and end."""

from __future__ import annotations

import re
import unicodedata

import numpy as np

# accents that follow their letter, vowels of Indian scripts: parts of a word that `\w` does not know
MARKS = "".join(
    letter for letter in map(chr, range(0x300, 0x10000)) if unicodedata.category(letter) in ("Mn", "Mc", "Me")
)
WORD = re.compile(rf"\w[\w'{MARKS}]*|[^\w\s]")  # a word, or a mark by itself: style is in the punctuation too


def word_places(text: str) -> np.ndarray:
    """Returns int64 (words, 2): begin and end of every word of a text, in characters.

    Example:
        >>> word_places("so, yes").tolist()
        [[0, 2], [2, 3], [4, 7]]
    """
    return np.array([match.span() for match in WORD.finditer(text)], np.int64).reshape(-1, 2)


def in_lower_case(text: str) -> str:
    """Returns a text in lower case and of its length: letters that become two would move the words."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(letter.lower()[:1] for letter in text)

"""Vocabularies: which words, characters or parts of words have a number, by the training texts alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Literal

import numpy as np

from pipeline.networks.tokens.sequences import Sequences, joined
from pipeline.tasks.words import WORD

Reader = Literal["word", "char", "subword"]
UNKNOWN, BREAK = 1, 2  # a token without a number of its own; between two columns
FIRST = 3  # number of the first token that has one

Split = Callable[[str], Iterable[str]]


@dataclass(frozen=True)
class Reading:
    """A way to read a text.

    Attributes:
        reader: word (and punctuation marks), char, or subword: runs of characters within a word, with "<"
            before and ">" behind it (Bojanowski et al., TACL 2017, section 3.2).
        lowercase: whether case is lost.
        longest: words that are read of a text, from its beginning.
        span: shortest and longest run of `subword`.
    """

    reader: Reader
    lowercase: bool
    longest: int
    span: tuple[int, int]

    def tokens(self) -> Split:
        """Returns a function from a text to its tokens in their order."""
        if self.reader == "char":
            return list
        if self.reader == "word":
            return WORD.findall
        known: dict[str, list[str]] = {}

        def parts(text: str) -> list[str]:
            found: list[str] = []
            for word in WORD.findall(text):
                if word not in known:
                    known[word] = list(_runs(f"<{word}>", *self.span))
                found += known[word]
            return found

        return parts

    def seen(self, text: str) -> str:
        """Returns the part of a text that is read, its case lost where asked."""
        if len(text) > self.longest:
            last = next(islice(WORD.finditer(text), self.longest, None), None)
            text = text if last is None else text[: last.start()]
        return text.lower() if self.lowercase else text


def _runs(word: str, shortest: int, longest: int) -> Iterable[str]:
    for size in range(shortest, min(longest, len(word)) + 1):
        for start in range(len(word) - size + 1):
            yield word[start : start + size]


class Vocabulary:
    """Tokens that have a number, and texts as numbers.

    Args:
        reading: what is read of a text.
        tokens: in the order of their numbers, the first FIRST.
    """

    def __init__(self, reading: Reading, tokens: Sequence[str]) -> None:
        self.reading, self.tokens = reading, list(tokens)
        self._numbers = {token: number for number, token in enumerate(self.tokens, start=FIRST)}
        self._split = reading.tokens()

    @classmethod
    def learned(cls, reading: Reading, columns: Sequence[Sequence[str]], least: int, most: int) -> Vocabulary:
        """Returns the vocabulary of training texts.

        Args:
            reading: what is read of them.
            columns: texts of the training rows, a column each.
            least: times that a token must occur.
            most: tokens; the most frequent ones, of equals those that are first by their text.
        """
        split, counts = reading.tokens(), Counter[str]()
        for text in chain.from_iterable(columns):
            counts.update(split(reading.seen(text)))
        ranked = sorted((-count, token) for token, count in counts.items() if count >= least)
        return cls(reading, [token for _, token in ranked[:most]])

    def __len__(self) -> int:
        return FIRST + len(self.tokens)

    def read(self, columns: Sequence[Sequence[str]]) -> Sequences:
        """Returns a sequence for each row: its columns in order, BREAK between two; alone if empty."""
        number = self._numbers.get

        def numbers(text: str) -> list[int]:
            return [number(token, UNKNOWN) for token in self._split(self.reading.seen(text))]

        rows = []
        for texts in zip(*columns, strict=True):
            found = numbers(texts[0])
            for text in texts[1:]:
                found += [BREAK, *numbers(text)]
            rows.append(np.array(found or [BREAK], np.int32))
        return joined(rows)

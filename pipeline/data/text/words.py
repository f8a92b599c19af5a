"""Texts taken apart into words, each word by its number: a text is split once, all else is NumPy."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from pipeline.tasks.words import WORD

UNKNOWN = -1


@dataclass(frozen=True)
class Words:
    """The words of some texts, one text after the other.

    Attributes:
        numbers: int32 (words,) of every word in a list, UNKNOWN where the list lacks it.
        starts: int64 (texts + 1,): text i is `numbers[starts[i]:starts[i + 1]]`.
        known: the list, in the order of the numbers.
    """

    numbers: np.ndarray
    starts: np.ndarray
    known: Sequence[str]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def rows(self) -> np.ndarray:
        """The text that every word stands in, int64 (words,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))


def split_words(texts: Sequence[str], known: Sequence[str] | None = None, marks: bool = True) -> Words:
    """Takes texts apart.

    Args:
        texts: as they are.
        known: words that have a number; without it, every word gets one.
        marks: words and punctuation marks; False: what stands between white space.
    """
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    if known is not None:
        numbers = defaultdict(lambda: UNKNOWN, zip(known, count()))
    found, starts = array("i"), array("q", [0])
    split = WORD.findall if marks else str.split
    for text in texts:
        found.extend(map(numbers.__getitem__, split(text)))  # a loop in C: half of the time of one in Python
        starts.append(len(found))
    words = np.frombuffer(found, np.int32) if found else np.zeros(0, np.int32)
    return Words(words, np.frombuffer(starts, np.int64), list(numbers) if known is None else known)


def count_matrix(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]):
    """Returns how often each pair occurs, float32 sparse (rows, columns); negative columns do not count."""
    from scipy.sparse import coo_matrix

    kept = columns >= 0
    ones = np.ones(int(kept.sum()), np.float32)
    return coo_matrix((ones, (rows[kept], columns[kept])), shape=shape).tocsr()

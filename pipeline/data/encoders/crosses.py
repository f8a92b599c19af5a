"""Crosses: columns and sets of them as one sparse matrix of zeros and ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from math import comb
from typing import Any

import numpy as np

from pipeline.data.encoders.parts import Parts

BINS = 12  # of a number, with as many training rows each
MOST_SETS = 130  # sets of columns: nine columns make 129 alone, by twos and by threes
MOST_CELLS = 60_000_000  # ones of the matrix: fewer sets where there are many rows
FEWEST_ROWS = 2  # training rows that must share a level for it to count
MIXED = np.uint64(0x9E3779B97F4A7C15)  # odd, and its bits are without order: 2**64 over the golden ratio


class CrossEncoder:
    """A column for every level of a column, and for every level that two or three of them have together.

    Levels are known by 64-bit hashes: a new one that meets a known one's hash by chance is less likely than
    one in a billion. Numbers are cut into bins of as many training rows each; a gap is a level. Each row
    has the length one, whatever the number of sets.

    Args:
        degree: most columns of a set.
    """

    def __init__(self, degree: int) -> None:
        self.degree = degree

    def fit_transform(self, parts: Parts) -> Any:
        """Learns bins and levels from training rows and returns their CSR matrix, float32 (rows, levels)."""
        self.edges_ = {name: _edges(values) for name, values in parts.numbers.items()}
        hashes = self._hashes(parts)
        levels = {name: len(np.unique(values)) for name, values in hashes.items()}
        self.columns_ = sorted((name for name in hashes if levels[name] > 1), key=lambda name: -levels[name])
        rows = len(next(iter(hashes.values()))) if hashes else 0
        self.sets_ = sets_of(len(self.columns_), self.degree, min(MOST_SETS, MOST_CELLS // max(rows, 1)))
        self.levels_ = [_frequent(keys) for keys in self._keys(hashes)]
        return self._matrix(hashes)

    def transform(self, parts: Parts) -> Any:
        """Returns float32 CSR (rows, levels) of any rows; levels that training had not do not count."""
        return self._matrix(self._hashes(parts))

    def names(self, columns: np.ndarray) -> list[str]:
        """Returns the sets that some of the matrix' columns belong to: "city x month"."""
        ends = np.cumsum([len(levels) for levels in self.levels_])
        places = np.searchsorted(ends, columns, side="right")
        return [" x ".join(self.columns_[one] for one in self.sets_[place]) for place in places]

    def _hashes(self, parts: Parts) -> dict[str, np.ndarray]:
        """Returns uint64 (rows,) by column, equal where the level is."""
        from pandas.util import hash_array

        found = {name: hash_array(values) for name, values in parts.categories.items()}
        for name, edges in self.edges_.items():
            bins = np.searchsorted(edges, parts.numbers[name], side="right")
            bins[np.isnan(parts.numbers[name])] = len(edges) + 1
            found[name] = hash_array(bins.astype(np.int64))
        return found

    def _keys(self, hashes: Mapping[str, np.ndarray]) -> Iterator[np.ndarray]:
        """Yields uint64 (rows,) of each set of columns."""
        for members in self.sets_:
            mixed = hashes[self.columns_[members[0]]]
            for member in members[1:]:
                mixed = (mixed ^ hashes[self.columns_[member]]) * MIXED
                mixed ^= mixed >> np.uint64(29)
            yield mixed

    def _matrix(self, hashes: Mapping[str, np.ndarray]) -> Any:
        from scipy.sparse import csr_matrix

        rows = len(next(iter(hashes.values()))) if hashes else 0
        columns = np.full((rows, len(self.sets_)), -1, np.int32)
        start = 0
        for place, (keys, levels) in enumerate(zip(self._keys(hashes), self.levels_, strict=True)):
            at = np.minimum(np.searchsorted(levels, keys), max(len(levels) - 1, 0))
            there = levels[at] == keys if len(levels) else np.zeros(rows, bool)
            columns[there, place] = start + at[there]
            start += len(levels)
        known = columns >= 0
        pointers = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
        values = np.full(pointers[-1], 1 / np.sqrt(max(1, len(self.sets_))), np.float32)
        return csr_matrix((values, columns[known], pointers), shape=(rows, start))

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Returns what was learned, as JSON and as arrays."""
        facts = {"columns": self.columns_, "sets": self.sets_, "numbers": list(self.edges_)}
        arrays = {f"edges{place}": edges for place, edges in enumerate(self.edges_.values())}
        return facts, arrays | {f"levels{place}": levels for place, levels in enumerate(self.levels_)}

    def restore(self, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> CrossEncoder:
        """Takes back what `state` returned."""
        self.columns_, self.sets_ = facts["columns"], [tuple(members) for members in facts["sets"]]
        self.edges_ = {name: arrays[f"edges{place}"] for place, name in enumerate(facts["numbers"])}
        self.levels_ = [arrays[f"levels{place}"] for place in range(len(self.sets_))]
        return self


def sets_of(columns: int, degree: int, most: int) -> list[tuple[int, ...]]:
    """Returns sets of columns by position: each alone, then by twos and more of as many as `most` allows.

    The first columns, which have most levels, are crossed where not all can be.
    """
    sets: list[tuple[int, ...]] = []
    sets += [(one,) for one in range(min(columns, max(1, most)))]
    for size in range(2, degree + 1):
        crossed = columns
        while comb(crossed, size) + len(sets) > most:
            crossed -= 1
        if crossed < columns and size > 2:
            break  # threes of some columns are worth less than the time
        sets += combinations(range(crossed), size)
    return sets


def _edges(values: np.ndarray) -> np.ndarray:
    """Returns the inner bounds of bins of about as many values each; of few values each is a bin."""
    known = values[~np.isnan(values)]
    distinct = np.unique(known)
    if len(distinct) <= BINS:
        return distinct[1:]
    return np.unique(np.quantile(known, np.arange(1, BINS) / BINS))


def _frequent(keys: np.ndarray) -> np.ndarray:
    """Returns the keys that enough rows share, in rising order."""
    levels, counts = np.unique(keys, return_counts=True)
    return levels[counts >= FEWEST_ROWS]

"""Copies among texts: the same words, or nearly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.audit.columns import Column
from pipeline.audit.copies import Copies, connected
from pipeline.data.text.words import split_words

RUN = 3  # words of a shingle
FEWEST = 6  # shingles of a text that is compared: short ones are the same by chance
ALIKE = 0.8  # share of the shingles of both that two copies have in common
BANDS, DEEP = 10, 3  # of hashes: texts that have 0.8 in common share a band 999 times in 1,000
MARKS = {code: " " for code in range(0x3100) if not chr(code).isalnum()}  # of alphabets, and of Chinese
MIXED = np.uint64(0x9E3779B97F4A7C15)  # odd, as multiplying hashes asks for


def text_copies(columns: Sequence[Column], seed: int = 0) -> Copies | None:
    """Finds rows whose texts have nearly all runs of three words in common; case and marks do not count.

    Candidates have a band of smallest hashes in common (Broder, "On the resemblance and containment of
    documents", 1997), and are then compared by their shingles.

    Args:
        columns: of both tables.
        seed: of the hashes.

    Returns:
        The copies; None where no column is text.
    """
    texts = [column for column in columns if column.is_text]
    if not texts:
        return None
    rows = len(texts[0].train)
    both = zip(*(np.concatenate([column.train, column.test]) for column in texts), strict=True)
    shingles, starts = _shingles([" ".join(parts).lower() for parts in both])
    compared = np.flatnonzero(np.diff(starts) >= FEWEST)
    pairs = _candidates(shingles, starts, compared, seed)
    alike = [pair for pair in pairs if _in_common(shingles, starts, *pair) >= ALIKE]
    groups = connected(len(starts) - 1, np.array(alike, np.int64).reshape(-1, 2))
    return Copies("texts", groups[:rows], groups[rows:])


def _shingles(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Returns uint64 shingles of all texts in their order, and int64 (texts + 1,) where each text begins."""
    words = split_words([text.translate(MARKS) for text in texts], marks=False)
    numbers, rows = words.numbers.astype(np.uint64), words.rows
    if len(numbers) < RUN:
        return np.zeros(0, np.uint64), np.zeros(len(texts) + 1, np.int64)
    found = np.zeros(len(numbers) - RUN + 1, np.uint64)
    for step in range(RUN):
        found = (found ^ numbers[step : step + len(found)]) * MIXED
        found ^= found >> np.uint64(29)
    inside = rows[: len(found)] == rows[RUN - 1 :]
    counts = np.bincount(rows[: len(found)][inside], minlength=len(texts))
    return found[inside], np.concatenate([[0], np.cumsum(counts)])


def _candidates(
    shingles: np.ndarray, starts: np.ndarray, compared: np.ndarray, seed: int
) -> list[tuple[int, int]]:
    """Returns pairs of texts that share a band: each with the first that has it."""
    if not len(compared):
        return []
    draw = np.random.default_rng(seed)
    kept = np.repeat(np.diff(starts) >= FEWEST, np.diff(starts))
    own, begins = shingles[kept], np.cumsum([0, *np.diff(starts)[compared][:-1]])
    pairs: set[tuple[int, int]] = set()
    for _ in range(BANDS):
        band = np.zeros(len(compared), np.uint64)
        for factor in draw.integers(1, 2**63, DEEP, dtype=np.uint64) * np.uint64(2) + np.uint64(1):
            hashes = own * factor
            smallest = np.minimum.reduceat(hashes ^ (hashes >> np.uint64(32)), begins)
            band = (band ^ smallest) * MIXED
        _, first, place = np.unique(band, return_index=True, return_inverse=True)
        again = np.flatnonzero(first[place] != np.arange(len(band)))
        pairs |= set(zip(compared[first[place[again]]].tolist(), compared[again].tolist(), strict=True))
    return sorted(pairs)


def _in_common(shingles: np.ndarray, starts: np.ndarray, one: int, other: int) -> float:
    """Returns the share of the shingles of two texts that both have (Jaccard)."""
    first, second = (np.unique(shingles[starts[text] : starts[text + 1]]) for text in (one, other))
    both = len(np.intersect1d(first, second, assume_unique=True))
    return both / (len(first) + len(second) - both)

"""Counts of n-grams: of words, and of characters within words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.data.text.words import UNKNOWN, Words, count_matrix, split_words


class Counter(ABC):
    """Counts the n-grams of texts; which ones is learned from the training texts.

    Counts are given as two factors whose product they are: (texts, words) and (words, n-grams). For
    characters the product is twenty times as large as both, and is made a part of the rows at a time.

    Args:
        span: shortest and longest n-gram.
        min_df: of the training texts, those that must hold an n-gram for it to count.
        most: n-grams, the most frequent ones, or None for all.
    """

    def __init__(self, span: tuple[int, int], min_df: int, most: int | None) -> None:
        self.span = span
        self.min_df = min_df
        self.most = most

    @abstractmethod
    def fit(self, texts: Sequence[str]) -> tuple[Any, Any]:
        """Learns from texts and returns their factors, as `transform` does."""

    @abstractmethod
    def transform(self, texts: Sequence[str]) -> tuple[Any, Any]:
        """Returns sparse float32 (texts, words) and (words, n-grams)."""

    @abstractmethod
    def state(self) -> tuple[list[str], dict[str, np.ndarray]]:
        """Returns what was learned: strings, and arrays by name."""

    @abstractmethod
    def restore(self, strings: list[str], arrays: dict[str, np.ndarray]) -> Counter:
        """Takes back what `state` returned."""

    @abstractmethod
    def names(self) -> list[str]:
        """Returns the n-grams in the order of their columns."""


class WordCounter(Counter):
    """Runs of words. A run is numbered by the run without its last word, and that word.

    What is too rare at one length is not looked at further: no longer run that begins so is more frequent.
    """

    def fit(self, texts: Sequence[str]) -> tuple[Any, Any]:
        words = _without_rare(split_words(texts), self.min_df)
        self.words_ = list(words.known)
        self.codes_: list[np.ndarray] = []
        blocks = self._levels(words, learn=True)
        totals = np.concatenate([np.asarray(block.sum(axis=0)).ravel() for block in blocks])
        enough = np.concatenate([block.getnnz(axis=0) >= self.min_df for block in blocks])
        self.kept_ = _most_frequent(totals, enough, self.most)
        return self._factors(blocks)

    def transform(self, texts: Sequence[str]) -> tuple[Any, Any]:
        return self._factors(self._levels(split_words(texts, self.words_), learn=False))

    def _factors(self, blocks: list[Any]) -> tuple[Any, Any]:
        from scipy.sparse import eye, hstack

        counts = hstack(blocks, format="csr")[:, self.kept_]
        return counts, eye(counts.shape[1], dtype=np.float32, format="csr")

    def _levels(self, words: Words, learn: bool) -> list[Any]:
        """Returns the counts of each length from the shortest that is asked for."""
        shortest, longest = self.span
        rows, runs, width, blocks = words.rows, words.numbers.astype(np.int64), len(words.known), []
        for length in range(1, longest + 1):
            if length > 1:
                codes = self._codes(words, runs, length)
                if learn:
                    self.codes_.append(self._frequent(codes, rows))
                runs, width = _places(self.codes_[length - 2], codes), len(self.codes_[length - 2])
            if length >= shortest:
                blocks.append(count_matrix(rows, runs, (len(words), width)))
        return blocks

    def _codes(self, words: Words, runs: np.ndarray, length: int) -> np.ndarray:
        """Returns int64 (words,): the run that begins at each word, UNKNOWN where it is none."""
        codes = np.full(len(runs), UNKNOWN, np.int64)
        if len(runs) < length:
            return codes
        last = words.numbers[length - 1 :].astype(np.int64)
        first = runs[: len(last)]
        rows = words.rows
        whole = (first >= 0) & (last >= 0) & (rows[: len(last)] == rows[length - 1 :])
        codes[: len(last)] = np.where(whole, first * len(self.words_) + last, UNKNOWN)
        return codes

    def _frequent(self, codes: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Returns the codes of runs that stand in enough texts, in rising order."""
        known, places = np.unique(codes[codes >= 0], return_inverse=True)
        if self.min_df == 1:
            return known
        counts = count_matrix(rows[codes >= 0], places, (int(rows.max(initial=0)) + 1, len(known)))
        return known[counts.getnnz(axis=0) >= self.min_df]

    def state(self) -> tuple[list[str], dict[str, np.ndarray]]:
        codes = {f"codes{number}": codes for number, codes in enumerate(self.codes_)}
        return self.words_, {"kept": self.kept_, **codes}

    def restore(self, strings: list[str], arrays: dict[str, np.ndarray]) -> Counter:
        self.words_, self.kept_ = strings, arrays["kept"]
        self.codes_ = [arrays[f"codes{number}"] for number in range(len(arrays) - 1)]
        return self

    def names(self) -> list[str]:
        levels: list[list[str]] = [self.words_]
        for codes in self.codes_:
            first, last = np.divmod(codes, len(self.words_))
            levels.append([f"{levels[-1][a]} {self.words_[b]}" for a, b in zip(first, last, strict=True)])
        names = [name for level in levels[self.span[0] - 1 :] for name in level]
        return [names[column] for column in self.kept_]


class CharacterCounter(Counter):
    """Runs of characters within words, a space before and after each (scikit-learn's `char_wb`).

    Their counts depend on the word alone: each different word is taken apart once, however often it stands.
    """

    def fit(self, texts: Sequence[str]) -> tuple[Any, Any]:
        words = split_words(texts, marks=False)
        counts = self._words(words)
        vectorizer = self._vectorizer()
        try:
            runs = vectorizer.fit_transform(words.known)
        except ValueError as error:
            if "empty vocabulary" not in str(error):
                raise
            self.runs_: list[str] = []
            return self.transform(texts)
        enough = _in_enough_rows(counts, runs, self.min_df)
        kept = _most_frequent(runs.T @ np.asarray(counts.sum(axis=0)).ravel(), enough, self.most)
        self.runs_ = vectorizer.get_feature_names_out()[kept].tolist()
        return counts, runs[:, kept]

    def transform(self, texts: Sequence[str]) -> tuple[Any, Any]:
        from scipy.sparse import csr_matrix

        words = split_words(texts, marks=False)
        shape = (len(words.known), len(self.runs_))
        if not all(shape):
            return self._words(words), csr_matrix(shape, dtype=np.float32)
        return self._words(words), self._vectorizer(self.runs_).transform(words.known)

    def _words(self, words: Words) -> Any:
        return count_matrix(words.rows, words.numbers, (len(words), len(words.known)))

    def _vectorizer(self, runs: list[str] | None = None) -> Any:
        from sklearn.feature_extraction.text import CountVectorizer

        return CountVectorizer(
            analyzer="char_wb", ngram_range=self.span, lowercase=False, vocabulary=runs, dtype=np.float32
        )

    def state(self) -> tuple[list[str], dict[str, np.ndarray]]:
        return self.runs_, {}

    def restore(self, strings: list[str], arrays: dict[str, np.ndarray]) -> Counter:
        self.runs_ = strings
        return self

    def names(self) -> list[str]:
        return self.runs_


COUNTERS: dict[str, type[Counter]] = {"word": WordCounter, "char_wb": CharacterCounter}


def _without_rare(words: Words, least: int) -> Words:
    """Returns the texts with the words that stand in enough of them: no run with another is frequent."""
    if least <= 1:
        return words
    counts = count_matrix(words.rows, words.numbers, (len(words), len(words.known)))
    frequent = counts.getnnz(axis=0) >= least
    renumbered = np.where(frequent, np.cumsum(frequent) - 1, UNKNOWN).astype(np.int32)
    known = [word for word, kept in zip(words.known, frequent, strict=True) if kept]
    return Words(renumbered[words.numbers], words.starts, known)


def _places(known: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Returns where each code stands in the sorted ones, UNKNOWN where it does not."""
    if not len(known):
        return np.full(len(codes), UNKNOWN, np.int64)
    places = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    return np.where(known[places] == codes, places, UNKNOWN)


def _most_frequent(totals: np.ndarray, enough: np.ndarray, most: int | None) -> np.ndarray:
    """Returns the columns that are kept, in rising order."""
    columns = np.flatnonzero(enough)
    if most is not None and len(columns) > most:
        columns = np.sort(columns[np.argsort(-totals[columns], kind="stable")[:most]])
    return columns


def _in_enough_rows(counts: Any, runs: Any, least: int) -> np.ndarray:
    """Says of each run whether `least` rows hold it, without making the counts of all rows.

    A run in a word that is frequent enough is frequent enough itself. The others stand in rare words
    alone, which make up a small part of the texts.
    """
    frequent = counts.getnnz(axis=0) >= least
    enough = runs[frequent].getnnz(axis=0) > 0
    rare = counts[:, ~frequent] @ runs[~frequent]
    return enough | (rare.getnnz(axis=0) >= least)

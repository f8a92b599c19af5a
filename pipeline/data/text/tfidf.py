"""TF-IDF of the n-grams of several columns of text, as one sparse matrix."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data.text.counters import COUNTERS, Counter

CELLS_AT_ONCE = 4_000_000  # of counts made or weighted in one go
ALL = "*"  # the part that reads all columns, one after the other


@dataclass(frozen=True)
class Settings:
    """Settings of TF-IDF; scikit-learn's names and meanings (`TfidfVectorizer`).

    Attributes:
        spans: analyzer ("word", "char_wb") -> shortest and longest n-gram.
        min_df: training texts that must hold an n-gram for it to count.
        max_features: most n-grams of one column and analyzer; None for all.
        lowercase: whether case is lost.
        sublinear_tf: whether a count n weighs as 1 + log(n).
    """

    spans: Mapping[str, tuple[int, int]]
    min_df: int = 1
    max_features: int | None = None
    lowercase: bool = True
    sublinear_tf: bool = True


class Tfidf:
    """TF-IDF, a block of columns for each column of text and analyzer, every block's rows of length one.

    Several columns of text are also read as one text. The values are those of scikit-learn's
    `TfidfVectorizer` with a block each; they are made in place and part by part, and never twice.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def fit_transform(self, columns: Mapping[str, Sequence[str]]) -> Any:
        """Learns n-grams and their inverse document frequencies from training rows.

        Args:
            columns: texts (rows,) by name, at least one.

        Returns:
            A scipy CSR matrix, float32 (rows, n-grams).
        """
        self.columns_ = list(columns)
        self.counters_: dict[tuple[str, str], Counter] = {}
        factors = []
        for name, texts in self._parts(columns):
            for analyzer in self.settings.spans:
                counter = self._counter(analyzer)
                factors.append(counter.fit(texts))
                self.counters_[name, analyzer] = counter
        self.ends_ = np.cumsum([runs.shape[1] for _, runs in factors])
        matrix = _product(factors)
        rows = matrix.shape[0]
        frequencies = np.zeros(matrix.shape[1], np.int64)
        for cells in _cell_parts(matrix):  # of all at once NumPy makes a copy twice as large
            frequencies += np.bincount(matrix.indices[cells], minlength=len(frequencies))
        self.idf_ = (np.log((1 + rows) / (1 + frequencies)) + 1).astype(np.float32)
        return self._weigh(matrix)

    def transform(self, columns: Mapping[str, Sequence[str]]) -> Any:
        """Returns float32 CSR (rows, n-grams) of any rows; n-grams that training had not do not count."""
        texts = dict(self._parts({name: columns[name] for name in self.columns_}))
        factors = [counter.transform(texts[name]) for (name, _), counter in self.counters_.items()]
        return self._weigh(_product(factors))

    def names(self) -> list[str]:
        """Returns "COLUMN ANALYZER: n-gram" for every column of the matrix; `*` is all columns."""
        return [
            f"{name} {analyzer}: {ngram}"
            for (name, analyzer), counter in self.counters_.items()
            for ngram in counter.names()
        ]

    def _parts(self, columns: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, list[str]]]:
        lower = self.settings.lowercase
        cased = {name: [text.lower() if lower else text for text in texts] for name, texts in columns.items()}
        yield from cased.items()
        if len(cased) > 1:
            yield ALL, [" ".join(texts) for texts in zip(*cased.values(), strict=True)]

    def _weigh(self, matrix: Any) -> Any:
        """Turns counts into TF-IDF in place."""
        for start, stop in _row_parts(matrix.indptr):
            cells = slice(matrix.indptr[start], matrix.indptr[stop])
            columns, values = matrix.indices[cells], matrix.data[cells]  # views
            if self.settings.sublinear_tf:
                np.log(values, out=values)
                values += 1
            values *= self.idf_[columns]
            rows = np.repeat(np.arange(stop - start), np.diff(matrix.indptr[start : stop + 1]))
            vectors = rows * len(self.ends_) + np.searchsorted(self.ends_, columns, side="right")
            length = np.sqrt(np.bincount(vectors, weights=values * values))
            values /= length[vectors].astype(np.float32)
        return matrix

    def save(self, folder: Path) -> None:
        """Writes what was learned: n-grams as JSON, numbers as NumPy arrays."""
        parts, arrays = [], {"idf": self.idf_, "ends": self.ends_}
        for number, ((column, analyzer), counter) in enumerate(self.counters_.items()):
            strings, own = counter.state()
            parts.append({"column": column, "analyzer": analyzer, "strings": strings})
            arrays |= {f"{number}.{name}": array for name, array in own.items()}
        text = json.dumps({"columns": self.columns_, "parts": parts})
        (folder / "ngrams.json").write_text(text, encoding="utf-8")
        np.savez(folder / "ngrams.npz", **arrays)  # type: ignore[arg-type]

    def load(self, folder: Path) -> Tfidf:
        """Reads what `save` wrote."""
        facts = json.loads((folder / "ngrams.json").read_text(encoding="utf-8"))
        with np.load(folder / "ngrams.npz", allow_pickle=False) as saved:
            arrays = dict(saved)
        self.columns_, self.counters_ = facts["columns"], {}
        self.idf_, self.ends_ = arrays.pop("idf"), arrays.pop("ends")
        for number, part in enumerate(facts["parts"]):
            start = f"{number}."
            own = {name.removeprefix(start): arrays[name] for name in arrays if name.startswith(start)}
            counter = self._counter(part["analyzer"]).restore(part["strings"], own)
            self.counters_[part["column"], part["analyzer"]] = counter
        return self

    def _counter(self, analyzer: str) -> Counter:
        said = self.settings
        return COUNTERS[analyzer](said.spans[analyzer], said.min_df, said.max_features)


def _product(factors: Sequence[tuple[Any, Any]]) -> Any:
    """Returns the counts of all blocks side by side, CSR float32 (rows, n-grams).

    Made a part of the rows at a time, each put into its place at once: there is never a second copy. How
    many cells there will be is known only afterwards, but not more than a product takes steps; what is
    not filled of the arrays takes up no memory.
    """
    from scipy.sparse import block_diag, csr_matrix, hstack

    words = hstack([words for words, _ in factors], format="csr")
    runs = block_diag([runs for _, runs in factors], format="csr").astype(np.float32)
    work = np.concatenate([[0], np.cumsum(np.diff(runs.indptr)[words.indices], dtype=np.int64)])
    kind = np.int32 if work[-1] < np.iinfo(np.int32).max else np.int64
    indices, values = np.empty(work[-1], kind), np.empty(work[-1], np.float32)
    pointers = np.zeros(words.shape[0] + 1, kind)
    filled = 0
    for start, stop in _row_parts(work[words.indptr]):
        part = words[start:stop] @ runs
        indices[filled : filled + part.nnz], values[filled : filled + part.nnz] = part.indices, part.data
        pointers[start + 1 : stop + 1] = filled + part.indptr[1:]
        filled += part.nnz
    return csr_matrix(
        (values[:filled], indices[:filled], pointers), shape=(words.shape[0], runs.shape[1]), copy=False
    )


def _cell_parts(matrix: Any) -> Iterator[slice]:
    for start, stop in _row_parts(matrix.indptr):
        yield slice(matrix.indptr[start], matrix.indptr[stop])


def _row_parts(pointers: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yields ranges of rows of about CELLS_AT_ONCE cells each, at least one row.

    Args:
        pointers: (rows + 1,) cells before each row.
    """
    start, rows = 0, len(pointers) - 1
    while start < rows:
        stop = int(np.searchsorted(pointers, pointers[start] + CELLS_AT_ONCE, side="right")) - 1
        stop = min(max(stop, start + 1), rows)
        yield start, stop
        start = stop

"""Words of a text column as numbers."""

from __future__ import annotations

import numpy as np

MOST_WORDS = 20_000  # of the vocabulary behind the topics
WORD = r"(?u)\b\w[\w']*\b"


class TextEncoder:
    """TF-IDF of the most frequent words, and topics (a truncated SVD) where there are many more.

    Args:
        words: how many words get a column.
        topics: how many SVD components stand for the whole vocabulary.
        seed: of the randomised SVD.
    """

    def __init__(self, words: int, topics: int, seed: int) -> None:
        self.words = words
        self.topics = topics
        self.seed = seed

    def fit_transform(self, texts: np.ndarray) -> np.ndarray:
        """Learns from str objects (rows,) and returns their float32 (rows, features)."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer

        # A word of one or two rows says nothing of others; a few rows have no other words.
        rarest = 3 if len(texts) >= 100 else 1
        self.tfidf_ = TfidfVectorizer(
            token_pattern=WORD, min_df=rarest, max_features=MOST_WORDS, sublinear_tf=True
        )
        self.svd_ = None
        self.frequent_ = np.zeros(0, dtype=np.int64)
        try:
            weights = self.tfidf_.fit_transform(texts)
        except ValueError as error:
            if "empty vocabulary" not in str(error) and "no terms remain" not in str(error):
                raise
            self.tfidf_ = None  # no word is frequent enough
            return np.zeros((len(texts), 0), np.float32)
        counts = np.asarray((weights > 0).sum(axis=0)).ravel()
        self.frequent_ = np.sort(np.argsort(-counts, kind="stable")[: self.words])
        topics = min(self.topics, len(counts) - 1, len(texts) - 1)
        if len(counts) > self.words and topics > 0:
            self.svd_ = TruncatedSVD(topics, random_state=self.seed).fit(weights)
        return self._features(weights)

    def transform(self, texts: np.ndarray) -> np.ndarray:
        """Returns float32 (rows, features); unknown words do not count."""
        if self.tfidf_ is None:
            return np.zeros((len(texts), 0), np.float32)
        return self._features(self.tfidf_.transform(texts))

    def _features(self, weights) -> np.ndarray:  # a scipy sparse matrix (rows, vocabulary)
        words = weights[:, self.frequent_].toarray()
        topics = [] if self.svd_ is None else [self.svd_.transform(weights)]
        return np.hstack([words, *topics]).astype(np.float32)

    def names(self, column: str) -> list[str]:
        """Returns the features' names."""
        if self.tfidf_ is None:
            return []
        vocabulary = self.tfidf_.get_feature_names_out()
        topics = 0 if self.svd_ is None else self.svd_.n_components
        words = [f"{column}.word.{vocabulary[index]}" for index in self.frequent_]
        return words + [f"{column}.topic.{index}" for index in range(topics)]

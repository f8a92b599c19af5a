"""Linear models on the n-grams of the text columns, sparse from end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from pipeline.data.rows import Rows
from pipeline.data.text.tfidf import Settings, Tfidf
from pipeline.errors import DataError, listing
from pipeline.inputs.text import ALONE, text_columns, texts_of
from pipeline.models.base import MODELS, ModelConfig
from pipeline.models.size import Size
from pipeline.models.sparse import SparseConfig, SparseModel

Analyzer = Literal["word", "char_wb"]

FEW_ROWS = 50_000  # up to which an n-gram of a single row counts: it may stand in a scored row too
RARE = 3  # rows that must hold an n-gram where there are more
LONGEST = 8  # n-gram
COUNTING = 0.3  # part of the time
PER_CHARACTER = 5e-6  # seconds per character of a text and class, the choice of C included


class NgramsConfig(SparseConfig):
    """Keys of `kind: ngrams`."""

    columns: list[str] | None = Field(
        default=None, min_length=1, description="text columns that it reads; default: all that are text"
    )
    ngram_range: dict[Analyzer, list[int]] = Field(
        default={"word": [1, 2], "char_wb": [2, 5]},
        min_length=1,
        description="shortest and longest n-gram by analyzer: `word` (words and punctuation marks), "
        "`char_wb` (characters within words)",
    )
    min_df: int | None = Field(
        default=None,
        ge=1,
        description=f"training texts that must hold an n-gram; default: 1 up to {FEW_ROWS:,} rows, "
        f"else {RARE}",
    )
    max_features: int | None = Field(
        default=300_000, ge=1, description="most n-grams of a column and analyzer, the most frequent ones"
    )
    floor: float = Field(
        default=0.0,
        ge=0,
        description="of `nb_svm`: added to the size of each log-count ratio, so that n-grams that do not "
        "tell the class by themselves keep some say",
    )
    lowercase: bool = Field(default=False, description="whether case is lost")
    sublinear_tf: bool = Field(default=True, description="n times in a text weighs as 1 + log(n)")

    def space(self) -> dict[str, dict[str, Any]]:
        return super().space() | {
            "smoothing": {"float": [0.01, 5.0], "log": True},
            "floor": {"float": [0.0, 1.0]},
            "sublinear_tf": {"choice": [True, False]},
            "lowercase": {"choice": [True, False]},
        }

    def problems(self, where: str) -> list[str]:
        found = []
        for analyzer, span in self.ngram_range.items():
            if len(span) != 2 or not 1 <= span[0] <= span[1] <= LONGEST:
                found.append(
                    f"{where}.ngram_range.{analyzer} must be the shortest and the longest n-gram, from 1 to "
                    f"{LONGEST}. Received: {span}."
                )
        if self.floor and self.learner not in ("auto", "nb_svm"):
            found.append(f"{where}.floor is for `learner: nb_svm`. Received: {self.learner}.")
        found += super().problems(where)
        if set(self.inputs) - {"auto", *Ngrams.sees}:
            found.append(f"{where}.inputs: it reads texts alone. Received: {self.inputs}.")
        return found


@MODELS.register("ngrams")
class Ngrams(SparseModel):
    """TF-IDF of words and of characters, with a linear learner on top."""

    Config: ClassVar[type[ModelConfig]] = NgramsConfig
    sees = ALONE
    usual = "nb_svm"
    leads = 3
    share = 4.0
    config: NgramsConfig

    @classmethod
    def part(cls, section: ModelConfig) -> float:
        """Naive Bayes counts, and is done at once."""
        counts = isinstance(section, NgramsConfig) and section.learner == "naive_bayes"
        return COUNTING if counts else cls.share

    @classmethod
    def seconds(cls, size: Size) -> float:
        return PER_CHARACTER * size.rows * size.characters * size.problems

    def _fit_features(self, rows: Rows) -> Any:
        self.tfidf_ = Tfidf(self._settings(len(rows)))
        columns = text_columns(rows, self.config.columns, self.config.kind)
        features = self.tfidf_.fit_transform(texts_of(rows, columns))
        if not features.shape[1]:
            least = self.tfidf_.settings.min_df
            raise DataError(
                f"{listing(columns)}: no n-gram stands in `min_df`, {least}, of {len(rows)} training rows."
            )
        self.notes_ |= {"columns": self.tfidf_.columns_, "ngrams": features.shape[1]}
        return features

    def _features(self, rows: Rows) -> Any:
        return self.tfidf_.transform(texts_of(rows, self.tfidf_.columns_))

    def _settings(self, rows: int) -> Settings:
        config = self.config
        spans: dict[str, tuple[int, int]] = {
            analyzer: (span[0], span[1]) for analyzer, span in config.ngram_range.items()
        }
        min_df = config.min_df or (1 if rows <= FEW_ROWS else RARE)
        return Settings(spans, min_df, config.max_features, config.lowercase, config.sublinear_tf)

    @property
    def _floor(self) -> float:
        return self.config.floor

    def _names(self, columns: np.ndarray) -> list[str]:
        names = self.tfidf_.names()
        return [names[column] for column in columns]

    def _save_features(self, folder: Path) -> None:
        self.tfidf_.save(folder)

    def _load_features(self, folder: Path) -> None:
        self.tfidf_ = Tfidf(self._settings(0)).load(folder)

"""A linear model of spans: which word of a text is the first of the answer, and which the last."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pipeline.data.dense import room
from pipeline.data.rows import Rows
from pipeline.errors import ModelError
from pipeline.inputs.text import ALONE, of_several_words, span_columns, texts_of
from pipeline.models.base import MODELS, Context, Model, ModelConfig
from pipeline.models.size import Size
from pipeline.models.span_features import TABLE, WordFeatures
from pipeline.tasks.span import Span
from pipeline.tasks.words import in_lower_case

STEPS = 60  # of L-BFGS
PER_CHARACTER = 2e-5  # seconds
WEIGHTS = "weights.npz"


class SpanLinearConfig(ModelConfig):
    """A linear model of spans."""

    columns: list[str] | None = Field(
        default=None, min_length=1, description="columns of words that it reads beside the text; default: all"
    )
    lowercase: bool = Field(default=True, description="whether case is lost")
    min_count: int = Field(
        default=2,
        ge=1,
        description="times that a word must occur in the training texts; rarer ones are alike",
    )
    C: float = Field(default=1.0, gt=0, description="inverse of the strength of the L2 penalty")

    def space(self) -> dict[str, dict[str, Any]]:
        """Returns what a search changes."""
        return {"C": {"float": [0.03, 30.0], "log": True}, "min_count": {"int": [1, 5]}}


@MODELS.register("span_linear")
class SpanLinear(Model):
    """A logistic regression over the words of a text, one of which is chosen (McFadden, 1974).

    Once for the first word of the answer and once for the last. A word is told by itself, its neighbours and
    its place, each also together with the values of columns of names; by whether it stands in the row's other
    texts, too.

    Attributes:
        columns_: that it reads, the text first.
        plain_: those of them that are texts; of the others each value counts as one.
        words_: what is known of words.
        weights_: float32 (TABLE, 2), of features.
    """

    Config: ClassVar[type[ModelConfig]] = SpanLinearConfig
    sees = ALONE
    tasks = (Span.kind,)
    seeded = False
    quick = True
    config: SpanLinearConfig
    task: Span

    @classmethod
    def seconds(cls, size: Size) -> float:
        return PER_CHARACTER * size.rows * size.characters

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> Model:
        rows = train.take(np.flatnonzero(self.task.learnable(train.target)))
        if not len(rows):
            raise ModelError(f"No answer of {len(train):,} rows lies in its text.")
        self.columns_ = span_columns(rows, self.task.column, self.config.columns)
        own, *others = self.columns_
        self.plain_ = [own, *of_several_words(rows, others)]
        texts, beside = self._told(rows)
        width, config = self.task.width, self.config
        self.words_ = WordFeatures.learned(width, config.lowercase, config.min_count, texts, beside)
        features, starts = self.words_.read(texts, beside)
        weights = np.ones(len(rows)) if rows.weights is None else rows.weights
        target = np.asarray(rows.target)[:, 1:].astype(np.int64)
        sides = [_fitted(features, starts, target[:, side], weights, config.C) for side in (0, 1)]
        self.weights_ = np.stack(sides, axis=1).astype(np.float32)
        return self

    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        features, starts = self.words_.read(*self._told(rows))
        values, lengths = room((len(rows), self.task.n_outputs), 0.0), np.diff(starts)
        row = np.repeat(np.arange(len(rows)), lengths)
        place = np.arange(len(row)) - starts[row]
        for side in (0, 1):
            scores = self.weights_[:, side][features].sum(axis=1)
            values[row, place + side * self.task.width] = np.exp(_log_shares(scores, starts))
        return values

    def save(self, folder: Path) -> None:
        used = np.flatnonzero(self.weights_.any(axis=1))
        columns, plain = np.array(self.columns_), np.array(self.plain_)
        np.savez(folder / WEIGHTS, columns=columns, plain=plain, used=used, weights=self.weights_[used])
        self.words_.save(folder)

    def load(self, folder: Path) -> Model:
        self.words_ = WordFeatures.load(folder, self.task.width, self.config.lowercase)
        self.weights_ = np.zeros((TABLE, 2), np.float32)
        with np.load(folder / WEIGHTS, allow_pickle=False) as saved:
            self.columns_, self.plain_ = saved["columns"].tolist(), saved["plain"].tolist()
            self.weights_[saved["used"]] = saved["weights"]
        return self

    def notes(self) -> dict[str, Any]:
        return {"columns": self.columns_, "words": len(self.words_.vocabulary.tokens)}

    def _told(self, rows: Rows) -> tuple[list[list[str]], dict[str, list[str]]]:
        """Returns texts by column, and values by the name of the other columns."""
        said = texts_of(rows, self.columns_)
        lower = in_lower_case if self.config.lowercase else str
        texts = [list(map(lower, said[name])) for name in self.plain_]
        return texts, {name: said[name] for name in self.columns_ if name not in self.plain_}


def _log_shares(scores: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Returns the logarithm of each word's probability among the words of its text, (words,)."""
    if not len(scores):
        return scores
    rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    scores = scores - np.maximum.reduceat(scores, starts[:-1])[rows]
    return scores - np.log(np.add.reduceat(np.exp(scores), starts[:-1]))[rows]


def _fitted(
    features: np.ndarray, starts: np.ndarray, truth: np.ndarray, weights: np.ndarray, C: float
) -> np.ndarray:
    """Returns float64 (TABLE,): the weights of features that make the true words likeliest.

    Args:
        features: int32 (words, features of each).
        starts: where each text begins, int64 (texts + 1,).
        truth: which of its words is the true one, int64 (texts,).
        weights: of the texts.
        C: inverse of the strength of the L2 penalty.
    """
    from scipy.optimize import minimize
    from scipy.sparse import csr_matrix

    count, each = features.shape
    there = np.zeros(TABLE, bool)
    there[features] = True
    seen = np.flatnonzero(there)
    places = (np.cumsum(there, dtype=np.int32) - 1)[features].reshape(-1)  # long texts have millions of words
    ends = np.arange(0, count * each + 1, each)
    matrix = csr_matrix((np.ones(count * each, np.float32), places, ends), shape=(count, len(seen)))
    flipped, true = matrix.T.tocsr(), starts[:-1] + truth
    by_word = np.repeat(weights, np.diff(starts))

    def loss(slopes: np.ndarray) -> tuple[float, np.ndarray]:
        logs = _log_shares(matrix @ slopes, starts)
        off = np.exp(logs) * by_word
        off[true] -= weights
        value = -C * float((weights * logs[true]).sum()) + 0.5 * float(slopes @ slopes)
        return value, C * (flipped @ off) + slopes

    found = minimize(loss, np.zeros(len(seen)), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    slopes = np.zeros(TABLE)
    slopes[seen] = found.x
    return slopes

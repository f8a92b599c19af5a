"""Linear models on the n-grams of the text columns, sparse from end to end."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from pipeline.data.columns import as_text, column_kinds
from pipeline.data.rows import Rows
from pipeline.data.target import SMALLEST, coder_of
from pipeline.data.text.tfidf import Settings, Tfidf
from pipeline.errors import DataError, did_you_mean, listing
from pipeline.models.base import MODELS, Context, Model, ModelConfig
from pipeline.models.size import Size
from pipeline.models.sparse_linear import LEARNERS, Learner, Weights

Analyzer = Literal["word", "char_wb"]

INVERSE = "The L2 penalty is given by its inverse, `C`."
FEW_ROWS = 50_000  # up to which an n-gram of a single row counts: it may stand in a scored row too
RARE = 3  # rows that must hold an n-gram where there are more
MOST_CELLS = 12_000_000  # times outputs, by which the strength is chosen: of a part of the rows if need be
FEWEST = 2_000  # rows of them
SMOOTHINGS = (0.1, 2.0)  # many words speak for a class; few do, or the class is rare
SMOOTHING = 0.3
STRONGEST = 8  # n-grams named of each output
LONGEST = 8  # n-gram
PER_CHARACTER = 5e-6  # seconds per character of a text and class, the choice of C included


class NgramsConfig(ModelConfig):
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
    lowercase: bool = Field(default=False, description="whether case is lost")
    sublinear_tf: bool = Field(default=True, description="n times in a text weighs as 1 + log(n)")
    learner: Literal["auto", "logistic", "nb_svm", "naive_bayes", "ridge"] = Field(
        default="auto", description="`auto`: `ridge` for a regression, `nb_svm` for the other tasks"
    )
    C: float | None = Field(
        default=None, gt=0, description="inverse of the regularisation; default: chosen from `grid`"
    )
    grid: list[float] | None = Field(
        default=None,
        min_length=1,
        description="values of C that inner rows choose from, in rising order; default: the learner's own",
    )
    smoothing: float | None = Field(
        default=None,
        gt=0,
        description=f"added to what `nb_svm` counts by class; default: {SMOOTHINGS[0]} or "
        f"{SMOOTHINGS[1]:g}, as inner rows choose, and {SMOOTHING} where C is given",
    )
    max_iter: int = Field(default=100, ge=1, description="most iterations of the solver")

    instead: ClassVar[Mapping[str, str]] = {"reg_lambda": INVERSE, "weight_decay": INVERSE}

    def space(self) -> dict[str, dict[str, Any]]:
        return {
            "C": {"float": [0.1, 300.0], "log": True},
            "smoothing": {"float": [0.01, 1.0], "log": True},
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
        if self.grid and (self.grid[0] <= 0 or sorted(self.grid) != self.grid):
            found.append(f"{where}.grid must hold positive numbers in rising order. Received: {self.grid}.")
        if set(self.inputs) - {"auto", "text"}:
            found.append(f"{where}.inputs: it reads texts alone. Received: {self.inputs}.")
        return found


@MODELS.register("ngrams")
class Ngrams(Model):
    """TF-IDF of words and of characters, with a linear learner on top."""

    Config: ClassVar[type[ModelConfig]] = NgramsConfig
    sees = ("text",)
    seeded: ClassVar[bool] = False
    quick = True
    config: NgramsConfig

    @classmethod
    def seconds(cls, size: Size) -> float:
        return PER_CHARACTER * size.rows * size.characters * size.problems

    @property
    def wants_inner_split(self) -> bool:
        return self.config.C is None

    def _learner(self, smoothing: float = SMOOTHING) -> Learner:
        """Returns the learner; raises DataError where the learner that is asked for cannot do the task."""
        name = self.config.learner
        if name == "auto":
            name = "nb_svm" if self.task.probabilities else "ridge"
        if self.task.general not in LEARNERS[name].tasks:
            able = [known for known, learner in LEARNERS.items() if self.task.general in learner.tasks]
            raise DataError(f"`learner: {name}` cannot do a {self.task.kind}; {listing(able)} can.")
        return LEARNERS[name](self.task, self.config.max_iter, smoothing)

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> Model:
        """Learns n-grams from all rows that it may; inner ones choose the strength and are learned from then.

        Raises:
            DataError: no column of text, or none that holds an n-gram that is frequent enough.
        """
        from threadpoolctl import threadpool_limits

        started = time.perf_counter()
        with threadpool_limits(1):  # the work is in sparse products, which have one thread: others only wait
            self._fit(train, inner, context)
        self.notes_["seconds"] = round(time.perf_counter() - started, 2)
        return self

    def _fit(self, train: Rows, inner: Rows | None, context: Context) -> None:
        whole = train if inner is None or self.config.validate_on == "fold" else train.join(inner)
        self.coder_ = coder_of(self.task).fit(whole.target)
        self.tfidf_ = Tfidf(self._settings(len(whole)))
        features = self.tfidf_.fit_transform(_texts(whole, self._columns(whole)))
        if not features.shape[1]:
            least, columns = self.tfidf_.settings.min_df, listing(self.tfidf_.columns_)
            raise DataError(
                f"{columns}: no n-gram stands in `min_df`, {least}, of {len(whole)} training rows."
            )
        self.notes_: dict[str, Any] = {"columns": self.tfidf_.columns_, "ngrams": features.shape[1]}
        target, weights = self.coder_.encode(whole.target), whole.weights
        if self._trivial:
            self.weights_ = Weights(np.zeros((features.shape[1], 1), np.float32), np.zeros(1))
        else:
            strength, smoothing = self._choose(features, target, whole, train, inner, context)
            self.weights_ = self._learner(smoothing).fit(features, target, weights, strength)
            self.notes_ |= {"C": strength, "smoothing": smoothing, "strongest": self._strongest()}

    @property
    def _trivial(self) -> bool:
        return self.coder_.trivial

    def _settings(self, rows: int) -> Settings:
        config = self.config
        spans: dict[str, tuple[int, int]] = {
            analyzer: (span[0], span[1]) for analyzer, span in config.ngram_range.items()
        }
        min_df = config.min_df or (1 if rows <= FEW_ROWS else RARE)
        return Settings(spans, min_df, config.max_features, config.lowercase, config.sublinear_tf)

    def _columns(self, rows: Rows) -> list[str]:
        """Returns the columns that it reads: those asked for, or what is text by the training rows."""
        kinds = column_kinds(rows.of("text"), rows.dataset.part("text").kinds)
        if self.config.columns is None:
            found = [name for name, kind in kinds.items() if kind == "text"]
            if not found:
                seen = listing([f"{name} ({kind})" for name, kind in kinds.items()]) or "none"
                raise DataError(
                    "`kind: ngrams` reads columns of text, and no column is one. Columns: "
                    f"{seen}. Where one is text, say so: `data.columns: {{NAME: text}}`."
                )
            return found
        for name in self.config.columns:
            if name not in kinds:
                near = did_you_mean(name, kinds)
                raise DataError(f"`columns`: there is no column {name!r}.{near} Known: {listing(kinds)}.")
        return self.config.columns

    def _choose(
        self,
        features: Any,
        target: np.ndarray,
        whole: Rows,
        train: Rows,
        inner: Rows | None,
        context: Context,
    ) -> tuple[float, float]:
        """Returns the strength and the smoothing with the least loss on the inner rows.

        For each smoothing the strengths are tried from the strongest penalty on, until the loss rises.
        Without inner rows the middle of the grid is taken.
        """
        learner, asked_for = self._learner(), self.config.smoothing
        grid = [self.config.C] if self.config.C else self.config.grid or list(learner.grid)
        inner = inner.take(np.flatnonzero(self.coder_.known(inner.target))) if inner else None
        if inner is None or not len(inner):
            return grid[len(grid) // 2], asked_for or SMOOTHING
        inside = _part(
            np.searchsorted(whole.positions, train.positions),
            features.nnz * self.task.n_outputs,
            context.seed,
        )
        learned = features[inside]
        inner = inner.take(_part(np.arange(len(inner)), features.nnz * self.task.n_outputs, context.seed))
        if len(whole) > len(train):
            asked = features[np.searchsorted(whole.positions, inner.positions)]
        else:
            asked = self.tfidf_.transform(_texts(inner, self.tfidf_.columns_))
        if learner.ignores_absent:
            there = np.unique(learned.indices)
            learned, asked = learned[:, there], asked[:, there]
        weights = None if whole.weights is None else whole.weights[inside]
        truth, tried = self.coder_.encode(inner.target), {}
        smoothings = (asked_for or SMOOTHING,) if asked_for or not learner.smooths else SMOOTHINGS
        for smoothing in smoothings:
            before = np.inf
            for number, strength in enumerate(grid):
                found = self._learner(smoothing).fit(learned, target[inside], weights, strength)
                loss = self._loss(truth, found.score(asked), inner.weights)
                tried[strength, smoothing] = loss
                context.report(number / len(grid), f"C {strength:g}, smoothing {smoothing:g}: {loss:.4f}")
                if loss > before:
                    break
                before = loss
        return min(tried, key=lambda pair: tried[pair])

    def _loss(self, truth: np.ndarray, score: np.ndarray, weights: np.ndarray | None) -> float:
        answer = self._learner().answer(score)
        if not self.task.probabilities:
            return float(np.average(((truth - answer) ** 2).mean(axis=1), weights=weights))
        if not self.task.exclusive:
            true = np.where(truth > 0.5, answer, 1 - answer)
            return float(-np.average(np.log(np.maximum(true, SMALLEST)).mean(axis=1), weights=weights))
        true = np.zeros(len(truth))
        there = truth < answer.shape[1]
        true[there] = answer[there, truth[there]]
        return float(-np.average(np.log(np.maximum(true, SMALLEST)), weights=weights))

    def _strongest(self) -> list[list[str]]:
        """Returns of each column of weights the n-grams that speak most for it."""
        names = self.tfidf_.names()
        best = np.argsort(-self.weights_.slopes, axis=0, kind="stable")[:STRONGEST]
        return [[names[row] for row in column] for column in best.T]

    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        if self._trivial:
            return self.coder_.decode(np.ones((len(rows), 1)))
        lost = [name for name in self.tfidf_.columns_ if name not in rows.of("text")]
        if lost:
            raise DataError(f"The table lacks columns that the model was trained with: {listing(lost)}.")
        features = self.tfidf_.transform(_texts(rows, self.tfidf_.columns_))
        return self.coder_.decode(self._learner().answer(self.weights_.score(features)))

    def save(self, folder: Path) -> None:
        self.tfidf_.save(folder)
        np.savez(folder / "weights.npz", slopes=self.weights_.slopes, bias=self.weights_.bias)
        facts = {"target": self.coder_.state(), "notes": self.notes_}
        (folder / "model.json").write_text(json.dumps(facts), encoding="utf-8")

    def load(self, folder: Path) -> Model:
        facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.coder_ = coder_of(self.task).restore(facts["target"])
        self.notes_ = facts["notes"]
        self.tfidf_ = Tfidf(self._settings(0)).load(folder)
        with np.load(folder / "weights.npz", allow_pickle=False) as saved:
            self.weights_ = Weights(saved["slopes"], saved["bias"])
        return self

    def notes(self) -> dict[str, Any]:
        return dict(self.notes_)


def _texts(rows: Rows, columns: list[str]) -> dict[str, list[str]]:
    frame = rows.of("text")
    return {name: as_text(frame[name]).tolist() for name in columns}


def _part(positions: np.ndarray, cells: int, seed: int) -> np.ndarray:
    """Returns the rows by which the strength is chosen, in rising order: all where that is quick."""
    share = MOST_CELLS / max(1, cells)
    if share >= 1:
        return positions
    rng = np.random.default_rng(seed)
    return np.sort(rng.permutation(positions)[: max(FEWEST, int(share * len(positions)))])

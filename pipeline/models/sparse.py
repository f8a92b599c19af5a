"""Linear models on sparse features, whose strength inner rows choose."""

from __future__ import annotations

import functools
import json
import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from pipeline.clock import Clock
from pipeline.data.rows import Rows
from pipeline.data.target import SMALLEST, coder_of
from pipeline.errors import DataError, listing
from pipeline.models.base import AnytimeConfig, Context, Model, ModelConfig
from pipeline.models.sparse_linear import LEARNERS, Learner, Weights

INVERSE = "The L2 penalty is given by its inverse, `C`."
MOST_CELLS = 12_000_000  # times outputs, by which the strength is chosen: of a part of the rows if need be
CELLS_A_SECOND = 800_000  # of the time for choosing, where it has an end: some five strengths are tried
CHOOSING = 0.4  # of the time that is left once the features are made
FEWEST = 2_000  # rows of them
SMOOTHINGS = (0.1, 2.0)  # many words speak for a class; few do, or the class is rare
SMOOTHING = 0.3
STRONGEST = 8  # features named of each output


class SparseConfig(AnytimeConfig):
    """Keys that linear models on sparse features share."""

    learner: Literal["auto", "logistic", "nb_svm", "naive_bayes", "ridge"] = Field(
        default="auto", description="`auto`: `ridge` for a regression, else what suits the features"
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
        return {"C": {"float": [0.1, 300.0], "log": True}}

    def problems(self, where: str) -> list[str]:
        if self.grid and (self.grid[0] <= 0 or sorted(self.grid) != self.grid):
            return [f"{where}.grid must hold positive numbers in rising order. Received: {self.grid}."]
        return []


class SparseModel(Model):
    """A linear learner on a sparse matrix. A subclass makes the matrix, and saves how.

    Attributes:
        usual: the learner of a task with probabilities.
    """

    Config: ClassVar[type[ModelConfig]] = SparseConfig
    seeded: ClassVar[bool] = False
    anytime = True
    quick = True
    usual: ClassVar[str] = "logistic"
    config: SparseConfig

    @abstractmethod
    def _fit_features(self, rows: Rows) -> Any:
        """Learns the features from training rows; returns their CSR matrix, float32 (rows, features).

        Raises:
            DataError: the rows hold none.
        """

    @abstractmethod
    def _features(self, rows: Rows) -> Any:
        """Returns the CSR matrix of any rows; raises DataError where they lack a column."""

    @abstractmethod
    def _names(self, columns: np.ndarray) -> list[str]:
        """Returns the names of some of the matrix' columns."""

    @abstractmethod
    def _save_features(self, folder: Path) -> None:
        """Writes what `_fit_features` learned."""

    @abstractmethod
    def _load_features(self, folder: Path) -> None:
        """Reads what `_save_features` wrote."""

    @property
    def wants_inner_split(self) -> bool:
        return self.config.C is None

    def _learner(self, smoothing: float = SMOOTHING, end: float = math.inf) -> Learner:
        """Returns the learner; raises DataError where the learner that is asked for cannot do the task."""
        name: str = self.config.learner
        if name == "auto":
            name = self.usual if self.task.probabilities else "ridge"
        if self.task.general not in LEARNERS[name].tasks:
            able = [known for known, learner in LEARNERS.items() if self.task.general in learner.tasks]
            raise DataError(f"`learner: {name}` cannot do a {self.task.kind}; {listing(able)} can.")
        return LEARNERS[name](self.task, self.config.max_iter, smoothing, end, self._floor)

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> Model:
        """Learns from all rows that it may; inner ones choose the strength and are learned from then."""
        from threadpoolctl import threadpool_limits

        started = Clock.now()
        end = started + (self.config.max_seconds or math.inf)
        with threadpool_limits(1):  # the work is in sparse products, which have one thread: others only wait
            self._fit(train, inner, context, end)
        self.notes_["seconds"] = round(Clock.now() - started, 2)
        return self

    def _fit(self, train: Rows, inner: Rows | None, context: Context, end: float) -> None:
        whole = train if inner is None or self.config.validate_on == "fold" else train.join(inner)
        self.coder_ = coder_of(self.task).fit(whole.target)
        self.notes_: dict[str, Any] = {}
        features = self._fit_features(whole)
        target, weights = self.coder_.encode(whole.target), whole.weights
        if self._trivial:
            self.weights_ = Weights(np.zeros((features.shape[1], 1), np.float32), np.zeros(1))
        else:
            choosing = Clock.now() + CHOOSING * (end - Clock.now())
            strength, smoothing = self._choose(features, target, whole, train, inner, context, choosing)
            self.weights_ = self._learner(smoothing, end).fit(features, target, weights, strength)
            self.notes_ |= {"C": strength, "smoothing": smoothing, "strongest": self._strongest()}

    @property
    def _floor(self) -> float:
        """Number that is added to the size of a log-count ratio."""
        return 0.0

    @property
    def _trivial(self) -> bool:
        return self.coder_.trivial

    def _choose(
        self,
        features: Any,
        target: np.ndarray,
        whole: Rows,
        train: Rows,
        inner: Rows | None,
        context: Context,
        end: float,
    ) -> tuple[float, float]:
        """Returns the strength and the smoothing with the least loss on the inner rows.

        Strengths are tried from the middle of the grid on, with the first smoothing, then from the best one
        on with the others, as long as there is time. Without inner rows the middle is taken.
        """
        asked_for = self.config.smoothing
        grid = [self.config.C] if self.config.C else self.config.grid or list(self._learner().grid)
        inner = inner.take(np.flatnonzero(self.coder_.known(inner.target))) if inner else None
        if inner is None or not len(inner):
            return grid[len(grid) // 2], asked_for or SMOOTHING
        most = min(MOST_CELLS, CELLS_A_SECOND * max(end - Clock.now(), 0.0))
        trial = self._trial(features, target, whole, train, inner, most, context.seed)
        tried: dict[tuple[int, float], float] = {}

        def loss(place: int, smoothing: float) -> float:
            if (place, smoothing) not in tried:
                if tried and Clock.now() >= end:
                    return math.inf
                found = tried[place, smoothing] = trial(grid[place], smoothing)
                said = f"C {grid[place]:g}, smoothing {smoothing:g}: {found:.4f}"
                context.report(len(tried) / (len(tried) + 2), said)
            return tried[place, smoothing]

        place = len(grid) // 2
        smoothings = (asked_for or SMOOTHING,) if asked_for or not self._learner().smooths else SMOOTHINGS
        for smoothing in smoothings:
            place = climb(functools.partial(loss, smoothing=smoothing), place, len(grid))
        place, smoothing = min(tried, key=lambda pair: tried[pair])
        return grid[place], smoothing

    def _trial(
        self,
        features: Any,
        target: np.ndarray,
        whole: Rows,
        train: Rows,
        inner: Rows,
        most: float,
        seed: int,
    ) -> Callable[[float, float], float]:
        """Returns what gives the inner rows' loss of a strength and a smoothing, learned from other rows.

        Args:
            features: of all rows that are learned from in the end.
            target: of them, encoded.
            whole: the same rows.
            train: those of them that are learned from here.
            inner: those that are asked.
            most: cells of the features, times outputs, that are learned from.
            seed: which rows these are.
        """
        share = most / max(1, features.nnz * self.task.n_outputs)
        inside = _part(np.searchsorted(whole.positions, train.positions), share, seed)
        inner = inner.take(_part(np.arange(len(inner)), share, seed))
        learned = features[inside]
        if len(whole) > len(train):
            asked = features[np.searchsorted(whole.positions, inner.positions)]
        else:
            asked = self._features(inner)
        if self._learner().ignores_absent:
            there = np.unique(learned.indices)
            learned, asked = learned[:, there], asked[:, there]
        weights = None if whole.weights is None else whole.weights[inside]
        truth = self.coder_.encode(inner.target)

        def trial(strength: float, smoothing: float) -> float:
            found = self._learner(smoothing).fit(learned, target[inside], weights, strength)
            return self._loss(truth, found.score(asked), inner.weights)

        return trial

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
        """Returns of each column of weights the features that speak most for it."""
        best = np.argsort(-self.weights_.slopes, axis=0, kind="stable")[:STRONGEST].T
        return np.array(self._names(best.ravel()), dtype=object).reshape(best.shape).tolist()

    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        if self._trivial:
            return self.coder_.decode(np.ones((len(rows), 1)))
        return self.coder_.decode(self._learner().answer(self.weights_.score(self._features(rows))))

    def save(self, folder: Path) -> None:
        self._save_features(folder)
        np.savez(folder / "weights.npz", slopes=self.weights_.slopes, bias=self.weights_.bias)
        facts = {"target": self.coder_.state(), "notes": self.notes_}
        (folder / "model.json").write_text(json.dumps(facts), encoding="utf-8")

    def load(self, folder: Path) -> Model:
        facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.coder_ = coder_of(self.task).restore(facts["target"])
        self.notes_ = facts["notes"]
        self._load_features(folder)
        with np.load(folder / "weights.npz", allow_pickle=False) as saved:
            self.weights_ = Weights(saved["slopes"], saved["bias"])
        return self

    def notes(self) -> dict[str, Any]:
        return dict(self.notes_)


def climb(loss: Callable[[int], float], place: int, places: int) -> int:
    """Returns a place whose neighbours have no lower loss, reached from one; the left is tried first."""
    for step in (-1, 1):
        found = place
        while 0 <= found + step < places and loss(found + step) < loss(found):
            found += step
        if found != place:
            return found
    return place


def _part(positions: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Returns the rows by which the strength is chosen, in rising order: all where that is quick."""
    if share >= 1:
        return positions
    rng = np.random.default_rng(seed)
    return np.sort(rng.permutation(positions)[: max(FEWEST, int(share * len(positions)))])

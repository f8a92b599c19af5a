"""Gradient boosting in every library: early stopping on inner rows, then a refit on all of them."""

from __future__ import annotations

import math
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from pipeline.clock import Clock
from pipeline.data.encoders.categories import Style
from pipeline.data.rows import Rows
from pipeline.metrics import find_metric
from pipeline.models.base import AnytimeConfig, Context, Model
from pipeline.models.curves import Curves
from pipeline.models.pace import Pace
from pipeline.models.params import ParamsConfig
from pipeline.models.size import Size
from pipeline.models.table import Table, TableModel

SEARCH_SHARE = 0.6  # of the time that a fit takes, for its progress: the search, then the refit
REPORT_EVERY = 10  # rounds


class BoostingConfig(ParamsConfig, AnytimeConfig):
    """Keys that the boosting libraries share."""

    columns: ClassVar[str] = "colsample_bytree"  # the key that says which features a tree sees

    n_estimators: int = Field(
        default=3000,
        ge=1,
        description="most trees per output and class (rounds): early stopping finds how many, and the fit on "
        "all rows takes more by the ratio of rows; with `early_stopping_rounds: null` exactly so many",
    )
    early_stopping_rounds: int | None = Field(
        default=60,
        ge=1,
        description="rounds without a gain on an inner split before it stops; null: no split and no stop",
    )
    learning_rate: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="factor of a tree's step; default: from 0.02 (small data) to 0.1 (large)",
    )
    objective: Literal["auto", "l1", "l2", "huber", "quantile"] = Field(
        default="auto",
        description="loss of a regression; `auto` is l2 (means); l1 (medians) and quantile where the metric "
        "asks for them",
    )
    quantile: float = Field(default=0.5, gt=0, lt=1, description="which one, of `objective: quantile`")
    subsample: float = Field(
        default=0.8, gt=0, le=1, description="share of the rows that a tree sees, drawn anew for each"
    )
    reg_lambda: float = Field(default=1.0, ge=0, description="L2 penalty of the leaves' values")
    refit: bool = Field(
        default=True, description="train again on all training rows once the rounds are found"
    )
    params: dict[str, Any] = Field(
        default={}, description="the library's own parameters, by its names; none that a key says too"
    )

    instead: ClassVar[Mapping[str, str]] = {"weight_decay": "Trees have none; the nearest is `reg_lambda`."}

    def space(self) -> dict[str, dict[str, Any]]:
        return {
            "learning_rate": {"float": [0.01, 0.2], "log": True},
            self.columns: {"float": [0.2, 1.0]},
            "subsample": {"float": [0.5, 1.0]},
            "reg_lambda": {"float": [0.001, 100.0], "log": True},
        }


class TreesConfig(BoostingConfig):
    """Keys of LightGBM and XGBoost that CatBoost lacks."""

    colsample_bytree: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="share of the features that a tree sees; default: 0.4, more where that is under 8",
    )
    reg_alpha: float = Field(default=0.0, ge=0, description="L1 penalty of the leaves' values")


MANY_ROWS = 10_000  # above, boosting takes larger steps, so that its seconds grow by the power of GROWTH
GROWTH = 0.7
MANY_CLASSES = 10
FEWEST_PER_CLASS = 20

Report = Callable[[int, int], None]  # called with rounds done and the most that there may be


class Boosting(TableModel):
    """Gradient boosted trees. One booster per label or target; all classes share one.

    Attributes:
        per_cell: seconds of a fit per row, column and problem.
        suffix: of a booster's file, by which a library knows its format.
    """

    Config: ClassVar[type[AnytimeConfig]] = BoostingConfig
    anytime = True
    share = 1.5
    style: ClassVar[Style] = "tree"
    per_cell: ClassVar[float] = 3e-6
    suffix: ClassVar[str]
    config: BoostingConfig

    @classmethod
    def seconds(cls, size: Size) -> float:
        larger_steps = max(size.rows / MANY_ROWS, 1.0) ** (GROWTH - 1)
        return cls.per_cell * size.rows * size.columns * size.problems * larger_steps

    @classmethod
    def unsuitable(cls, size: Size) -> str:
        per_class = size.rows / size.outputs
        if size.task.exclusive and size.outputs >= MANY_CLASSES and per_class < FEWEST_PER_CLASS:
            return f"{per_class:.0f} rows per class are too few for boosting"
        return ""

    @classmethod
    def settings_for(cls, metric: str) -> dict[str, Any]:
        asked = find_metric(metric)
        if asked.quantile is not None:
            return {"objective": "quantile", "quantile": asked.quantile}
        return {"objective": "l1"} if asked.objective == "l1" else {}

    @property
    def wants_inner_split(self) -> bool:
        return self.config.early_stopping_rounds is not None

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> Model:
        """Finds the rounds on the inner rows, then learns from all rows with as many.

        More rows bear more rounds: the number found grows by the ratio of rows. Where the config
        validates on the scored fold, nothing is learned from it: the boosters found are kept. So they
        are where a limit in time leaves too little for the second fit.

        Raises:
            ValueError: it shall stop early, and there are no inner rows that tell when.
        """
        started, begun = time.perf_counter(), Clock.now()
        end = begun + (self.config.max_seconds or math.inf)
        config, rounds, whole = self.config, None, train
        self.curves_ = Curves()
        if inner is not None and config.validate_on == "inner":
            whole = train.join(inner)
        if config.early_stopping_rounds is not None:
            if inner is None:
                raise ValueError(
                    f"{config.kind}: with `early_stopping_rounds`, inner rows must tell when to stop."
                )
            rounds = self._search(train, inner, context, end)
        second = (Clock.now() - begun) * len(whole) / len(train)  # seconds that it would take, at most
        fits = Clock.now() + second <= end
        if rounds is None or (config.refit and whole is not train and fits):
            table = self._encode(whole, context)
            found = rounds or [config.n_estimators]
            rounds = [max(1, round(number * len(whole) / len(train))) for number in found]
            rounds = self._refit(table, rounds, context, end)
        self.notes_ |= {"rounds": rounds, "seconds": round(time.perf_counter() - started, 2)}
        self.notes_["history"] = self.curves_.kept
        return self

    def _search(self, train: Rows, inner: Rows, context: Context, end: float) -> list[int]:
        """Learns until the inner rows gain no more or time ends; returns the best rounds of each booster."""
        table = self._encode(train, context)
        if self._trivial:
            return [1]
        inner = inner.take(np.flatnonzero(self.coder_.known(inner.target)))
        valid = Table(self.encoder_.transform(inner), self.coder_.encode(inner.target), inner.weights)
        self.boosters_, rounds = [], []
        for problem in range(self._boosters):
            report = self._reporter(context, 0.0, SEARCH_SHARE, problem)
            pace = self._pace(table, problem, end)
            most = self.config.n_estimators
            booster, best = self._boost(table, problem, most, context, report, valid, pace)
            self.boosters_.append(booster)
            rounds.append(best)
        return rounds

    def _refit(self, table: Table, rounds: list[int], context: Context, end: float) -> list[int]:
        """Learns from all the rows; a single number of rounds serves every booster. Returns the rounds."""
        if self._trivial:
            return rounds
        wanted = rounds if len(rounds) == self._boosters else rounds[:1] * self._boosters
        share = SEARCH_SHARE if self.wants_inner_split else 0.0
        self.boosters_, done = [], []
        for problem, number in enumerate(wanted):
            report = self._reporter(context, share, 1.0, problem)
            pace = self._pace(table, problem, end, fixed=True)
            booster, kept = self._boost(table, problem, number, context, report, None, pace)
            self.boosters_.append(booster)
            done.append(kept)
        return done if any(kept < number for kept, number in zip(done, wanted, strict=True)) else rounds

    def _pace(self, table: Table, problem: int, end: float, fixed: bool = False) -> Pace | None:
        """Returns one booster's share of the time until `end`; None where there is no end.

        Rounds that are given or found belong to one learning rate: `fixed`.
        """
        if math.isinf(end):
            return None
        share = max(end - Clock.now(), 0.0) / (self._boosters - problem)
        return Pace(Clock.now() + share, self._rate(table), fixed or self.config.learning_rate is not None)

    @property
    def _boosters(self) -> int:
        """Number of boosters that the task takes."""
        return self.coder_.n_problems

    def _reporter(self, context: Context, start: float, stop: float, problem: int) -> Report:
        width = (stop - start) / self._boosters

        def report(done: int, most: int) -> None:
            if done % REPORT_EVERY == 0:
                fraction = start + width * (problem + done / most)
                context.report(fraction, f"round {done}/{most}")

        return report

    @abstractmethod
    def _boost(
        self,
        table: Table,
        problem: int,
        rounds: int,
        context: Context,
        report: Report,
        valid: Table | None = None,
        pace: Pace | None = None,
    ) -> tuple[Any, int]:
        """Returns a booster of the output `problem` and how many rounds it keeps.

        With `valid` it stops early and keeps the rounds that were best there. With `pace` it stops
        when its time is over, and takes the learning rates that this asks for.
        """

    def _label(self, table: Table, problem: int) -> np.ndarray:
        """Returns the (rows,) target of one booster."""
        return table.target if table.target.ndim == 1 else table.target[:, problem]

    def _rate(self, table: Table) -> float:
        """Returns the learning rate: small data can afford a low one, large data need not."""
        if self.config.learning_rate is not None:
            return self.config.learning_rate
        trees = self.coder_.n_classes or self.task.n_outputs
        work = len(table.features) * max(trees, 2) / 2
        return float(np.interp(np.log10(work), [4.0, 5.5], [0.02, 0.1]))

    def _columns(self, table: Table) -> float:
        """Returns the share of the features that a tree sees."""
        share = getattr(self.config, self.config.columns)
        return share or float(np.clip(8 / table.features.shape[1], 0.4, 1.0))

    def _answer(self, features: np.ndarray, context: Context) -> np.ndarray:
        answers = [self._booster_answer(booster, features, context) for booster in self.boosters_]
        if not self.task.exclusive:
            return np.column_stack(answers)
        return answers[0] if answers[0].ndim == 2 else np.column_stack([1.0 - answers[0], answers[0]])

    @staticmethod
    def _by_rows(table: Table, small: float, middle: float, large: float) -> int:
        """Returns a size of trees for the data: at 1,000, 10,000 and 100,000 rows."""
        return round(float(np.interp(np.log10(len(table.features)), [3, 4, 5], [small, middle, large])))

    @abstractmethod
    def _booster_answer(self, booster: Any, features: np.ndarray, context: Context) -> np.ndarray:
        """Returns one booster's (rows,) or (rows, classes) answers."""

    def _learn(self, table: Table, context: Context, end: float) -> None:
        raise TypeError("Boosting learns in `fit`.")

    def _write(self, folder: Path) -> None:
        for problem, booster in enumerate(self.boosters_):
            self._write_booster(booster, self._file(folder, problem))

    def _read(self, folder: Path) -> None:
        files = [self._file(folder, problem) for problem in range(self._boosters)]
        self.boosters_ = [self._read_booster(file) for file in files]

    def _file(self, folder: Path, problem: int) -> Path:
        return folder / f"booster_{problem}{self.suffix}"

    def _write_booster(self, booster: Any, file: Path) -> None:
        """Writes one booster in the library's own format."""
        booster.save_model(str(file))

    @abstractmethod
    def _read_booster(self, file: Path) -> Any:
        """Returns the booster that was written there."""

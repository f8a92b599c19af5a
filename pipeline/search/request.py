"""Request of a search, checked before any work starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.config.checks import space_messages
from pipeline.config.metric import metric_key, metric_name, metric_of
from pipeline.config.schema import ModelConfig
from pipeline.config.space import Space, parse_space
from pipeline.config.tasks import possible_tasks, space_for
from pipeline.data.folds import fold_kind
from pipeline.errors import ConfigError, Problems, did_you_mean, listing
from pipeline.progress import Progress
from pipeline.registry import MODELS
from pipeline.run.data_products import DataProducts
from pipeline.run.plan import Plan
from pipeline.search.objective import Effort
from pipeline.search.study import PRUNERS, Direction, full_address, make_pruner, sqlite_address
from pipeline.store import digest

VERSION = 2  # raise it when the same trial would be scored in another way
DEFAULT_TRIALS = 50


@dataclass(frozen=True)
class Request:
    """A search of one model's space.

    Attributes:
        plan: configuration, data and store.
        name: of the model.
        trials: how many, those of earlier searches of the same space included; None: as many as fit.
            Where several folds are held back in turn, each part gets its share of them.
        budget: seconds for everything, or None.
        workers: processes that try values side by side.
        storage: address of the study's database; None: SQLite in the run's folder.
        pruner: who gives hopeless trials up.
        folds: of a trial; None: all. Finalists get all of them in any case.
        rows: share of the training rows of a trial.
        timed: whether fast models are wanted beside good ones.
        keep: how many of the best trials get all folds and leave their predictions.
        outer: how many folds are held back in turn, or None where rows and trials decide.
        part: which of them, from 0, this study holds back.
    """

    plan: Plan
    name: str
    trials: int | None = None
    budget: float | None = None
    workers: int = 1
    storage: str | None = None
    pruner: str = "median"
    folds: int | None = None
    rows: float = 1.0
    timed: bool = False
    keep: int = 3
    outer: int | None = None
    part: int = 0

    @property
    def most(self) -> int | None:
        """The number of trials at which the search ends; None: the budget ends it."""
        return self.trials or (None if self.budget else DEFAULT_TRIALS)

    @cached_property
    def section(self) -> ModelConfig:
        """The model's section as it is."""
        return self.plan.section(self.name)

    @cached_property
    def specs(self) -> Mapping[str, Any]:
        """The space in the YAML's words: the YAML's own, or the model's default."""
        config = self.plan.config
        own = config.search.get(self.name)
        return own or space_for(self.section, possible_tasks(config, metric_of(config.metric)))

    @cached_property
    def space(self) -> Space:
        return parse_space(self.specs, self.section)[0]

    @property
    def effort(self) -> Effort:
        return Effort(min(self.folds or self._most_folds, self._most_folds), self.rows)

    @property
    def partial(self) -> bool:
        """Whether a trial does a part of the work only."""
        return self.effort.folds < self._most_folds or self.effort.rows < 1

    @property
    def _most_folds(self) -> int:
        """Into how many folds the rows are divided that are not held back."""
        folds = self.plan.config.folds
        given = fold_kind(folds) == "column"
        return folds.n - 1 if given else folds.n * folds.repeats

    @property
    def greater_is_better(self) -> bool:
        asked = self.plan.config.metric if self.section.answers() else self.section.own_metric
        return metric_of(asked).greater_is_better

    @property
    def metric(self) -> str:
        """Name of what the model's folds are scored by."""
        return metric_name(self.plan.config.metric) if self.section.answers() else self.section.own_metric

    @property
    def directions(self) -> list[Direction]:
        score: Direction = "maximize" if self.greater_is_better else "minimize"
        return [score, "minimize"] if self.timed else [score]

    @property
    def folder(self) -> Path:
        """Folder of the study's database and pictures."""
        return self.plan.store.root / "search" / self.name

    @property
    def pictures(self) -> Path:
        """Folder of the pictures of this part."""
        return self.folder / f"part{self.part + 1}" if self.part else self.folder

    @cached_property
    def address(self) -> str:
        return full_address(self.storage) if self.storage else sqlite_address(self.folder)

    @cached_property
    def study_name(self) -> str:
        """Names the study: trials are comparable only within the same data, folds, space and effort."""
        said = self.section.model_dump(mode="json", exclude_defaults=True)
        for key in ("seeds", "enabled", *(parameter.key for parameter in self.space.parameters)):
            _forget(said, key)  # each trial sets it anew
        material = {
            "folds": DataProducts(self.plan, Progress()).folds_product.key,
            "metric": metric_key(self.plan.config.metric) if self.section.answers() else self.metric,
            "section": said,
            "space": self.specs,
            "effort": [self.effort.folds, self.effort.rows],
            "part": self.part,
            "timed": self.timed,
            "seed": self.plan.config.seed,
            "versions": [VERSION, MODELS.get(self.section.kind).version],
        }
        return f"{self.plan.config.competition}-{self.name}-{digest(material)[:12]}"

    def check(self) -> None:
        """Raises ConfigError, naming every mistake, before anything is trained."""
        config, problems = self.plan.config, Problems()
        if self.name not in config.models:
            near = did_you_mean(self.name, config.models)
            raise ConfigError(f"--model: no model {self.name!r}.{near} Known: {listing(config.models)}.")
        if not self.specs:
            problems.add(
                f"models.{self.name}: a model of kind {self.section.kind!r} has no default space. Describe "
                f"one under `search: {{{self.name}: ...}}` in the YAML (docs/search.md)."
            )
        for parameter, text in space_messages(self.specs, self.section):
            problems.add(f"search.{self.name}.{parameter}: {text}")
        for option, number, most in (
            ("--folds", self.folds, self._most_folds),
            ("--outer", self.outer, config.folds.n),
        ):
            if number is not None and not 1 <= number <= most:
                problems.add(f"{option} must be from 1 to {most}. Received: {number}.")
        if fold_kind(config.folds) == "column" and config.folds.n < 3:
            problems.add(
                f"folds.column: one fold is held back from the trials, which need two others. "
                f"Received: `folds.n` {config.folds.n}."
            )
        if not 0 < self.rows <= 1:
            problems.add(f"--rows must be above 0 and at most 1. Received: {self.rows:g}.")
        for option, number in (("--trials", self.trials), ("--workers", self.workers), ("--keep", self.keep)):
            if number is not None and number < 1:
                problems.add(f"{option} must be at least 1. Received: {number}.")
        if self.pruner not in PRUNERS:
            near = did_you_mean(self.pruner, PRUNERS)
            problems.add(f"--pruner: unknown {self.pruner!r}.{near} Known: {listing(PRUNERS)}.")
        problems.raise_if_any(ConfigError, f"The search of {self.name} cannot start:")
        make_pruner(self.pruner)


def _forget(tree: dict[str, Any], key: str) -> None:
    """Removes a dotted key, and sections that it leaves empty."""
    first, _, rest = key.partition(".")
    if rest and isinstance(tree.get(first), dict):
        _forget(tree[first], rest)
        if tree[first]:
            return
    tree.pop(first, None)

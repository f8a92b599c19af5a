"""Plan: what a configuration asks for, in models and fits, worked out without reading any data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.config.found_features import features_mark
from pipeline.config.marks import marks_of
from pipeline.config.reads import Read, reads_of
from pipeline.config.schema import Config, ModelConfig
from pipeline.data.folds import WHOLE, Fold, fold_kind
from pipeline.data.source import Source
from pipeline.errors import ConfigError, did_you_mean, listing
from pipeline.inputs.base import opened
from pipeline.inputs.table import ENTRY as TABLE
from pipeline.run.fits import answering_nested, fits_needed, fits_read, models_needed
from pipeline.store import Store

RUNS = Path("runs")


@dataclass(frozen=True)
class Plan:
    """A configuration, its data and its store, and the models and fits that it asks for.

    Attributes:
        config: checked.
        source: the competition's files.
        store: `runs/NAME`.
        only: names of the models to train, or None for all that are enabled.
        only_fold: the one fold to train, or None for all.
    """

    config: Config
    source: Source
    store: Store
    only: tuple[str, ...] | None = None
    only_fold: int | None = None

    def __post_init__(self) -> None:
        """Raises ConfigError where `only` or `only_fold` names what there is not."""
        for name in self.only or ():
            if name not in self.config.models:
                near = did_you_mean(name, self.config.models)
                raise ConfigError(f"--only: no model {name!r}.{near} Known: {listing(self.config.models)}.")
        if self.only_fold is not None and not 0 <= self.only_fold < self.config.folds.n:
            last = self.config.folds.n - 1
            raise ConfigError(f"--fold must be from 0 to {last}. Received: {self.only_fold}.")

    @property
    def tables(self) -> list[str]:
        """The competition's tables that are read, whatever the models."""
        data, folds = self.config.data, self.config.folds
        sides: list[str | None] = [table.file for table in data.tables.values()]
        sides += [data.arrays.table, data.arrays.test_table] if data.arrays else []
        return [data.train, data.test, data.sample, *filter(None, [*sides, folds.group_table])]

    @cached_property
    def models(self) -> list[str]:
        """The models to train, each after those that it reads."""
        enabled = [name for name, model in self.config.models.items() if model.enabled]
        return models_needed(self.config.models, self.only or enabled)

    @cached_property
    def fits(self) -> dict[str, list[Fold]]:
        """By model, the fits to train, without their rows."""
        of_one = [fold for fold in self.all_folds if fold.number == self.only_fold]
        chosen = self.own_fits if self.only_fold is None else of_one
        return fits_needed(self.config.models, self.models, self.all_folds, chosen, self.ordered)

    @cached_property
    def members(self) -> list[str]:
        """The models whose predictions the ensemble blends, in the order of the YAML."""
        asked = self.config.ensemble.members
        names = [name for name in self.config.models if name in self.models]
        chosen = [name for name in names if asked is None or name in asked]
        return [name for name in chosen if self.section(name).answers()]

    @cached_property
    def finders(self) -> list[str]:
        """The models that find boxes or points for others, and answer nothing."""
        return [name for name in self.models if not self.section(name).answers()]

    def section(self, name: str) -> ModelConfig:
        """Section of a model in the configuration."""
        return self.config.models[name]

    def reads(self, name: str) -> list[Read]:
        """Reads of a model: what it takes from others."""
        return reads_of(self.section(name), self.config.models)

    def fits_read(self, read: Read, fold: Fold) -> list[Fold]:
        """The fits of a model that one fit of its reader opens, the one that answers for it last."""
        return fits_read(read, fold, self.all_folds, self.ordered)

    def marks(self, name: str) -> tuple[str, ...]:
        """Reasons why a model's score is optimistic; none for an honest one."""
        marks = marks_of(name, self.config.models)
        found = features_mark(self.config.features)
        seen = any(TABLE in opened(self.section(one)) for one in models_needed(self.config.models, [name]))
        return (*marks, found) if found and seen else marks

    @cached_property
    def answering_nested(self) -> set[str]:
        """The models whose nested fits answer for the test rows too."""
        return answering_nested(self.config.models)

    @property
    def ordered(self) -> bool:
        """Whether time orders the folds."""
        return fold_kind(self.config.folds) == "time"

    @cached_property
    def all_folds(self) -> list[Fold]:
        """Every fold by number, without its rows: enough for the keys."""
        config = self.config.folds
        return [Fold(repeat, n) for repeat in range(config.repeats) for n in range(config.n)]

    @cached_property
    def answering(self) -> list[Fold]:
        """The fits whose mean answers for the test rows, and for new ones.

        Where time orders the folds, it is one fit on all rows: the earliest fold's knows a fraction of
        them, and none knows the last, which are nearest to the test.
        """
        return [Fold(0, WHOLE)] if self.ordered else self.all_folds

    @cached_property
    def own_fits(self) -> list[Fold]:
        """Fits of a model for its own score and answer."""
        return [*self.all_folds, *(fold for fold in self.answering if not fold.scored)]

    @cached_property
    def optimism(self) -> list[str]:
        """The models that are also tried on folds that ignore the group."""
        if fold_kind(self.config.folds) not in ("group", "stratified_group"):
            return []
        return [name for name in self.config.report.optimism if name in self.models]

    @property
    def reports(self) -> bool:
        """Whether there is anything to look into beyond scores."""
        return bool(self.optimism) or any(self.section(name).views() for name in self.models)

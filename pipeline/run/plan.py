"""Which products a configuration asks for: their keys, worked out without making or reading any."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.config.load import competition_module
from pipeline.config.marks import marks_of
from pipeline.config.reads import Read, reads_of
from pipeline.config.schema import Config
from pipeline.data.folds import Fold, fold_kind
from pipeline.data.intensity import intensity_key
from pipeline.data.model_key import model_key
from pipeline.data.source import Source
from pipeline.errors import ConfigError, did_you_mean, listing
from pipeline.metrics import find_metric
from pipeline.registry import MODELS
from pipeline.run.fits import fits_needed, fits_read, models_needed
from pipeline.store import Product, Store, digest, file_digest

VERSION = 3  # raise it when the same data would be read or stored in another way
FOLDS_VERSION = 3  # raise it when the same rows would be split in another way
EMBEDDING_VERSION = 2  # raise it when the same network would represent the rows in another way
AUDIT_VERSION = 1  # raise it when the audit would find something else in the same data
BLEND_VERSION = 2  # raise it when the same members would be blended in another way
RUNS = Path("runs")
EASY_FOLDS = 2  # of those that ignore the group: enough to see what they would claim


@dataclass(frozen=True)
class Plan:
    """A configuration, its data and its store, and the product of every stage by key.

    A key follows from what makes the product: a line of the YAML that changes, changes the keys
    of what depends on it and of nothing else.

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

    @cached_property
    def models(self) -> list[str]:
        """The models to train, each after those that it reads."""
        enabled = [name for name, model in self.config.models.items() if model.enabled]
        return models_needed(self.config.models, self.only or enabled)

    @cached_property
    def fits(self) -> dict[str, list[Fold]]:
        """By model, the fits to train, without their rows."""
        chosen = [fold for fold in self.all_folds if self.only_fold in (None, fold.number)]
        return fits_needed(self.config.models, self.models, self.all_folds, chosen, self._ordered)

    @cached_property
    def members(self) -> list[str]:
        """The models whose predictions the ensemble blends, in the order of the YAML."""
        asked = self.config.ensemble.members
        names = [name for name in self.config.models if name in self.models]
        chosen = [name for name in names if asked is None or name in asked]
        return [name for name in chosen if self.config.models[name].answers()]

    @cached_property
    def _source(self) -> str:
        data = self.config.data
        module = competition_module(self.config)
        code = importlib.util.find_spec(module).origin if module else None  # type: ignore[union-attr]
        return digest(
            {
                "files": self.source.fingerprint([data.train, data.test, data.sample]),
                "module": file_digest(Path(code)) if code and os.path.exists(code) else None,
                "version": VERSION,
            }
        )

    @cached_property
    def _rows(self) -> str:
        """Names everything that a fit sees of the data: the metric matters only by its target."""
        data, folds = self.config.data, self.config.folds
        return digest(
            {
                "source": self._source,
                "data": data.model_dump(exclude={"root", "kaggle", "intensity"}),
                "log_target": find_metric(self.config.metric).log_target,
                "columns": [folds.group, folds.time, folds.column],
            }
        )

    @cached_property
    def competition(self) -> Product:
        material = {
            "rows": self._rows,
            "metric": self.config.metric,
            "folds": fold_kind(self.config.folds),
            "answer": [self.config.submission.answer, self.config.submission.range],
        }
        return self.store.product("competition", material)

    @cached_property
    def folds(self) -> Product:
        material = {"rows": self._rows, "folds": self.config.folds.model_dump(), "version": FOLDS_VERSION}
        return self.store.product("folds", material)

    @cached_property
    def audit(self) -> Product:
        """What can be seen of the data before a model is trained."""
        material = {
            "competition": self.competition.key,
            "folds": self.folds.key,
            "seed": self.config.seed,
            "version": AUDIT_VERSION,
        }
        return self.store.product("audit", material | intensity_key(self.config.data))

    @cached_property
    def intensity(self) -> Product:
        """What becomes black and white in pictures of more than 8 bits."""
        material = {"source": self._source, "images": self.config.data.images}
        return self.store.product("intensity", material | intensity_key(self.config.data))

    def labels_of(self, blend: Path) -> Product:
        """The labels that look wrong by the out-of-fold predictions of a blend, given by its folder."""
        return self.store.product("labels", {"ensemble": blend.name, "version": AUDIT_VERSION})

    def pixels(self, name: str) -> Product:
        """The decoded pictures that a network sees: one per view and size, shared by models."""
        section = self.config.models[name]
        data = self.config.data
        images = [data.images, data.test_images]
        material = {"source": self._source, "images": images, "version": VERSION, **intensity_key(data)}
        view = section.picture()
        label = f"pixels-{view.pop('label')}"
        reads = {other: self.coordinates(other).key for other in section.views()}
        return self.store.product(label, {**material, "view": view, "reads": reads})

    def fold(self, name: str, fold: Fold) -> Product:
        """The fitted models of one fold, or of a nested fit, and their predictions."""
        known = (name, fold.identity)
        if known not in self._known:  # nested fits are asked for by many
            section = self.config.models[name]
            material = {
                "rows": self._rows,
                "folds": self.folds.key,
                "fold": [fold.repeat, *fold.left_out],
                "model": model_key(self.config, section),
                "version": MODELS.get(section.kind).version,
                "seed": self.config.seed,
                "inputs": self._keys_read(name, fold, "prediction", "embedding"),
                "siblings": self._keys_read(name, fold, "weights"),
                "views": self._keys_read(name, fold, "coordinates"),
            }
            self._known[known] = self.store.product(f"{name}-{fold.label}", material)
        return self._known[known]

    @cached_property
    def _known(self) -> dict[Any, Product]:
        """Products that many others ask for."""
        return {}

    def _keys_read(self, name: str, fold: Fold, *parts: str) -> list[str]:
        reads = [read for read in self.reads(name) if read.part in parts]
        return [product.key for read in reads for product in self.products_read(read, fold)]

    def reads(self, name: str) -> list[Read]:
        """What a model reads of others."""
        return reads_of(self.config.models[name], self.config.models)

    def products_read(self, read: Read, fold: Fold) -> list[Product]:
        """The products that one fit of a reader opens, the one that answers for its own folds last."""
        if read.part == "coordinates":
            return [self.coordinates(read.name)]
        if read.part == "embedding":
            return [self.embedding(read.name, fold)]
        return [self.fold(read.name, fit) for fit in self.fits_read(read, fold)]

    @property
    def _ordered(self) -> bool:
        return fold_kind(self.config.folds) == "time"

    def fits_read(self, read: Read, fold: Fold) -> list[Fold]:
        return fits_read(read, fold, self.all_folds, self._ordered)

    def embedding(self, name: str, fold: Fold) -> Product:
        """What the models of one fold represent all rows by."""
        material = {"fold": self.fold(name, fold).key, "version": EMBEDDING_VERSION}
        return self.store.product(f"{name}-{fold.label}-embedding", material)

    def coordinates(self, name: str) -> Product:
        """What a network of boxes or points finds in every picture, in pixels of the source."""
        if name not in self._known:  # every fold of the next network asks for all folds of this one
            material = {"folds": [self.fold(name, fold).key for fold in self.all_folds], "version": VERSION}
            self._known[name] = self.store.product(f"{name}-coordinates", material)
        return self._known[name]

    def predictions(self, name: str) -> Product:
        material = {
            "folds": [self.fold(name, fold).key for fold in self.all_folds],
            "metric": self.config.metric,
            "competition": self.competition.key,
        }
        if marks := self.marks(name):
            material["marks"] = marks
        return self.store.product(f"{name}-predictions", material)

    def marks(self, name: str) -> tuple[str, ...]:
        """Why a model's score is optimistic; none for an honest one."""
        return marks_of(name, self.config.models)

    @cached_property
    def ensemble(self) -> Product:
        """The blend of the run's own models and of the outside files that the configuration names."""
        outside = self.config.ensemble.outside
        return self.ensemble_of(
            {name: self.predictions(name).key for name in self.members}
            | {name: file_digest(Path(f.oof)) + file_digest(Path(f.test)) for name, f in outside.items()}
        )

    def ensemble_of(self, members: Mapping[str, str]) -> Product:
        """The blend of members, given as name -> key."""
        config = self.config
        material = {
            "members": dict(members),
            "ensemble": config.ensemble.model_dump(exclude={"members", "outside"}),
            "made_with": [config.metric, self.folds.key, config.seed, BLEND_VERSION],
        }
        return self.store.product("ensemble", material)

    @cached_property
    def submission(self) -> Product:
        return self.submission_of(self.ensemble)

    def submission_of(self, ensemble: Product) -> Product:
        material = {
            "ensemble": ensemble.key,
            "competition": self.competition.key,
            "submission": self.config.submission.model_dump(),
        }
        return self.store.product("submission", material)

    @cached_property
    def optimism(self) -> list[str]:
        """The models that are also tried on folds that ignore the group."""
        if fold_kind(self.config.folds) not in ("group", "stratified_group"):
            return []
        return [name for name in self.config.report.optimism if name in self.models]

    def ungrouped(self, name: str) -> list[Product]:
        """What a model says on the first folds that ignore the group."""
        folds = [self.fold(name, fold).key for fold in self.all_folds]
        materials = [{"folds": folds, "number": number} for number in range(EASY_FOLDS)]
        return [self.store.product(f"{name}-ungrouped{one['number']}", one) for one in materials]

    @property
    def reports(self) -> bool:
        """Whether there is anything to look into beyond scores."""
        return bool(self.optimism) or any(self.config.models[name].views() for name in self.models)

    @cached_property
    def report(self) -> Product:
        coordinates = [name for name in self.models if not self.config.models[name].answers()]
        material = {
            "members": {name: self.predictions(name).key for name in self.members},
            "coordinates": {name: self.coordinates(name).key for name in coordinates},
            "optimism": {name: [product.key for product in self.ungrouped(name)] for name in self.optimism},
            "seed": self.config.seed,
            "version": VERSION,
        }
        return self.store.product("report", material)

    @cached_property
    def all_folds(self) -> list[Fold]:
        """Every fold by number, without its rows: enough for the keys."""
        config = self.config.folds
        return [Fold(repeat, n) for repeat in range(config.repeats) for n in range(config.n)]

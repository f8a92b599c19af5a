"""Products of the data: tables and target, folds, the range of deep pictures.

A product is declared once, with its key, its reads and its making. A key follows from what makes the
product: a line of the YAML that changes, changes the keys of what depends on it and of nothing else.
All keys are worked out without reading any data.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.config.load import competition_module
from pipeline.config.metric import MetricConfig, metric_key, metric_of
from pipeline.config.schema import Config
from pipeline.config.sound_section import LOCATION
from pipeline.config.tasks import check_models_do
from pipeline.data.competition import Competition, Features, read_competition
from pipeline.data.drawn_masks import read_drawn_masks
from pipeline.data.features.check import check_features
from pipeline.data.folds import Folds, fold_kind, make_folds
from pipeline.inputs.images.intensity import Intensity, intensity_key, read_intensity, write_intensity
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.store import Product, digest, file_digest

VERSION = 3  # raise it when the same data would be read or stored in another way
NO_ROWS = {"root", "kaggle", "intensity", "sound", "arrays"}  # keys of the data that do not say what rows are
FOLDS_VERSION = 3  # raise it when the same rows would be split in another way


@dataclass(frozen=True)
class DataProducts:
    """Products of a competition's data; each is made first where it is missing.

    Attributes:
        plan: what is asked for.
        progress: who is told.
    """

    plan: Plan
    progress: Progress
    _known: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def config(self) -> Config:
        return self.plan.config

    def made(self, product: Product) -> Path:
        """Returns the product's folder, made under its lock where it is missing, after all that it reads."""
        if not product.done():
            for source in product.sources:
                self.made(source)
            with product.lock():
                if not product.done():
                    self._make(product)
        return product.path

    def _make(self, product: Product) -> None:
        if product.make is None:
            raise ValueError(f"Nobody has said how {product.label} is made.")
        if product.say:
            self.progress.begin(product.say, 0, 1)
        with product.making() as folder:
            product.make(folder)
        if product.say:
            self.progress.end("")

    def once(self, key: Any, declare: Callable[[], Any]) -> Any:
        """Returns what is asked for again and again: nested fits by their many readers, rows by folds."""
        if key not in self._known:
            self._known[key] = declare()
        return self._known[key]

    @property
    def features(self) -> Features | None:
        """The competition's own function from a table to a table with more columns, if it has one."""
        module = competition_module(self.config)
        found: Features | None = (
            getattr(importlib.import_module(module), "features", None) if module else None
        )
        return found

    @cached_property
    def fingerprint(self) -> str:
        """Names the competition's files."""
        return self.plan.source.fingerprint(self.plan.tables)

    @cached_property
    def _source(self) -> str:
        """Names the files, the code that reads them, and which rows are left out for their arrays."""
        arrays = self.config.data.arrays
        module = competition_module(self.config)
        code = importlib.util.find_spec(module).origin if module else None  # type: ignore[union-attr]
        return digest(
            ({"arrays": arrays.deciding_rows()} if arrays else {})
            | {
                "files": self.fingerprint,
                "module": file_digest(Path(code)) if code and os.path.exists(code) else None,
                "version": VERSION,
            }
        )

    @cached_property
    def _rows(self) -> str:
        """Names everything that a fit sees of the data: the metric matters only by its target and weights."""
        data, folds, said = self.config.data, self.config.folds, self.config.metric
        metric = metric_of(said)
        weights = {"weights": said.weights} if isinstance(said, MetricConfig) and said.weights else {}
        sound = {"sound": data.sound.model_dump(include=LOCATION)} if data.sound else {}
        return digest(
            weights
            | sound
            | {
                "source": self._source,
                "data": data.model_dump(exclude=NO_ROWS | ({"rows"} if data.rows is None else set())),
                "log_target": metric.log_target,
                "tasks": metric.tasks,
                "columns": folds.split_by,
            }
        )

    @cached_property
    def competition_product(self) -> Product:
        """Tables and target, read and checked once."""
        config = self.config

        def make(folder: Path) -> None:
            say = self.progress.message
            read_competition(self.plan.source, config, self.features, say=say).save(folder)

        material = {
            "rows": self._rows,
            "metric": metric_key(config.metric),
            "folds": fold_kind(config.folds),
            "answer": [config.submission.answer, config.submission.range],
        }
        return self.plan.store.product("competition", material, make)

    @cached_property
    def competition(self) -> Competition:
        competition = Competition.load(self.made(self.competition_product))
        check_models_do(competition.task.kind, {name: self.plan.section(name) for name in self.plan.models})
        check_features(self.config.features, competition.train, competition.kinds)
        return competition

    @cached_property
    def folds_product(self) -> Product:
        """The folds, drawn once."""
        config = self.config.folds

        def make(folder: Path) -> None:
            competition = self.competition
            make_folds(config, competition.task, competition.target, competition.splitter).save(folder)

        left = {name for name in ("group_pattern", "group_table") if getattr(config, name) is None}
        said = config.model_dump(exclude=left)
        material = {"rows": self._rows, "folds": said, "version": FOLDS_VERSION}
        return self.plan.store.product("folds", material, make, opens=[self.competition_product])

    @cached_property
    def folds(self) -> Folds:
        return Folds.load(self.made(self.folds_product), ordered=self.plan.ordered)

    def drawn_product(self, name: str, masks: str) -> Product:
        """Masks that people drew beside the answer, for a model that learns them.

        Args:
            name: of the model.
            masks: where they lie, as its section says.
        """
        data = self.config.data

        def make(folder: Path) -> None:
            asked = (self.plan.source, masks, self.competition, data.grid, self.config.threads)
            read_drawn_masks(*asked).save(folder)

        material = {"source": self._source, "version": VERSION}
        material |= {"masks": masks, "images": data.images, "grid": data.grid}
        return self.plan.store.product(f"{name}-masks", material, make, opens=[self.competition_product])

    @cached_property
    def intensity_product(self) -> Product:
        """Values that become black and white in pictures of more than 8 bits."""

        def make(folder: Path) -> None:
            found = self._find_intensity()
            write_intensity(found, folder)
            if found:
                self.progress.message(found.line())

        material = {"source": self._source, "images": self.config.data.images}
        material |= intensity_key(self.config.data)
        return self.plan.store.product("intensity", material, make, opens=[self.competition_product])

    def _find_intensity(self) -> Intensity | None:
        """Returns what is stated, or found in training; None where no picture has more than 8 bits."""
        from pipeline.inputs.images.bands import find_intensity

        if self.config.data.intensity:
            low, high = self.config.data.intensity
            return Intensity(low, high)
        read, names = self.plan.source.open, self.competition.pictures
        return find_intensity(read, names, self.progress.update, self.config.threads)

    @cached_property
    def intensity(self) -> Intensity | None:
        return read_intensity(self.made(self.intensity_product))

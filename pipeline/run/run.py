"""A plan being carried out: makes the products that are missing, and nothing else."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.load import competition_module
from pipeline.config.schema import Config, ModelConfig
from pipeline.config.tasks import check_models_do
from pipeline.data.competition import Competition, read_competition
from pipeline.data.features.check import check_features
from pipeline.data.folds import Fold, Folds, fold_kind, make_folds
from pipeline.data.intensity import Intensity
from pipeline.data.rows import Dataset
from pipeline.errors import ModelError, PipelineError, listing
from pipeline.metrics import Metric, find_metric
from pipeline.models.base import Context, Model
from pipeline.progress import Progress
from pipeline.registry import MODELS
from pipeline.run import chain
from pipeline.run.chain import Coordinates
from pipeline.run.datasets import Sides, datasets, intensity_of, make_pixels, sees
from pipeline.run.outputs import with_outputs
from pipeline.run.plan import Plan
from pipeline.store import Product
from pipeline.validation import cross_validation
from pipeline.validation.cross_validation import Experiment
from pipeline.validation.fold_output import FoldOutput
from pipeline.validation.predictions import Predictions, load_predictions, save_predictions


@dataclass(frozen=True)
class Run:
    """A plan being carried out: makes the products that are missing, and nothing else."""

    plan: Plan
    progress: Progress

    @property
    def config(self) -> Config:
        return self.plan.config

    def with_section(self, name: str, section: ModelConfig) -> Run:
        """Returns the run with another section for one model; competition and folds are read only once."""
        models = {**self.config.models, name: section}
        plan = replace(self.plan, config=self.config.model_copy(update={"models": models}))
        return self._with_what_is_read(Run(plan, self.progress))

    def with_progress(self, progress: Progress) -> Run:
        """Returns the run telling its news to someone else."""
        return self._with_what_is_read(Run(self.plan, progress))

    def _with_what_is_read(self, run: Run) -> Run:
        vars(run).update(competition=self.competition, folds=self.folds)  # where cached_property keeps them
        return run

    @cached_property
    def competition(self) -> Competition:
        """The competition's tables and target, read and checked once."""

        def make(folder: Path) -> None:
            module = competition_module(self.config)
            features = getattr(importlib.import_module(module), "features", None) if module else None
            read_competition(self.plan.source, self.config, features, say=self.progress.message).save(folder)

        competition = Competition.load(self.made(self.plan.competition, make))
        check_models_do(competition.task.kind, {name: self.config.models[name] for name in self.plan.models})
        check_features(self.config.features, competition.train, competition.kinds)
        return competition

    @cached_property
    def folds(self) -> Folds:
        """The folds, drawn once."""
        competition, config = self.competition, self.config.folds

        def make(folder: Path) -> None:
            make_folds(config, competition.task, competition.target, competition.splitter).save(folder)

        path = self.made(self.plan.folds, make)
        return Folds.load(path, ordered=fold_kind(config) == "time")

    def fits(self, name: str) -> list[Fold]:
        """The fits of a model to train: of its scored folds, then those that its readers ask for."""
        return [self.folds.with_rows(fold) for fold in self.plan.fits[name]]

    def refuse_untrained(self) -> None:
        """Raises ModelError where a fold of a model is missing, naming all that are."""
        pairs = [(name, fold) for name in self.plan.models for fold in self.plan.fits[name]]
        missing = [f"{name} {fold.label}" for name, fold in pairs if not self.plan.fold(name, fold).done()]
        if missing:
            raise ModelError(f"Not trained yet: {listing(missing)}. Run train first.")

    def sides(self, name: str) -> Sides:
        """The rows of one model; pictures are made first."""
        section = self.config.models[name]
        if "images" in sees(section) and self.competition.pictures:
            self.pixels(name)
        return datasets(self.plan, self.competition, name)

    def pixels(self, name: str) -> Path:
        """The pictures that a network sees, decoded once; the folder of the product."""
        section = self.config.models[name]

        def make(folder: Path) -> None:
            found = None
            for other in section.views():
                coordinates = self.coordinates(other)
                found = {"train": coordinates.train, "test": coordinates.test}
            asked = (self.competition, self.plan.source, section, folder, self.progress.update)
            fallen = make_pixels(*asked, self.config.threads, found, self.intensity)
            for line in chain.fallback_lines(self.plan, name, fallen):
                self.progress.message(line)

        return self.made(self.plan.pixels(name), make, say=f"pictures of {name}")

    @cached_property
    def intensity(self) -> Intensity | None:
        """What becomes black and white in pictures of more than 8 bits; None where there are none."""
        return intensity_of(self.plan, self.competition, self.progress, self.made)

    def coordinates(self, name: str) -> Coordinates:
        """What a trained coordinate network finds in every picture, in pixels of the source."""

        def make(folder: Path) -> None:
            outputs = self.outputs(name)
            chain.coordinates_of(self.plan, self.competition, self.folds, name, outputs).save(folder)

        return Coordinates.load(self.made(self.plan.coordinates(name), make))

    def metric(self, name: str = "") -> Metric:
        """What a model's folds are scored by; without a name the competition's metric for its task."""
        if name and not self.config.models[name].answers():
            return find_metric("rmse")
        return find_metric(self.config.metric).of(self.competition.task)

    def experiment(self, name: str) -> Experiment:
        """Everything that the folds of one model share: all but what it reads of other models."""
        section, sides = self.config.models[name], self.sides(name)
        kind, task = MODELS.get(section.kind), chain.task_of(self.plan, self.competition, name)

        def make() -> Model:
            return kind(section, task)

        return Experiment(
            make=make,
            train=chain.with_target(self.plan, self.competition, name, sides.train),
            test=sides.test,
            folds=self.folds,
            splitter=self.competition.splitter,
            seed=self.config.seed + section.seed,
            seeds=section.seeds,
            validate_on=section.validate_on,
        )

    def prepared(self, name: str, fold: Fold, experiment: Experiment) -> tuple[Experiment, Fold]:
        """Returns experiment and split of one fit: with what it reads of other models, if anything."""
        for read in self.plan.reads(name):
            if read.part == "embedding":
                self.embedding(read.name, fold)
        return with_outputs(self.plan, self.folds, name, fold, experiment)

    def missing(self, name: str) -> list[Fold]:
        """The fits of a model that are not there yet."""
        return [fold for fold in self.fits(name) if not self.plan.fold(name, fold).done()]

    def train_model(self, name: str) -> None:
        """Fits what is missing of a model."""
        if missing := self.missing(name):
            started = time.monotonic()
            self.train_folds(name, missing)
            self.say_trained(name, len(missing), started)

    def train_folds(self, name: str, missing: Sequence[Fold]) -> None:
        """Fits some folds of a model, one after the other."""
        if not missing:
            return
        metric, experiment = self.metric(name), self.experiment(name)
        labels = [fold.label for fold in self.fits(name)]
        scores: list[float] = []
        for fold in missing:
            so_far = f", mean so far {np.mean(scores):.5g}" if scores else ""
            self.progress.begin(f"{name} {fold.label}{so_far}", labels.index(fold.label), len(labels))
            output = self._fit(name, fold, experiment)
            score = cross_validation.score(metric, experiment.train.target, fold.valid, output.valid)
            if fold.scored:
                scores.append(score)
            self.progress.end(f"{metric.name} {score:.5g}")

    def say_trained(self, name: str, fitted: int, started: float) -> None:
        """Says what a model has reached; so many folds were fitted since `started`."""
        metric, target, fits = self.metric(name), self.experiment(name).train.target, self.fits(name)
        chosen = [fold for fold in fits if fold.scored]
        outputs = [(fold, FoldOutput.load(self.plan.fold(name, fold).path)) for fold in chosen]
        scores = [cross_validation.score(metric, target, fold.valid, one.valid) for fold, one in outputs]
        pooled = cross_validation.pooled_score(metric, target, outputs)
        spread = f" ± {np.std(scores):.5f} over the folds" if len(scores) > 1 else ""
        nested = f" ({len(fits) - len(chosen)} for models that read it)" if len(fits) > len(chosen) else ""
        self.progress.message(
            f"{name:<16} {fitted} of {len(fits)} folds{nested} in {time.monotonic() - started:.0f} s: "
            f"{metric.name} {pooled:.5f}{spread}"
        )
        if not self.config.models[name].answers():
            self.progress.message(self.coordinates(name).line(name))

    def fit_fold(self, name: str, fold: Fold) -> None:
        """Fits one fold, given without its rows, unless it is there: what a worker does."""
        if not self.plan.fold(name, fold).done():
            self._fit(name, self.folds.with_rows(fold), self.experiment(name))

    def _fit(self, name: str, fold: Fold, experiment: Experiment) -> FoldOutput:
        product = self.plan.fold(name, fold)
        siblings = {
            read.name: self.plan.fold(read.name, fold).path / "model" / "seed0"
            for read in self.plan.reads(name)
            if read.part == "weights"
        }
        context = self.context(product, siblings)
        try:
            experiment, fold = self.prepared(name, fold, experiment)
            with product.lock(), product.making() as folder:
                output = cross_validation.fit_fold(experiment, fold, context, folder / "model")
                output.save(folder)
        except PipelineError as error:
            raise type(error)(f"models.{name}, {fold.label}: {error}") from error
        for warning in output.notes.get("warnings", ()):
            self.progress.warning(f"{name} {fold.label}: {warning}")
        return output

    def predictions(self, name: str) -> Predictions:
        """Out-of-fold and test predictions of a trained model."""

        def make(folder: Path) -> None:
            competition = self.competition
            predictions = cross_validation.assemble(
                name,
                competition.task,
                Dataset(competition.ids, target=competition.target),
                Dataset(competition.test_ids),
                self.folds,
                self.outputs(name),
                self.metric(),
            )
            save_predictions(replace(predictions, marks=self.plan.marks(name)), folder)

        return load_predictions(self.made(self.plan.predictions(name), make))

    def outputs(self, name: str) -> list[tuple[Fold, FoldOutput]]:
        return [(fold, FoldOutput.load(self.plan.fold(name, fold).path)) for fold in self.folds]

    def embedding(self, name: str, fold: Fold) -> None:
        """Represents all rows by the network of one fold."""

        def make(folder: Path) -> None:
            fitted = self.plan.fold(name, fold).path / "model"
            context = self.context(self.plan.embedding(name, fold), {})
            experiment, _ = self.prepared(name, fold, self.experiment(name))
            train, test = cross_validation.embed_fold(experiment, fold, fitted, context)
            np.save(folder / "train.npy", train)
            np.save(folder / "test.npy", test)

        self.made(self.plan.embedding(name, fold), make)

    def context(self, product: Product, siblings: Mapping[str, Path]) -> Context:
        """What a fit of this run may use."""
        return Context(
            checkpoint=product.checkpoint,
            report=self.progress.update,
            cache=self.cache,
            siblings=siblings,
            threads=self.config.threads,
        )

    def cache(self, name: str, key: Mapping[str, Any], make: Callable[[], np.ndarray]) -> np.ndarray:
        """Returns an array computed once per key and kept in the store, as a memory map."""
        product = self.plan.store.product(name, {"key": dict(key)})
        path = self.made(product, lambda folder: np.save(folder / "array.npy", make()))
        return np.load(path / "array.npy", mmap_mode="r", allow_pickle=False)

    def made(self, product: Product, make: Callable[[Path], None], say: str = "") -> Path:
        """Returns the product's folder, made under its lock where it is missing."""
        if not product.done():
            with product.lock():
                if not product.done():
                    if say:
                        self.progress.begin(say, 0, 1)
                    with product.making() as folder:
                        make(folder)
                    if say:
                        self.progress.end("")
        return product.path

"""Products of the models: the pictures that they see, their fits, and what these say of all rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.metric import metric_key, metric_of
from pipeline.config.reads import INPUTS, Read
from pipeline.data.drawn_masks import DrawnMasks
from pipeline.data.folds import Fold
from pipeline.data.rows import Dataset
from pipeline.errors import PipelineError
from pipeline.inputs.base import InputFiles, Workshop, opened
from pipeline.inputs.images.files import seen_by
from pipeline.inputs.images.part import pictures_of
from pipeline.inputs.key import model_key
from pipeline.metrics import Metric, find_metric
from pipeline.models.base import Context
from pipeline.networks.config import finds_boxes
from pipeline.registry import MODELS, opening
from pipeline.run.coordinates import Coordinates, annotations_of
from pipeline.run.data_products import VERSION, DataProducts
from pipeline.run.finders import CoordinateFinder, Finder, answering, drawn_finder
from pipeline.run.outputs import OutputsRead, outputs_read, with_outputs
from pipeline.run.pseudo import with_pseudo
from pipeline.run.side_by_side import lanes_for
from pipeline.run.sides import Sides, check_inputs, sides_of
from pipeline.store import Product
from pipeline.tasks.base import Task
from pipeline.transforms.views import Views
from pipeline.validation import cross_validation
from pipeline.validation.cross_validation import Experiment
from pipeline.validation.fold_output import FoldOutput
from pipeline.validation.predictions import Predictions, load_predictions, save_predictions

EMBEDDING_VERSION = 2  # raise it when the same network would represent the rows in another way


@dataclass(frozen=True)
class ModelProducts(DataProducts):
    """Products of the models: fits and predictions; each is made first where it is missing."""

    def workshop(self, name: str, found: Mapping[str, np.ndarray] | None = None) -> Workshop:
        """Workshop in which a model's inputs open the competition's rows."""
        plan, competition = self.plan, self.competition
        asked = (self.config, name, competition, plan.source, self.progress)
        return Workshop(*asked, found, lambda: self.intensity)

    def input_products(self, name: str) -> dict[str, Product]:
        """The files that a model's inputs are read from, by entry: shared by models that see the same."""
        section = self.plan.section(name)
        files = {entry: one.files(self.config, section) for entry, one in opened(section).items()}
        return {entry: self._input_product(name, entry, asked) for entry, asked in files.items() if asked}

    def _input_product(self, name: str, entry: str, asked: InputFiles) -> Product:
        def make(folder: Path) -> None:
            found = None
            for read in asked.reads:
                coordinates = self.coordinates(read.name)
                found = {"train": coordinates.train, "test": coordinates.test}
            opening(entry).make(self.workshop(name, found), folder)

        material = {"source": self._source, **asked.material, "version": VERSION}
        reads = [self.coordinates_product(read.name) for read in asked.reads]
        opens = [self.competition_product, self.intensity_product]
        say = f"{entry} of {name}"
        return self.plan.store.product(asked.label, material, make, reads, opens, say=say)

    def pixels_product(self, name: str) -> Product:
        """The decoded pictures that a network sees."""
        return self.input_products(name)["images"]

    def views(self, name: str, side: str = "train") -> Views:
        """Views of the source through which a network sees every picture of a side."""
        return seen_by(self.made(self.pixels_product(name)), side)

    def coordinates_product(self, name: str) -> Product:
        """Boxes, points or places of masks that a network finds, in pixels of the source."""

        def make(folder: Path) -> None:
            sides = self.sides(name)
            seen = (pictures_of(sides.train.rows()), pictures_of(sides.test.rows()))
            self.finder(name).found(self.folds, self.outputs(name), seen).save(folder)

        def declare() -> Product:
            fits = [self.fit_product(name, fold) for fold in self.plan.own_fits]
            opens = [self.competition_product, self.folds_product, self.pixels_product(name)]
            return self.plan.store.product(f"{name}-coordinates", {"version": VERSION}, make, fits, opens)

        return self.once(("coordinates", name), declare)

    def coordinates(self, name: str) -> Coordinates:
        return Coordinates.load(self.made(self.coordinates_product(name)))

    def finder(self, name: str) -> Finder:
        """Finder of a model: the drawings that it learns, and the places where it finds the like."""
        section, competition = self.plan.section(name), self.competition
        if section.answers():
            return answering(competition.task, name)
        if masks := section.drawn_masks():
            return drawn_finder(DrawnMasks.load(self.made(self.drawn_product(name, masks))))
        names = self.coordinates(name).names if self.coordinates_product(name).done() else ()
        read = partial(annotations_of, self.plan.source, competition, name, section)
        return CoordinateFinder(read, finds_boxes(section), names)

    def task_of(self, name: str) -> Task:
        """Returns what a model predicts: the competition's answer, or what was drawn on its pictures."""
        return self.competition.task if self.plan.section(name).answers() else self.finder(name).task

    def metric(self, name: str = "") -> Metric:
        """Metric of a model's folds; without a name the competition's metric for its task."""
        if name and not self.plan.section(name).answers():
            return find_metric(self.plan.section(name).own_metric).of(self.task_of(name))
        return metric_of(self.config.metric).of(self.competition.task)

    def sides(self, name: str) -> Sides:
        """The rows of one model; the files of its inputs are made first."""
        shop, files = self.workshop(name), self.input_products(name)
        check_inputs(shop)
        for product in files.values():
            self.made(product)
        return sides_of(shop, files)

    def experiment(self, name: str) -> Experiment:
        """Experiment that the folds of one model share: all but what it reads of other models."""

        def declare() -> Experiment:
            section, sides, task = self.plan.section(name), self.sides(name), self.task_of(name)
            kind = MODELS.get(section.kind)
            return Experiment(
                make=lambda: kind(section, task),
                train=self._with_target(name, sides.train),
                test=sides.test,
                folds=self.folds,
                splitter=self.competition.splitter,
                seed=self.config.seed + section.seed,
                seeds=section.seeds,
                validate_on=section.validate_on,
                answers=name in self.plan.answering_nested,
            )

        return self.once(("experiment", name), declare)

    def _with_target(self, name: str, train: Dataset) -> Dataset:
        """Returns the training rows with what a model learns of them."""
        learned = None if self.plan.section(name).answers() else self.finder(name)
        return train if learned is None else replace(train, target=learned.target(pictures_of(train.rows())))

    def fit_product(self, name: str, fold: Fold) -> Product:
        """The fitted models of one fold, or of a nested fit, and their predictions."""

        def make(folder: Path) -> None:
            try:
                output = self._fit(name, self.folds.with_rows(fold), folder / "model")
            except PipelineError as error:
                raise type(error)(f"models.{name}, {fold.label}: {error}") from error
            output.save(folder)
            for warning in output.notes.get("warnings", ()):
                self.progress.warning(f"{name} {fold.label}: {warning}")

        def declare() -> Product:
            section = self.plan.section(name)
            material = {
                "rows": self._rows,
                "fold": [fold.repeat, *fold.left_out],
                "model": model_key(self.config, section),
                "version": MODELS.get(section.kind).version,
                "seed": self.config.seed,
            }
            if fold.others and name in self.plan.answering_nested:
                material["test"] = True
            reads = [self.folds_product, *self._products_read(name, fold)]
            reads += self.input_products(name).values()
            if masks := section.drawn_masks():
                reads.append(self.drawn_product(name, masks))
            label, opens = f"{name}-{fold.label}", [self.competition_product]
            return self.plan.store.product(label, material, make, reads, opens)

        return self.once((name, fold.identity), declare)

    def _products_read(self, name: str, fold: Fold) -> list[Product]:
        """The products of other models that one fit opens, those of each read one after the other."""
        found = []
        for read in self.plan.reads(name):
            if read.part == "coordinates":
                found.append(self.coordinates_product(read.name))
            elif read.part == "embedding":
                found.append(self.embedding_product(read.name, fold))
            else:
                found += [self.fit_product(read.name, fit) for fit in self.plan.fits_read(read, fold)]
        return found

    def _fit(self, name: str, fold: Fold, save_to: Path) -> FoldOutput:
        product = self.fit_product(name, fold)
        siblings = {
            read.name: self.fit_product(read.name, fold).path / "model" / "seed0"
            for read in self.plan.reads(name)
            if read.part == "weights"
        }
        experiment, split = self.prepared(name, fold, self.experiment(name))
        threads = max(1, self.config.threads // self.lanes(name))
        context = replace(self.context(product, siblings), threads=threads, unlabelled=experiment.test)
        return cross_validation.fit_fold(experiment, split, context, save_to)

    def lanes(self, name: str) -> int:
        """Returns how many folds of a model are fitted side by side, and so share the threads."""
        kind, fits = MODELS.get(self.plan.section(name).kind), len(self.plan.own_fits)
        return min(lanes_for(kind, self.competition, self.config.threads), fits)

    def prepared(self, name: str, fold: Fold, experiment: Experiment) -> tuple[Experiment, Fold]:
        """Returns experiment and split of one fit: with what it reads of other models, if anything."""
        reads = [read for read in self.plan.reads(name) if read.part in (*INPUTS, "lesson")]
        found, split = with_outputs(experiment, fold, {read: self.outputs_of(read, fold) for read in reads})
        return with_pseudo(found, self.plan.section(name), lambda one: self.output(one, fold).test), split

    def outputs_of(self, read: Read, fold: Fold) -> OutputsRead:
        """Returns what a fit sees of a model that it reads.

        An embedding comes from the network of the same fold, for all rows: the networks of two folds
        share no space.
        """
        if read.part == "embedding":
            path = self.made(self.embedding_product(read.name, fold))
            return OutputsRead(*(np.load(path / f"{side}.npy", mmap_mode="r") for side in ("train", "test")))
        fits = self.plan.fits_read(read, fold)
        return outputs_read(self.folds, fold, ((fit, self.output(read.name, fit)) for fit in fits))

    def embedding_product(self, name: str, fold: Fold) -> Product:
        """Embedding of all rows by the models of one fold."""
        fit = self.fit_product(name, fold)

        def make(folder: Path) -> None:
            context = self.context(self.embedding_product(name, fold), {})
            experiment, split = self.prepared(name, fold, self.experiment(name))
            train, test = cross_validation.embed_fold(experiment, split, fit.path / "model", context)
            np.save(folder / "train.npy", train)
            np.save(folder / "test.npy", test)

        label, material = f"{name}-{fold.label}-embedding", {"version": EMBEDDING_VERSION}
        return self.plan.store.product(label, material, make, [fit], fit.sources)

    def output(self, name: str, fold: Fold) -> FoldOutput:
        """Output of one fit on the rows that it did not learn from."""
        return FoldOutput.load(self.made(self.fit_product(name, fold)))

    def outputs(self, name: str) -> list[tuple[Fold, FoldOutput]]:
        """Outputs of a model's own fits: of the scored folds, and of the fit on all rows if any."""
        folds = [self.folds.with_rows(fold) for fold in self.plan.own_fits]
        return [(fold, self.output(name, fold)) for fold in folds]

    def predictions_product(self, name: str) -> Product:
        """Out-of-fold and test predictions of a model."""

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

        material: dict[str, Any] = {"metric": metric_key(self.config.metric)}
        if marks := self.plan.marks(name):
            material["marks"] = marks
        fits = [self.fit_product(name, fold) for fold in self.plan.own_fits]
        reads, opens = [*fits, self.competition_product], [self.folds_product]
        return self.plan.store.product(f"{name}-predictions", material, make, reads, opens)

    def predictions(self, name: str) -> Predictions:
        return load_predictions(self.made(self.predictions_product(name)))

    def context(self, product: Product, siblings: Mapping[str, Path]) -> Context:
        """Context of a fit: what it may use of this run."""
        return Context(
            checkpoint=product.checkpoint,
            report=self.progress.update,
            cache=self.cache,
            siblings=siblings,
            threads=self.config.threads,
        )

    def cache(self, name: str, key: Mapping[str, Any], make: Callable[[], np.ndarray]) -> np.ndarray:
        """Returns an array computed once per key and kept in the store, as a memory map."""

        def save(folder: Path) -> None:
            np.save(folder / "array.npy", make())

        path = self.made(self.plan.store.product(name, {"key": dict(key)}, save))
        return np.load(path / "array.npy", mmap_mode="r", allow_pickle=False)

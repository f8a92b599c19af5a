"""A run: a plan being carried out; makes the products that are missing, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from pipeline.config.schema import ModelConfig
from pipeline.data.folds import WHOLE, Fold
from pipeline.errors import ModelError, listing
from pipeline.progress import Progress
from pipeline.run.model_products import ModelProducts
from pipeline.run.plan import Plan
from pipeline.run.side_by_side import side_by_side
from pipeline.validation import cross_validation
from pipeline.validation.fold_output import FoldOutput


@dataclass(frozen=True)
class Run(ModelProducts):
    """A plan being carried out: makes the products that are missing, and nothing else."""

    def with_section(self, name: str, section: ModelConfig) -> Run:
        """Returns the run with another section for one model; competition and folds are read only once."""
        models = {**self.config.models, name: section}
        return self.of_plan(replace(self.plan, config=self.config.model_copy(update={"models": models})))

    def with_progress(self, progress: Progress) -> Run:
        """Returns the run telling its news to someone else."""
        return self.of_plan(self.plan, progress)

    def of_plan(self, plan: Plan, progress: Progress | None = None) -> Run:
        """Returns the run of another plan for the same files; what both see of them is read only once."""
        run = Run(plan, progress or self.progress)
        known = vars(run)  # where cached_property keeps them
        if plan.config.data == self.config.data:
            known["fingerprint"] = self.fingerprint
        if run.competition_product.path == self.competition_product.path:
            known["competition"] = self.competition
        if run.folds_product.path == self.folds_product.path:
            known["folds"] = self.folds
        return run

    def fits(self, name: str) -> list[Fold]:
        """The fits of a model to train: of its scored folds, then those that its readers ask for."""
        return [self.folds.with_rows(fold) for fold in self.plan.fits[name]]

    def trained(self) -> bool:
        """Says whether all fits of all models are there."""
        return not self._untrained()

    def refuse_untrained(self) -> None:
        """Raises ModelError where a fold of a model is missing, naming all that are."""
        if missing := self._untrained():
            raise ModelError(f"Not trained yet: {listing(missing)}. Run train first.")

    def _untrained(self) -> list[str]:
        pairs = [(name, fold) for name in self.plan.models for fold in self.plan.fits[name]]
        return [f"{name} {fold.label}" for name, fold in pairs if not self.fit_product(name, fold).done()]

    def missing(self, name: str) -> list[Fold]:
        """The fits of a model that are not there yet."""
        return [fold for fold in self.fits(name) if not self.fit_product(name, fold).done()]

    def train_model(self, name: str) -> None:
        """Fits what is missing of a model."""
        if missing := self.missing(name):
            started = time.monotonic()
            self.train_folds(name, missing)
            self.say_trained(name, len(missing), started)

    def train_folds(self, name: str, missing: Sequence[Fold]) -> None:
        """Fits some folds of a model, those of a group side by side."""
        if not missing:
            return
        metric, experiment = self.metric(name), self.experiment(name)
        scores: list[float] = []
        groups = self.groups(name, missing)
        self.progress.expect(len(groups))
        for number, group in enumerate(groups):
            so_far = f", mean so far {np.mean(scores):.5g}" if scores else ""
            words = " and ".join(fold.label for fold in group)
            self.progress.begin(f"{name} {words}{so_far}", number, len(groups))
            self._fit_group(name, group)
            said = []
            for fold in group:
                output = self.output(name, fold)
                if fold.scored or fold.others:
                    score = cross_validation.score(metric, experiment.train.target, fold.valid, output.valid)
                    said.append(f"{score:.5g}")
                if fold.scored:
                    scores.append(score)
            self.progress.end(f"{metric.name} {', '.join(said)}" if said else "")

    def groups(self, name: str, folds: Sequence[Fold]) -> list[list[Fold]]:
        """Returns folds of a model in the groups that are fitted side by side."""
        lanes = self.lanes(name)
        return [list(folds[start : start + lanes]) for start in range(0, len(folds), lanes)]

    def _fit_group(self, name: str, group: Sequence[Fold]) -> None:
        """Makes the fits of a group, once all that they read is there."""
        if len(group) == 1:
            self.made(self.fit_product(name, group[0]))
            return
        for fold in group:
            for read in self.fit_product(name, fold).sources:
                self.made(read)

        def fit(fold: Fold) -> Callable[[Progress], FoldOutput]:
            return lambda progress: self._lane(name, progress, len(group)).output(name, fold)

        side_by_side([fit(fold) for fold in group], self.progress)

    def _lane(self, name: str, progress: Progress, width: int) -> Lane:
        """Returns the run as one of several lanes has it: the rows are opened once, for all of them."""
        lane = Lane(self.plan, progress, {("experiment", name): self.experiment(name)}, width)
        own = {one.name for one in fields(self)}
        vars(lane).update({key: value for key, value in vars(self).items() if key not in own})
        return lane

    def say_trained(self, name: str, fitted: int, started: float) -> None:
        """Says what a model has reached; so many folds were fitted since `started`."""
        metric, target, fits = self.metric(name), self.experiment(name).train.target, self.fits(name)
        chosen = [fold for fold in fits if fold.scored]
        outputs = [(fold, self.output(name, fold)) for fold in chosen]
        scores = [cross_validation.score(metric, target, fold.valid, one.valid) for fold, one in outputs]
        pooled = cross_validation.pooled_score(metric, target, outputs)
        spread = f" ± {np.std(scores):.5f} over the folds" if len(scores) > 1 else ""
        read = len(fits) - len([fold for fold in fits if fold.scored or fold.number == WHOLE])
        nested = f" ({read} for models that read it)" if read else ""
        joined = [one.notes["pseudo"] for _, one in outputs if "pseudo" in one.notes]
        pseudo = f", with {np.mean(joined):,.0f} pseudo-labelled test rows a fold" if joined else ""
        self.progress.message(
            f"{name:<16} {fitted} of {len(fits)} folds{nested} in {time.monotonic() - started:.0f} s: "
            f"{metric.name} {pooled:.5f}{spread}{pseudo}"
        )
        if not self.plan.section(name).answers():
            self.progress.message(self.coordinates(name).line(name))


@dataclass(frozen=True)
class Lane(ModelProducts):
    """One of several fits side by side: it has its part of their seconds.

    Attributes:
        width: how many there are.
    """

    width: int = 1

    def _fit(self, name: str, fold: Fold, save_to: Path) -> FoldOutput:
        output = super()._fit(name, fold, save_to)
        return replace(output, seconds=output.seconds / self.width)

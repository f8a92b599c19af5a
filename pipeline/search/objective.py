"""One trial of a search: a section of values, cross-validated on the rows that are not held back."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.schema import ModelConfig
from pipeline.config.space import Parameter, Space
from pipeline.context import Context
from pipeline.data.folds import Fold
from pipeline.data.rows import Rows
from pipeline.errors import ModelError
from pipeline.run.run import Run
from pipeline.search.parts import Part
from pipeline.search.study import PUT_OFF, REASON, SCORES, SECONDS, VALUES, mark_started
from pipeline.tasks.base import Task
from pipeline.validation import cross_validation
from pipeline.validation.cross_validation import Experiment

if TYPE_CHECKING:
    from optuna.trial import Trial

log = logging.getLogger("pipeline")

STEPS = 100  # of a fold: a pruner compares trials at the same step
GRAIN = 10  # steps between two scores of a network in training, however many epochs it has
FEWEST_ROWS = 50  # that a part of a fold's training rows keeps


class Failed(Exception):  # noqa: N818 - caught by the study; the trial holds the reason
    """A trial failed for a reason that is noted in it."""


class PutOff(Exception):  # noqa: N818
    """The time is over: the trial waits for the next search."""


@dataclass(frozen=True)
class Effort:
    """Effort of a trial: the share of folds, rows and epochs.

    Attributes:
        folds: how many of its part's folds, from the first.
        rows: share of each fold's training rows.
    """

    folds: int
    rows: float = 1.0

    def of(self, experiment: Experiment, fold: Fold, task: Task, seed: int) -> Fold:
        """Returns the fold with its part of the training rows, the same for every trial."""
        if self.rows >= 1.0:
            return fold
        rng = np.random.default_rng([seed, fold.repeat, fold.number])
        order = rng.permutation(fold.train)
        count = max(min(FEWEST_ROWS, len(order)), round(self.rows * len(order)))
        if task.exclusive and experiment.train.target is not None:
            order = _classes_first(order, experiment.train.target[order])
        return fold._replace(train=np.sort(order[:count]))


def _classes_first(order: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Returns the rows so that a beginning of any length holds the classes in equal shares of each."""
    by_class = np.argsort(classes, kind="stable")
    sizes = np.unique(classes, return_counts=True)[1]
    place = np.concatenate([(np.arange(size) + 0.5) / size for size in sizes])
    return order[by_class[np.argsort(place, kind="stable")]]


def fold_scores(
    run: Run, name: str, part: Part, effort: Effort, context_of: Callable[[Experiment, Fold], Context]
) -> Iterator[float]:
    """Yields the scores of a model on the folds of a part, one after the other, by fits with one seed.

    The held-back rows are in none of these folds: nothing that is fitted, sampled, encoded or
    scored here has seen them. What the model reads of others is what the fit for the held-back rows
    reads, which leaves them out too.

    Args:
        run: with the section to score.
        name: of the model.
        part: of the search.
        effort: how many folds, and how many of their rows.
        context_of: returns what a fit may use.

    Raises:
        ModelError: a score is no number.
    """
    section = run.plan.section(name).model_copy(update={"seeds": 1})
    run = run.with_section(name, section)
    experiment, _ = run.prepared(name, part.outer, run.experiment(name))
    experiment = replace(experiment, folds=part.folds)
    metric, task = run.metric(name), experiment.make().task
    for whole in list(part.folds)[: effort.folds]:
        fold = effort.of(experiment, whole, task, run.config.seed)
        output = cross_validation.fit_fold(experiment, fold, context_of(experiment, fold))
        score = cross_validation.score(metric, experiment.train.target, fold.valid, output.valid)
        if not np.isfinite(score):
            raise ModelError(f"{fold.label}: {metric.name} is {score}.")
        yield score


def siblings_of(run: Run, name: str, part: Part) -> Mapping[str, Path]:
    """Returns the networks that a model starts from: of the fold that no held-back row has taught."""
    return {
        read.name: run.fit_product(read.name, part.outer).path / "model" / "seed0"
        for read in run.plan.reads(name)
        if read.part == "weights"
    }


@dataclass
class Objective:
    """Objective of the study: the score of a trial's folds.

    Attributes:
        run: the plan and its data.
        name: of the model that is searched.
        space: what may change.
        part: the folds of the trials, without the rows that are held back.
        effort: how much of the work a trial does.
        timed: whether the seconds are a second objective.
        prune: whether the study may give a trial up.
        paired: whether the pruner wants each fold's own score in the place of the mean so far.
        left: returns the seconds until the search must end.
        started: called when the trial is under way.
    """

    run: Run
    name: str
    space: Space
    part: Part
    effort: Effort
    timed: bool = False
    prune: bool = True
    paired: bool = False
    left: Callable[[], float] = lambda: float("inf")
    started: Callable[[], None] = lambda: None

    def __call__(self, trial: Trial) -> float | tuple[float, float]:
        """Returns the mean score over the folds, or (score, seconds).

        Raises:
            Failed: the fit failed or predicted no numbers; the reason is noted in the trial.
            PutOff: the time is over; the same values wait for the next search.
        """
        from optuna import TrialPruned

        mark_started(trial)
        self.started()
        begun = time.monotonic()
        try:
            values = suggest(self.space, trial)
            trial.set_user_attr(VALUES, values)
            section = self.space.apply(self.run.plan.section(self.name), values)
            scores = self._scores(section, trial)
        except TrialPruned:
            raise
        except (KeyboardInterrupt, PutOff):
            trial.set_user_attr(PUT_OFF, True)
            trial.study.enqueue_trial(trial.params)
            raise
        except Exception as error:  # whatever it was, the search goes on and says it
            log.warning("trial %d failed", trial.number, exc_info=True)
            trial.set_user_attr(REASON, reason_of(error))
            raise Failed(reason_of(error)) from error
        finally:
            trial.set_user_attr(SECONDS, round(time.monotonic() - begun, 2))
        seconds = time.monotonic() - begun
        return (float(np.mean(scores)), seconds) if self.timed else float(np.mean(scores))

    def _scores(self, section: ModelConfig, trial: Trial) -> list[float]:
        """Returns the scores of the folds; the study is told each, and may have seen enough."""
        if problems := section.problems(self.name):
            raise ModelError(" ".join(problems))
        run, scores = self.run.with_section(self.name, section), list[float]()
        last = min(self.effort.folds, len(list(self.part.folds)))

        def context_of(experiment: Experiment, fold: Fold) -> Context:
            return self._context(run, experiment, fold, trial, watched=not scores)

        for place, score in enumerate(fold_scores(run, self.name, self.part, self.effort, context_of), 1):
            scores.append(score)
            trial.set_user_attr(SCORES, scores)
            told = score if self.paired else float(np.mean(scores))
            self._tell(trial, told, STEPS * place, last=place == last)
        return scores

    def _context(self, run: Run, experiment: Experiment, fold: Fold, trial: Trial, watched: bool) -> Context:
        """Returns the context of one fold; a network's first fold is watched epoch by epoch.

        The scored fold decides which trials are given up, as the pruner's scores of whole folds do:
        what is found is judged by the rows that are held back.
        """
        metric = run.metric(self.name)

        def report(fraction: float, text: str) -> None:
            if self.left() <= 0:
                raise PutOff("the time is over")
            run.progress.update(fraction, text)

        def watch(fraction: float, predict: Callable[[Rows], np.ndarray]) -> None:
            predicted = predict(experiment.train.rows(fold.valid))
            score = cross_validation.score(metric, experiment.train.target, fold.valid, predicted)
            step = GRAIN * int(STEPS * fraction / GRAIN + 1e-9)
            if np.isfinite(score) and step < STEPS and step not in told:
                told.add(step)
                self._tell(trial, score, step, last=False)

        told: set[int] = set()
        wanted = watched and self.prune and not self.timed and not self.paired
        siblings = siblings_of(run, self.name, self.part)
        sources: dict[str, Any] = {"cache": run.cache, "siblings": siblings, "unlabelled": experiment.test}
        context = Context(report=report, threads=run.config.threads, **sources)
        return replace(context, watch=watch) if wanted else context

    def _tell(self, trial: Trial, score: float, step: int, last: bool) -> None:
        """Reports a score; ends the trial where the pruner has seen enough."""
        from optuna import TrialPruned

        if self.timed or not self.prune:
            return
        trial.report(score, step)
        if not last and trial.should_prune():
            raise TrialPruned(f"at step {step} with {score:.5f}")


def suggest(space: Space, trial: Trial) -> dict[str, Any]:
    """Returns values for the parameters that exist under the values of those before them."""
    chosen: dict[str, Any] = {}
    for parameter in space.parameters:
        if all(other in chosen and chosen[other] in values for other, values in parameter.when.items()):
            chosen[parameter.name] = _draw(parameter, trial)
    return chosen


def _draw(parameter: Parameter, trial: Trial) -> Any:
    name, low, high = parameter.name, parameter.low, parameter.high
    if parameter.kind == "int":
        return trial.suggest_int(name, int(low), int(high), step=int(parameter.step or 1), log=parameter.log)
    if parameter.kind == "float":
        value = trial.suggest_float(name, low, high, step=parameter.step, log=parameter.log)
        return value if parameter.step else min(max(float(f"{value:.4g}"), low), high)
    labels = {_label(value): value for value in parameter.choices}
    return labels[trial.suggest_categorical(name, list(labels))]


def _label(value: Any) -> Any:
    """Returns what the study stores for a choice: plain values as they are, others as text."""
    plain = value is None or isinstance(value, bool | int | float | str)
    return value if plain else json.dumps(value, sort_keys=True)


def reason_of(error: BaseException) -> str:
    """Returns an error in one line, its kind first."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:500]


def same_way(reasons: list[str]) -> bool:
    """Says whether all failed alike: by the words, whatever the numbers."""
    return len({re.sub(r"[\d.e+-]+", "#", reason) for reason in reasons}) == 1

"""Training within a time budget: what fits is trained, and a valid submission is always there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from pipeline.clock import SHORTEST, Clock, OutOfTime, coarse
from pipeline.config.schema import Config, EnsembleConfig, ModelConfig
from pipeline.ensemble.hurried import hurried
from pipeline.models.base import AnytimeConfig, Model
from pipeline.models.size import Size
from pipeline.progress import Progress
from pipeline.registry import MODELS
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.stages.audit import audit_before_training, lines_of, make_labels, newest_blend
from pipeline.stages.members import averaged, own_members
from pipeline.stages.page import publish_page
from pipeline.stages.submission import Summary, ensemble_product, publish, submission_product

RESERVE = 0.1  # of the budget, for the last blend and the submission
LEAST_RESERVE, MOST_RESERVE = 3.0, 60.0  # seconds
PAGE, MOST_OF_A_PAGE = 0.1, 4.0  # of the budget, and seconds, for drawing the report
SHORTEST_FIT = 2.0  # seconds; where the main model's are shorter, fewer folds are better than worse fits
LEAST_OF_A_COPY = 0.4  # of the time that the model which it is a copy of had
FEWEST_FOLDS = 3
MOST_MEMBERS = 40
BLENDING = 0.8  # of the time that is left, for a blend; the rest is for writing what it says


def train_within(run: Run, seconds: float) -> Summary:
    """Trains what fits into a time, fills what is left of it, and returns the submission's manifest."""
    started = Clock.now()
    audit_before_training(run)
    page = min(PAGE * seconds, MOST_OF_A_PAGE)
    budget = Budget(run, max(0.0, seconds - page - (Clock.now() - started)))
    summary = budget.train()
    blend = newest_blend(run)
    summary |= {"labels": lines_of(make_labels(run, blend), run) if blend else []}
    return summary | {"page": str(publish_page(budget.made()))}


@dataclass
class Budget:
    """One run within a number of seconds.

    Attributes:
        run: of the configuration; what it has read is not read again.
        seconds: for everything, from `started`.
        done: names of the models that have all their folds, in the order in which they got them.
        decided: whether the number of folds is settled.
        seed_of: name of a copy with another seed -> name of the model that it is a copy of.
        variant_of: the same of copies with other settings.
        waiting: the configuration's models that are still to come, the one in hand first.
        asked: the configuration as it was before anything was changed.
        beside: seconds that folds side by side took beside their fits' own: what encodes, writes, predicts.
        ensembles: the section of the blend by the number of models that are done.
        plan: grows a baseline, and copies of models with other settings or seeds; may lose folds.
        progress: who is told.
    """

    run: Run
    seconds: float
    started: float = field(default_factory=lambda: Clock.now())  # looked up then: a test may have replaced it
    done: list[str] = field(default_factory=list)
    decided: bool = False
    seed_of: dict[str, str] = field(default_factory=dict)
    variant_of: dict[str, str] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    asked: Config | None = None
    beside: float = 0.0
    ensembles: dict[int, EnsembleConfig] = field(default_factory=dict)
    plan: Plan = field(init=False)
    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.plan, self.progress = self.run.plan, self.run.progress

    def train(self) -> dict[str, Any]:
        """Trains what fits and returns the submission's manifest."""
        reserve = min(max(RESERVE * self.seconds, LEAST_RESERVE), MOST_RESERVE)
        clock = Clock(self.progress, self.started + self.seconds - reserve)
        self._add("baseline", MODELS.get("baseline").Config(kind="baseline"))
        wanted = self._order(list(self.plan.models))
        self._train(clock, "baseline")
        self._submit()
        for place, name in enumerate(wanted):
            self.waiting, before = wanted[place:], self._answering()
            if self._train(clock, name) and self._answering() and not before:
                self._submit()
        self.waiting, full = [], set()
        for name, section in self._more():
            if clock.left <= 0 or len(self.done) > MOST_MEMBERS:
                break
            if self._copied(name) in full:  # one copy of it did not fit: the next will not
                continue
            self._add(name, section)
            if not self._train(clock, name):
                full.add(self._copied(name))
        summary = self._submit()
        used = Clock.now() - self.started
        self.progress.message(f"{used:.0f} s of {self.seconds:.0f} s used; trained: {', '.join(self.done)}")
        return summary

    def made(self) -> Run:
        """The run of the models that are done."""
        return self.run.of_plan(self._narrowed(), self.progress)

    def _order(self, names: list[str]) -> list[str]:
        """The main model first, for it decides the folds; then the quick ones; then the others.

        Where there is nothing to decide, quick ones that others cannot be cut for go before it.
        """
        kinds = {name: self._kind(name) for name in names}
        main = max(names, key=lambda name: kinds[name].leads)
        quick = [name for name in names if kinds[name].quick]
        first = [main] if kinds[main].leads else []
        folds = self.plan.config.folds
        if folds.n <= FEWEST_FOLDS and folds.repeats == 1 and not kinds[main].faster:
            first = []
        order = [*first, *quick, main, *names]
        return [name for name in dict.fromkeys(order) if name != "baseline"]

    def _train(self, clock: Clock, name: str) -> bool:
        """Trains a model and those that it reads; says of one that does not fit that it does not."""
        if name in self.done:
            return True
        if any(not self._train(clock, read.name) for read in self.plan.reads(name)):
            return False
        deciding = not self.decided and name != "baseline"
        if clock.left <= 0 and name != "baseline":
            self.progress.message(f"{name:<16} left out: the time is over")
            return False
        seconds = self._seconds(clock, name, deciding)
        if seconds is not None:
            if not deciding and seconds < max(self._least(name), SHORTEST):
                why = f"a fit of {seconds:g} s would not be of use" if seconds else "no time is left for it"
                self.progress.message(f"{name:<16} left out: {why}")
                return False
            self._add(name, self.plan.section(name).model_copy(update={"max_seconds": seconds}))
        ends = getattr(self.plan.section(name), "max_seconds", None) is not None
        clock.start_model(clock.deadline if ends else self._limit(clock, name, deciding))
        try:
            run = self.run.of_plan(replace(self.plan, only=(name,)), clock)
            for one in run.plan.models:  # of those that it reads only the nested fits are missing
                clock.start_model(clock.limit)
                run.train_model(one)
        except OutOfTime:
            self.progress.end("")
            if deciding and clock.per_round and self._make_room(clock, name, run.lanes(name)):
                return self._train(clock, name)
            self.progress.message(f"{name:<16} left out: it does not fit into the time that is left")
            return False
        if seconds and not self._kind(name).looks:
            self.beside = max(self.beside, clock.per_round - seconds * self.plan.section(name).seeds)
        self.decided = self.decided or deciding
        self.done.append(name)
        return True

    def _seconds(self, clock: Clock, name: str, deciding: bool) -> float | None:
        """Returns what each fit of a model may take, its share of the time; None where it stays as it is.

        They go into the product's key: what a budget cut is never taken for a whole fit. Whole ones are used.
        """
        section, original = self.plan.section(name), self._copied(name)
        if not isinstance(section, AnytimeConfig):
            return None
        if section.max_seconds is not None and original is None:  # the user's
            return None
        if section.max_seconds is None and original is not None:  # a copy of what was trained to its end
            return None
        run = self.run.of_plan(self.plan, self.progress)
        if all(run.fit_product(name, fold).done() for fold in self.plan.own_fits):
            return None
        kind = self._kind(name)
        share, fitting = min(self._share(name), kind.most if deciding else 1.0), kind.fitting(self._size)
        rounds = len(run.groups(name, self.plan.own_fits))
        if fitting * share * clock.left / rounds >= self._least(name):
            kind.start(self.plan.config.threads)
        each = share * max(0.0, clock.left) / rounds
        seconds = coarse(min(fitting * each, each - self.beside) / section.seeds)
        if section.max_seconds is not None:
            return min(seconds, section.max_seconds)
        return None if deciding and seconds < SHORTEST_FIT else seconds

    def _least(self, name: str) -> float:
        """Returns the seconds below which a fit of a model is of no use."""
        if (original := self._copied(name)) is not None:
            return LEAST_OF_A_COPY * (getattr(self.plan.section(original), "max_seconds", None) or 0.0)
        return self._kind(name).least_seconds(self._size)

    @cached_property
    def _size(self) -> Size:
        return Size.of(self.run.competition)

    def _copied(self, name: str) -> str | None:
        """The model that one is a copy of; None for those of the configuration."""
        return self.variant_of.get(name) or self.seed_of.get(name)

    def _share(self, name: str) -> float:
        """Returns a model's part of the time that is left, beside the others that wait."""
        waiting = {name, *(one for one in self.waiting if one not in self.done and self._kind(one).anytime)}
        parts = {one: self._kind(one).part(self.plan.section(one)) for one in waiting}
        return parts[name] / sum(parts.values())

    def _limit(self, clock: Clock, name: str, deciding: bool) -> float:
        """Returns when a model must be done: the baseline, without which there is no submission, need not."""
        if name == "baseline":
            return math.inf
        return Clock.now() + self._kind(name).most * clock.left if deciding else clock.deadline

    def _make_room(self, clock: Clock, name: str, lanes: int) -> bool:
        """Makes the main model fit: faster boosting first, then fewer folds. Says whether it can."""
        models, folds = self.plan.config.models, self.plan.config.folds
        faster = {}
        for key, section in models.items():
            settings = {k: v for k, v in self._kind(key).faster.items() if k not in section.model_fields_set}
            if settings:
                faster[key] = section.model_copy(update=settings)
        if name in faster:
            self.progress.message("boosting in larger steps, without a second fit: what fits into the time")
            self._configure(models={**models, **faster})
            return True
        self.decided = True
        fitting = int(self._kind(name).most * clock.left / clock.per_round) * lanes
        n = min(folds.n, max(FEWEST_FOLDS, fitting))
        if folds.column is not None or (folds.repeats == 1 and n == folds.n):
            return True
        self.progress.message(f"{n} folds, drawn once: what fits into the time")
        self._configure(folds=folds.model_copy(update={"n": n, "repeats": 1}))
        self.done = []
        return self._train(clock, "baseline")

    def _more(self) -> Iterator[tuple[str, ModelConfig]]:
        """Yields further models: other settings of those that are done, then other seeds of them."""
        base = self._best_first([name for name in self.done if self._repeatable(name)])
        for seed in range(1, MOST_MEMBERS):
            for name in base:
                section = self.plan.section(name)
                variants = self._kind(name).variants if seed == 1 else ()
                for number, settings in enumerate(variants, start=1):
                    self.variant_of[f"{name}_v{number}"] = name
                    yield f"{name}_v{number}", section.model_copy(update=settings)
                self.seed_of[f"{name}_s{seed}"] = name
                yield f"{name}_s{seed}", section.model_copy(update={"seed": section.seed + seed})
            if not base:
                return

    def _best_first(self, names: list[str]) -> list[str]:
        """Returns the models in the order of their out-of-fold scores."""
        run = self.run.of_plan(replace(self.plan, only=tuple(names)), self.progress)
        sign = -1.0 if run.metric().greater_is_better else 1.0
        return sorted(names, key=lambda name: sign * float(np.mean(run.predictions(name).fold_scores)))

    def _repeatable(self, name: str) -> bool:
        """Another seed changes nothing in some kinds, and networks for other networks stay one."""
        return self._kind(name).varies(self.plan.section(name)) and self.plan.section(name).answers()

    def _kind(self, name: str) -> type[Model]:
        return MODELS.get(self.plan.section(name).kind)

    def _add(self, name: str, section: ModelConfig) -> None:
        self._configure(models={**self.plan.config.models, name: section})

    def _configure(self, **update: Any) -> None:
        self.asked = self.asked or self.plan.config
        self.plan = replace(self.plan, config=self.plan.config.model_copy(update=update))

    def _narrowed(self) -> Plan:
        """The plan with the models that are done; the baseline only while there is nothing else."""
        done = [name for name in self.done if name != "baseline" or not self._answering()]
        models = {name: self.plan.section(name) for name in done}
        config = self.plan.config.model_copy(update={"models": models, "ensemble": self._ensemble()})
        return replace(self.plan, config=config, only=None)

    def _answering(self) -> list[str]:
        """The models that are done and answer; those that find something for others do not."""
        return [name for name in self.done if name != "baseline" and self.plan.section(name).answers()]

    def _ensemble(self) -> EnsembleConfig:
        """Returns the ensemble's section, the same for the same members: a blend is looked up by it."""
        done = len(self.done)
        if done not in self.ensembles:
            cells = self._size.rows * self._size.outputs * max(1, len(self._answering()))
            seconds = BLENDING * (self.started + self.seconds - Clock.now())
            self.ensembles[done] = hurried(self.plan.config, cells, seconds)
        return self.ensembles[done]

    def _submit(self) -> Summary:
        """Blends what is done and writes the submission. Seeds of one model are averaged first."""
        run = self.made()
        product = submission_product(run, ensemble_product(run, averaged(own_members(run), self.seed_of)))
        run.made(product)
        return publish(run, product, self.started, self.asked)

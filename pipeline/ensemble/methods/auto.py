"""Trying every method and keeping the simplest of the good ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import Field, field_validator

from pipeline.clock import Clock, Deadline
from pipeline.config.schema import MethodConfig
from pipeline.data import dense
from pipeline.ensemble.crossfit import cross_fit
from pipeline.ensemble.method import Method, is_exact
from pipeline.ensemble.resampling import bootstrap_scores
from pipeline.ensemble.split import Split
from pipeline.ensemble.stack import Stack
from pipeline.ensemble.weights import sample
from pipeline.errors import ConfigError, did_you_mean, listing
from pipeline.metrics import Metric
from pipeline.registry import METHODS

PARTS = 5  # random ones, where no folds are given
DRAWS = 100
TIMED_ROWS = 5_000  # more than these, and a method is timed on a tenth of them first
NOISE = 0.5  # standard errors; one whole kept means of unequal members, half lost nothing elsewhere


@dataclass(frozen=True)
class Candidate:
    """One line of the table of methods: plain values, fit for JSON; None where not tried.

    Attributes:
        name: the method's.
        cross_fitted: score with weights learned without the scored fold.
        standard_error: of `cross_fitted`, by bootstrap over rows.
        behind: how much worse than the best candidate, zero or more.
        behind_error: standard error of `behind`, paired by rows.
        in_sample: score with weights learned on the scored rows themselves.
        seconds: time that all its fits took.
        skipped: why it was not tried, else "".
    """

    name: str
    cross_fitted: float | None = None
    standard_error: float | None = None
    behind: float | None = None
    behind_error: float | None = None
    in_sample: float | None = None
    seconds: float = 0.0
    skipped: str = ""


@dataclass(frozen=True)
class Trial:
    """A method that was tried: fitted on all rows, with its cross-fitted predictions."""

    method: Method
    oof: np.ndarray
    cross_fitted: float
    in_sample: float
    seconds: float


class AutoConfig(MethodConfig):
    """Keys of `ensemble.method: {kind: auto}`."""

    methods: list[str] | None = Field(
        default=None, min_length=1, description="names of methods to try; default: all that suit"
    )

    @field_validator("methods")
    @classmethod
    def _known(cls, names: list[str] | None) -> list[str] | None:
        for name in names or ():
            if name == "auto" or name not in METHODS:
                others = [other for other in METHODS if other != "auto"]
                raise ValueError(f"names of {listing(others, most=40)}.{did_you_mean(name, others)}")
        return names


@METHODS.register("auto")
class Auto(Method):
    """Cross-fits every method and keeps the simplest that is not clearly worse than the best.

    "Clearly": by more than NOISE standard errors of the paired difference to the best, over
    bootstrapped rows. Simplicity is each method's own `simplicity`.

    Without `methods` all that suit the task are tried, each with its defaults; those that would take
    minutes or repeat another are skipped, and the table says so.

    Attributes:
        deadline: methods that would not be done by then are not tried; the simplest is in any case.
        chosen_: name of the method that is kept.
        trials_: by name, the methods that were tried, in order of simplicity.
        table_: a `Candidate` per method, tried or not, in order of simplicity.
        oof_: float32 (rows, outputs): every fold blended by the method that would have been kept
            by the scores of the other folds (of those before it where folds are ordered; there the
            first has the simplest). Its score does not flatter the choice.
    """

    Config: ClassVar[type[MethodConfig]] = AutoConfig
    dense: ClassVar[bool] = True
    boxes: ClassVar[bool] = True
    deadline: Deadline = Deadline()

    def fit_stack(self, stack: Stack, target: np.ndarray, split: Split | None = None) -> Auto:
        metric = self._metric()
        split = Split(np.zeros(len(stack), np.int64)) if split is None else split
        if len(split.numbers) < 2:
            split = split.at_random(PARTS, self.seed)
        names = self._own.methods or tuple(name for name in METHODS if name != "auto")
        names = tuple(sorted(names, key=lambda name: METHODS.get(name).simplicity))
        reasons = {name: self._reason_to_skip(name, stack, target, metric, split) for name in names}
        self.trials_: dict[str, Trial] = {}
        for name in [name for name in names if not reasons[name]]:
            trial = self._try(name, stack, target, metric, split)
            if trial is None:
                reasons[name] = "it would not be done in `ensemble.max_seconds`"
            else:
                self.trials_[name] = trial
        if not self.trials_:
            raise ConfigError(f"No ensemble method suits: {'; '.join(reasons.values())}.")
        rows = self._choose(target, metric, split)
        self.table_ = tuple(rows.get(name, Candidate(name, skipped=reasons[name])) for name in names)
        self.weights_, self.gap_ = self.kept.weights_, self.kept.gap_
        return self

    @property
    def kept(self) -> Method:
        """The chosen method, fitted on all rows."""
        return self.trials_[self.chosen_].method

    def combine_stack(self, stack: Stack) -> np.ndarray:
        return self.kept.combine_stack(stack)

    def _make(self, name: str, stack: Stack) -> Method:
        return METHODS.get(name)(metric=self.metric, n_outputs=stack.n_outputs, seed=self.seed)

    def _reason_to_skip(
        self, name: str, stack: Stack, target: np.ndarray, metric: Metric, split: Split
    ) -> str:
        kind = METHODS.get(name)
        if reason := kind.cannot(metric, target):
            return reason
        if self._own.methods is not None:
            return ""
        if stack.n_members == 1 and kind.simplicity > 0:
            return "one member has nothing to blend"
        if name == "nelder_mead" and is_exact(metric):
            return "the exact weights of `convex` cannot be worse"
        if name == "per_class" and stack.n_outputs == 1:
            return "one column: the same as `convex`"
        if name == "rank_mean" and split.ordered and metric.wants == "value":
            return "its values end where the past ones do: a trend goes on beyond them"
        return kind.too_slow(len(stack), stack.n_members, stack.n_outputs)

    def _try(self, name: str, stack: Stack, target: np.ndarray, metric: Metric, split: Split) -> Trial | None:
        """Returns None where the time would not suffice; the first is tried in any case."""
        first, folds = not self.trials_, len(split.numbers)
        if not first and self._seconds(name, stack, target, split) > self.deadline.left / folds:
            return None
        start = Clock.now()
        method = self._make(name, stack).fit_stack(stack, target, split)
        blended = method.combine_stack(stack)
        if not first and folds * (Clock.now() - start) > self.deadline.left:
            return None
        if folds > 1:
            oof = cross_fit(lambda: self._make(name, stack), stack, target, split)
        else:  # a single row: there is nothing to cross-fit
            oof = blended.astype(stack.values_type)
        seconds = Clock.now() - start
        return Trial(method, oof, metric(target, oof), metric(target, blended), seconds)

    def _seconds(self, name: str, stack: Stack, target: np.ndarray, split: Split) -> float:
        """Returns what a fit takes at most, judged by one on a tenth of the rows; 0 where those are few."""
        if np.isinf(self.deadline.left) or len(stack) <= TIMED_ROWS:
            return 0.0
        rows, start = sample(len(stack), len(stack) // 10, self.seed), Clock.now()
        self._make(name, stack).fit_stack(stack.take(rows), target[rows], split.take(rows))
        return 10.0 * (Clock.now() - start)

    def _choose(self, target: np.ndarray, metric: Metric, split: Split) -> dict[str, Candidate]:
        """Sets `chosen_` and `oof_`; returns the lines of the table."""
        names, oofs = list(self.trials_), [trial.oof for trial in self.trials_.values()]
        losses, draws = self._scores(oofs, target, metric, split)
        self.chosen_ = names[_simplest(losses, draws)]
        self.oof_ = dense.copied(oofs[0])
        for out, rest in split:
            if len(rest):
                others = [dense.some(oof, rest) for oof in oofs]
                without = self._scores(others, target[rest], metric, split.take(rest))
                dense.put(self.oof_, out, oofs[_simplest(*without)])
        winner = _winner(losses)
        own, behind = _spread(draws), _spread(draws - draws[:, [winner]])
        return {
            name: Candidate(
                name=name,
                cross_fitted=trial.cross_fitted,
                standard_error=float(own[number]),
                behind=float(losses[number] - losses[winner]),
                behind_error=float(behind[number]),
                in_sample=trial.in_sample,
                seconds=trial.seconds,
            )
            for number, (name, trial) in enumerate(self.trials_.items())
        }

    def _scores(
        self, oofs: list[np.ndarray], target: np.ndarray, metric: Metric, split: Split
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns the losses of every method's predictions, and draws of their scores."""
        losses = np.array([metric.loss(target, oof) for oof in oofs])
        return losses, bootstrap_scores(metric, target, oofs, split, replicates=DRAWS, seed=self.seed)


def _winner(losses: np.ndarray) -> int:
    return int(np.argmin(np.nan_to_num(losses, nan=np.inf)))


def _spread(draws: np.ndarray) -> np.ndarray:
    """Returns standard deviations over the replicates in which every candidate has a score."""
    known = draws[~np.isnan(draws).any(axis=1)]
    return known.std(axis=0) if len(known) else np.zeros(draws.shape[1])


def _simplest(losses: np.ndarray, draws: np.ndarray) -> int:
    """Returns the first position whose loss is within NOISE standard errors of the least."""
    winner = _winner(losses)
    if np.isnan(losses[winner]):
        return 0
    errors = _spread(draws - draws[:, [winner]])
    return int(np.flatnonzero(losses - losses[winner] <= NOISE * errors)[0])

"""Trying every method and keeping the simplest of the good ones."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from pipeline.ensemble.crossfit import cross_fit
from pipeline.ensemble.method import METHODS, Method, is_exact
from pipeline.ensemble.resampling import bootstrap_scores
from pipeline.ensemble.stack import Stack
from pipeline.ensemble.weights import inner_folds
from pipeline.errors import ConfigError
from pipeline.metrics import Metric


@dataclass(frozen=True)
class Candidate:
    """One line of the table of methods.

    Attributes:
        name: the method's.
        cross_fitted: score with weights learned without the scored fold; NaN where not tried.
        standard_error: of `cross_fitted`, by bootstrap over rows.
        behind: how much worse than the best candidate, zero or more.
        behind_error: standard error of `behind`, paired by rows.
        in_sample: score with weights learned on the scored rows themselves.
        seconds: time that all its fits took.
        skipped: why it was not tried, else "".
        method: fitted on all rows.
        oof: cross-fitted predictions, float32 (rows, outputs).
    """

    name: str
    cross_fitted: float = float("nan")
    standard_error: float = float("nan")
    behind: float = float("nan")
    behind_error: float = float("nan")
    in_sample: float = float("nan")
    seconds: float = 0.0
    skipped: str = ""
    method: Method | None = field(default=None, repr=False)
    oof: np.ndarray | None = field(default=None, repr=False)


@METHODS.register("auto")
class Auto(Method):
    """Cross-fits every method and keeps the simplest that is not clearly worse than the best.

    "Clearly": by more than one standard error of the paired difference to the best, over
    bootstrapped rows. Simplicity is each method's own `simplicity`.

    Args:
        methods: names to try; all that suit the task without. Methods that would take minutes
            or repeat another are then skipped, and the table says so.

    Attributes:
        chosen_: name of the method that is kept.
        table_: a `Candidate` per method, in order of simplicity.
        oof_: float32 (rows, outputs): every fold blended by the method that would have been kept
            by the scores of the other folds. Its score does not flatter the choice.
    """

    def __init__(
        self,
        metric: str | Metric = "rmse",
        n_outputs: int = 1,
        seed: int = 0,
        methods: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__(metric, n_outputs, seed)
        self.methods = methods

    def fit_stack(self, stack: Stack, target: np.ndarray, folds: np.ndarray | None = None) -> Auto:
        metric, folds = self._metric(), inner_folds(folds, len(stack), self.seed)
        names = self.methods or [name for name in METHODS if name != "auto"]
        names = sorted(names, key=lambda name: METHODS.get(name).simplicity)
        reasons = {name: self._reason_to_skip(name, stack, target, metric) for name in names}
        tried = [name for name in names if not reasons[name]]
        if not tried:
            raise ConfigError(f"No ensemble method suits: {'; '.join(reasons.values())}.")
        rows = {name: self._try(name, stack, target, metric, folds) for name in tried}
        self._choose(rows, target, metric, folds)
        self.table_ = tuple(rows[name] if name in rows else Candidate(name, skipped=reasons[name]) for name in names)
        kept = rows[self.chosen_].method
        self.weights_, self.gap_ = kept.weights_, kept.gap_
        self.kept_ = kept
        return self

    def combine_stack(self, stack: Stack) -> np.ndarray:
        return self.kept_.combine_stack(stack)

    def _make(self, name: str, stack: Stack) -> Method:
        return METHODS.get(name)(metric=self.metric, n_outputs=stack.n_outputs, seed=self.seed)

    def _reason_to_skip(self, name: str, stack: Stack, target: np.ndarray, metric: Metric) -> str:
        kind = METHODS.get(name)
        if reason := kind.unsuitable(metric, target):
            return reason
        if self.methods is not None:
            return ""
        if stack.n_members == 1 and kind.simplicity > 0:
            return "one member has nothing to blend"
        if name == "nelder_mead" and is_exact(metric):
            return "the exact weights of `convex` cannot be worse"
        if name == "per_class" and stack.n_outputs == 1:
            return "one column: the same as `convex`"
        return kind.too_slow(len(stack), stack.n_members, stack.n_outputs)

    def _try(self, name: str, stack: Stack, target: np.ndarray, metric: Metric, folds: np.ndarray) -> Candidate:
        start = time.perf_counter()
        if len(np.unique(folds)) > 1:
            oof = cross_fit(lambda: self._make(name, stack), stack, target, folds)
        else:  # a single row
            oof = np.asarray(stack.combine(np.full(stack.n_members, 1 / stack.n_members)), np.float32)
        method = self._make(name, stack).fit_stack(stack, target, folds)
        in_sample = metric(target, method.combine_stack(stack))
        seconds = time.perf_counter() - start
        return Candidate(name, metric(target, oof), in_sample=in_sample, seconds=seconds, method=method, oof=oof)

    def _choose(self, rows: dict[str, Candidate], target: np.ndarray, metric: Metric, folds: np.ndarray) -> None:
        """Sets `chosen_` and `oof_`, and fills in the candidates' errors."""
        names, sign = list(rows), -1.0 if metric.greater_is_better else 1.0
        oofs = [rows[name].oof for name in names]
        draws = sign * bootstrap_scores(metric, target, oofs, replicates=200, seed=self.seed)
        losses = np.array([metric.loss(target, oof) for oof in oofs])
        winner = int(np.argmin(np.nan_to_num(losses, nan=np.inf)))
        errors = np.nan_to_num(np.nanstd(draws - draws[:, [winner]], axis=0))
        self.chosen_ = names[_simplest(losses, draws)]
        for number, name in enumerate(names):
            rows[name] = Candidate(
                **{
                    **vars(rows[name]),
                    "standard_error": float(np.nanstd(draws[:, number])),
                    "behind": float(losses[number] - losses[winner]),
                    "behind_error": float(errors[number]),
                }
            )
        self.oof_ = np.empty_like(oofs[0])
        for fold in np.unique(folds):
            rest = folds != fold if len(np.unique(folds)) > 1 else folds == fold
            without = np.array([metric.loss(target[rest], oof[rest]) for oof in oofs])
            self.oof_[folds == fold] = oofs[_simplest(without, draws)][folds == fold]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {**super().get_params(deep), "methods": self.methods}


def _simplest(losses: np.ndarray, draws: np.ndarray) -> int:
    """Returns the first position whose loss is within a standard error of the least."""
    losses = np.nan_to_num(losses, nan=np.inf)
    winner = int(np.argmin(losses))
    if not np.isfinite(losses[winner]):
        return 0
    errors = np.nan_to_num(np.nanstd(draws - draws[:, [winner]], axis=0))
    return int(np.flatnonzero(losses - losses[winner] <= errors)[0])

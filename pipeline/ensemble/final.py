"""The last mile: the blend and its last touch, judged as what is handed in."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from pipeline.config.schema import EnsembleConfig
from pipeline.ensemble.analysis import Gain, error_correlation, gain, intervals
from pipeline.ensemble.blend import Blend, as_target, blend, fold_scores
from pipeline.ensemble.choose import complement
from pipeline.ensemble.fitted import FittedEnsemble, HandedIn
from pipeline.ensemble.lesson import lesson_for
from pipeline.ensemble.method import is_exact
from pipeline.ensemble.split import Split
from pipeline.ensemble.stack import Stack
from pipeline.ensemble.touch import Lesson, Touched, touch_up
from pipeline.metrics import Metric
from pipeline.validation.predictions import Predictions


@dataclass(frozen=True)
class Ensemble:
    """What is submitted.

    Attributes:
        fitted: makes `test` of the members' test predictions, and does the same with new rows.
        oof: cross-fitted, finished where that helps, float32 (rows, outputs); NaN where no fold
            scored the row.
        test: of the test rows.
        second: what to submit beside it, or None.
        error_correlation: (members, members) of the members' errors, or None.
        facts: what a person wants to know, as JSON. All scores in it but the candidates' are of
            answers after their last touch: the ensemble's, every member's, and what is compared.
    """

    fitted: FittedEnsemble
    oof: np.ndarray
    test: HandedIn
    second: HandedIn | None
    error_correlation: np.ndarray | None
    facts: dict[str, Any]


@dataclass(frozen=True)
class _Bench:
    """The blend, and the one way in which it and whatever it is compared with are judged.

    A member's score, like the ensemble's, is that of its answers after a last touch of its own,
    cross-fitted: what it would be worth if it were handed in alone.
    """

    members: list[Predictions]
    whole_target: np.ndarray
    metric: Metric
    whole_split: Split
    lesson: Lesson
    seed: int
    blended: Blend

    @cached_property
    def target(self) -> np.ndarray:
        return as_target(self.whole_target[self.blended.rows], self.members[0])

    @property
    def split(self) -> Split:
        return self.blended.split

    def touched(self, oof: np.ndarray) -> Touched:
        """Judges out-of-fold predictions of all rows on the scored ones."""
        prediction = oof[self.blended.rows]
        return touch_up(self.lesson, prediction, self.target, self.metric, self.split, self.seed)

    def said(self, handed: HandedIn) -> np.ndarray:
        """Returns what the metric is asked about: labels, also where no decision chose them, or values."""
        return self.lesson.plain.answer(handed.values) if handed.labels is None else handed.labels

    @cached_property
    def ensemble(self) -> Touched:
        return self.touched(self.blended.oof)

    @cached_property
    def of_members(self) -> dict[str, Touched]:
        return {member.name: self.touched(member.oof) for member in self.members}

    def without(self, out: Predictions) -> float:
        """Returns the score of the same method without a member, on the same rows."""
        folds = np.full(len(self.whole_split), -1)
        folds[self.blended.rows] = self.whole_split.folds[self.blended.rows]
        split = replace(self.whole_split, folds=folds)
        some = [member for member in self.members if member is not out]
        method = self.blended.fitted.config or self.blended.chosen
        return self.touched(blend(some, self.whole_target, self.metric, split, method, self.seed).oof).score


def make_ensemble(
    members: list[Predictions],
    target: np.ndarray,
    metric: Metric,
    split: Split,
    config: EnsembleConfig,
    seed: int,
) -> Ensemble:
    """Blends the members, and finishes the blend or chooses decisions where that clearly helps.

    Args:
        members: predictions of the same rows, made with the same folds.
        target: as a Dataset keeps it.
        metric: of the competition.
        split: of the same rows.
        config: the method, and which of the last touches are allowed.
        seed: every random choice follows from it.
    """
    blended = blend(members, target, metric, split, method=config.method, seed=seed)
    bench = _Bench(members, target, metric, split, lesson_for(metric, target, config, seed), seed, blended)
    fitted = FittedEnsemble(blended.names, blended.chosen, blended.fitted, bench.ensemble.touch)
    test = fitted.apply({member.name: member.test for member in members})
    facts = _facts(bench, fitted)
    correlation = second = None
    if len(members) > 1:
        correlation = _compared(bench, facts)
        second = _second(bench, test, facts)
    oof = blended.oof
    if metric.wants != "label":
        oof = oof.copy()
        oof[blended.rows] = bench.ensemble.answer
    return Ensemble(fitted, oof, test, second, correlation, facts)


def _facts(bench: _Bench, fitted: FittedEnsemble) -> dict[str, Any]:
    blended, metric, split = bench.blended, bench.metric, bench.split
    seen = {member.name: member.oof[blended.rows] for member in bench.members}
    score = metric(bench.target, bench.said(fitted.apply(seen)))
    lines = [f"in-sample score (optimistic): {score:.5f}"]
    if blended.gap is not None and is_exact(metric):
        lines.append(f"the weights are exact: optimality gap {blended.gap:.1e}")
    lines += [f"dropped {name}: {reason}" for name, reason in blended.dropped.items()]

    def by_fold(touched: Touched) -> list[float]:
        return list(fold_scores(metric, bench.target, touched.answer, split))

    return {
        "metric": metric.name,
        "greater_is_better": metric.greater_is_better,
        "method": blended.chosen,
        "weights": blended.weights or {},
        "cross_fitted_score": bench.ensemble.score,
        "cross_fitted_fold_scores": by_fold(bench.ensemble),
        "in_sample_score": score,
        "member_scores": {name: touched.score for name, touched in bench.of_members.items()},
        "member_fold_scores": {name: by_fold(touched) for name, touched in bench.of_members.items()},
        "dropped": blended.dropped,
        "gap": blended.gap,
        "intervals": {},
        "candidates": [asdict(candidate) for candidate in blended.table],
        "lines": [*lines, *_touch_lines(bench), *blended.notes],
    }


def _touch_lines(bench: _Bench) -> list[str]:
    """Says what the last touch is, and what the whole procedure gains by it."""
    touched, metric = bench.ensemble, bench.metric
    name = "decisions" if metric.wants == "label" else "finish"
    worth = f"{metric.name} {touched.plain_score:.5f} -> {touched.score:.5f}, cross-fitted with the choice"
    if touched.used:
        return [f"{name}: {touched.touch.describe()}: {worth}"]
    some, all_ = touched.parts
    return [f"{name}: not used; {some} of {all_} parts of the rows would have: {worth}"] if some else []


def _compared(bench: _Bench, facts: dict[str, Any]) -> np.ndarray:
    """Adds to the facts what the blend gains and what each member adds; returns the error correlation."""
    blended, metric, target = bench.blended, bench.metric, bench.target
    answers = {name: touched.answer for name, touched in bench.of_members.items()}
    sign = 1.0 if metric.greater_is_better else -1.0
    best = max(bench.of_members, key=lambda name: sign * bench.of_members[name].score)
    oofs = Stack(tuple(member.oof for member in bench.members))
    mean = bench.touched(oofs.mean())
    chosen = blended.alternatives.get(blended.chosen)
    score = (bench.touched(chosen[0]) if chosen else bench.ensemble).score
    adds = {member.name: sign * (score - bench.without(member)) for member in bench.members}

    def over(other: np.ndarray) -> str:
        return _interval(gain(metric, target, bench.ensemble.answer, other, bench.split, bench.seed))

    facts["lines"] += [
        f"gain over {best} (the best model): {over(answers[best])}",
        f"gain over the plain mean: {over(mean.answer)}",
        "what each member adds: " + ", ".join(f"{name} {added:+.5f}" for name, added in adds.items()),
    ]
    answers |= {"ensemble": bench.ensemble.answer}
    facts["adds"] = adds
    facts["intervals"] = intervals(metric, target, answers, bench.split, bench.seed)
    facts["correlated"] = [member.name for member in bench.members]
    return error_correlation(Stack(oofs.members, blended.rows), target)


def _second(bench: _Bench, first: HandedIn, facts: dict[str, Any]) -> HandedIn | None:
    """Returns what to submit beside the ensemble where the better of two files counts.

    The candidates are the members and what other methods make of them, each after its own last
    touch; those that say the same of the test rows as the ensemble are none.
    """
    alternatives = dict(bench.blended.alternatives)
    alternatives.pop(bench.blended.chosen, None)
    touched = bench.of_members | {name: bench.touched(oof) for name, (oof, _) in alternatives.items()}
    tests = {member.name: member.test for member in bench.members}
    tests |= {name: test for name, (_, test) in alternatives.items()}
    handed = {name: _handed_in(touched[name], test) for name, test in tests.items()}
    submitted = bench.said(first)
    others = {
        name: touched[name].answer
        for name in tests
        if not np.array_equal(bench.said(handed[name]), submitted)
    }
    found = complement(bench.ensemble.answer, others, bench.target, bench.metric, bench.split, bench.seed)
    if found is None:
        return None
    facts["second"] = found.name
    facts["lines"].append(
        f"two to submit: the ensemble, and {found.name} (second_submission.csv), which beats it in "
        f"{found.wins:.0%} of resampled contests; the better of the two gains {found.gain:+.5f} over the "
        "ensemble alone"
    )
    return handed[found.name]


def _handed_in(touched: Touched, test: np.ndarray) -> HandedIn:
    return HandedIn(touched.touch.values(test), touched.touch.labels(test))


def _interval(gain: Gain) -> str:
    return f"{gain.value:+.5f} (95 %: {gain.low:+.5f} to {gain.high:+.5f})"

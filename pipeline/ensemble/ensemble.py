"""Ensemble: the blend and its post-processing, judged as what is handed in."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from pipeline.clock import Clock, Deadline
from pipeline.config.schema import EnsembleConfig
from pipeline.data import dense
from pipeline.ensemble.analysis import Gain, error_correlation, gain, intervals
from pipeline.ensemble.blend import Blend, as_target, blend, fold_scores
from pipeline.ensemble.choose import complement
from pipeline.ensemble.fitted import FittedEnsemble, HandedIn
from pipeline.ensemble.method import is_exact
from pipeline.ensemble.pixel_sample import losses_by_picture, pixel_sample
from pipeline.ensemble.postprocessing import Postprocessed, PostprocessorLearner, postprocess
from pipeline.ensemble.postprocessing_choice import postprocessing_for
from pipeline.ensemble.split import Split
from pipeline.ensemble.stack import Stack
from pipeline.metrics import Metric
from pipeline.validation.predictions import Predictions

LATE = ": `ensemble.max_seconds` are over"
BLENDING = 0.5  # of `max_seconds`, for the methods that are tried; the rest is for what is told of the blend


@dataclass(frozen=True)
class Ensemble:
    """A blend with its weights, cross-fitted scores and post-processing: what is submitted.

    Attributes:
        fitted: makes `test` of the members' test predictions, and does the same with new rows.
        oof: cross-fitted, finished where that helps, float32 (rows, outputs); NaN where no fold
            scored the row.
        test: of the test rows.
        second: what to submit beside it, or None.
        error_correlation: (members, members) of the members' errors, or None.
        facts: what a person wants to know, as JSON. All scores in it but the candidates' are of
            answers after post-processing: the ensemble's, every member's, and what is compared.
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

    A member's score, like the ensemble's, is that of its answers after post-processing of its own,
    cross-fitted: what it would be worth if it were handed in alone; without it where no time is left for
    that.
    """

    members: list[Predictions]
    whole_target: np.ndarray
    metric: Metric
    whole_split: Split
    learner: PostprocessorLearner
    seed: int
    blended: Blend
    deadline: Deadline

    @cached_property
    def target(self) -> np.ndarray:
        return as_target(self.whole_target[self.blended.rows], self.members[0])

    @property
    def split(self) -> Split:
        return self.blended.split

    def judged(self, oof: np.ndarray, learner: PostprocessorLearner | None = None) -> Postprocessed:
        """Judges out-of-fold predictions of all rows on the scored ones."""
        prediction, learner = dense.some(oof, self.blended.rows), learner or self.learner
        return postprocess(learner, prediction, self.target, self.metric, self.split, self.seed)

    def said(self, handed: HandedIn) -> np.ndarray:
        """Returns what the metric is asked about: labels, also where no decision chose them, or values."""
        return self.learner.plain.said(handed.values, handed.labels)

    @cached_property
    def ensemble(self) -> Postprocessed:
        return self._timed[0]

    @cached_property
    def _timed(self) -> tuple[Postprocessed, float]:
        """The ensemble as it is handed in, and the seconds that it took to judge it."""
        start = Clock.now()
        return self.judged(self.blended.oof), Clock.now() - start

    def can(self, judged: int, blended: int = 0) -> bool:
        """Returns whether the time suffices to judge so many answers and to blend so often."""
        return judged * self._timed[1] + blended * self.blended.seconds <= self.deadline.left

    @cached_property
    def member_learner(self) -> PostprocessorLearner:
        if self.can(judged=len(self.members)):
            return self.learner
        return PostprocessorLearner(self.learner.plain)

    @cached_property
    def of_members(self) -> dict[str, Postprocessed]:
        return {member.name: self.judged(member.oof, self.member_learner) for member in self.members}

    def without(self, out: Predictions) -> float:
        """Returns the score of the same method without a member, on the same rows."""
        folds = np.full(len(self.whole_split), -1)
        folds[self.blended.rows] = self.whole_split.folds[self.blended.rows]
        split = replace(self.whole_split, folds=folds)
        some = [member for member in self.members if member is not out]
        method = self.blended.fitted.config or self.blended.chosen
        return self.judged(blend(some, self.whole_target, self.metric, split, method, self.seed).oof).score


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
        config: the method, and which of the kinds of post-processing are allowed.
        seed: every random choice follows from it.
    """
    deadline = Deadline(config.max_seconds)
    blended = blend(members, target, metric, split, config.method, seed, deadline.part(BLENDING))
    learner = postprocessing_for(metric, target, config, seed)
    bench = _Bench(members, target, metric, split, learner, seed, blended, deadline)
    fitted = FittedEnsemble(blended.names, blended.chosen, blended.fitted, bench.ensemble.postprocessor)
    test = fitted.apply({member.name: member.test for member in members})
    facts = _facts(bench, fitted)
    correlation = second = None
    if len(members) > 1:
        correlation = _compared(bench, facts)
        second = _second(bench, test, facts)
    oof = blended.oof
    if metric.wants in ("probability", "value"):
        oof = oof.copy()
        oof[blended.rows] = bench.ensemble.answer
    return Ensemble(fitted, oof, test, second, correlation, facts)


def _facts(bench: _Bench, fitted: FittedEnsemble) -> dict[str, Any]:
    blended, metric, split = bench.blended, bench.metric, bench.split
    seen = {member.name: dense.some(member.oof, blended.rows) for member in bench.members}
    score = metric(bench.target, bench.said(fitted.apply(seen)))
    lines = [f"in-sample score (optimistic): {score:.5f}"]
    if blended.gap is not None and is_exact(metric):
        lines.append(f"the weights are exact: optimality gap {blended.gap:.1e}")
    lines += [f"dropped {name}: {reason}" for name, reason in blended.dropped.items()]
    if bench.member_learner is not bench.learner:
        lines.append(f"members are scored without post-processing{LATE}")

    answers = {name: judged.answer for name, judged in bench.of_members.items()}
    answers["ensemble"] = bench.ensemble.answer

    def by_fold(judged: Postprocessed) -> list[float]:
        return list(fold_scores(metric, bench.target, judged.answer, split))

    return {
        "metric": metric.name,
        "greater_is_better": metric.greater_is_better,
        "method": blended.chosen,
        "weights": blended.weights or {},
        "cross_fitted_score": bench.ensemble.score,
        "cross_fitted_fold_scores": by_fold(bench.ensemble),
        "in_sample_score": score,
        "member_scores": {name: judged.score for name, judged in bench.of_members.items()},
        "member_fold_scores": {name: by_fold(judged) for name, judged in bench.of_members.items()},
        "dropped": blended.dropped,
        "gap": blended.gap,
        "intervals": intervals(metric, bench.target, answers, split, bench.seed),
        "candidates": [asdict(candidate) for candidate in blended.table],
        "lines": [*lines, *_postprocessing_lines(bench), *blended.notes],
    }


def _postprocessing_lines(bench: _Bench) -> list[str]:
    """Says what post-processing is, and what the whole procedure gains by it."""
    judged, metric = bench.ensemble, bench.metric
    name = "decisions" if metric.wants == "label" or metric.by_task else "calibration"
    worth = f"{metric.name} {judged.plain_score:.5f} -> {judged.score:.5f}, cross-fitted with the choice"
    if judged.used:
        return [f"{name}: {judged.postprocessor.describe()}: {worth}"]
    some, all_ = judged.parts
    return [f"{name}: not used; {some} of {all_} parts of the rows would have: {worth}"] if some else []


def _compared(bench: _Bench, facts: dict[str, Any]) -> np.ndarray:
    """Adds to the facts what the blend gains and what each member adds; returns the error correlation."""
    blended, metric, target = bench.blended, bench.metric, bench.target
    answers = {name: judged.answer for name, judged in bench.of_members.items()}
    sign = 1.0 if metric.greater_is_better else -1.0
    best = max(bench.of_members, key=lambda name: sign * bench.of_members[name].score)
    oofs = Stack(tuple(member.oof for member in bench.members))
    mean = bench.judged(oofs.mean())

    def over(other: np.ndarray) -> str:
        return _interval(gain(metric, target, bench.ensemble.answer, other, bench.split, bench.seed))

    facts["lines"] += [
        f"gain over {best} (the best model): {over(answers[best])}",
        f"gain over the plain mean: {over(mean.answer)}",
    ]
    if bench.can(judged=len(bench.members) + 1, blended=len(bench.members)):
        adds = facts["adds"] = _added(bench, sign)
        said = ", ".join(f"{name} {added:+.5f}" for name, added in adds.items())
        facts["lines"].append(f"what each member adds: {said}")
    else:
        facts["lines"].append(f"what each member adds is not measured{LATE}")
    facts["correlated"] = [member.name for member in bench.members]
    scored = Stack(oofs.members, blended.rows)
    if metric.wants == "boxes":
        scored, target = losses_by_picture(scored, target, metric)
    elif metric.task is not None:
        scored, target = pixel_sample(scored, target, metric.task, bench.seed)
    return error_correlation(scored, target)


def _added(bench: _Bench, sign: float) -> dict[str, float]:
    """Returns by member what the chosen method loses without it."""
    chosen = bench.blended.alternatives.get(bench.blended.chosen)
    score = (bench.judged(chosen[0]) if chosen else bench.ensemble).score
    return {member.name: sign * (score - bench.without(member)) for member in bench.members}


def _second(bench: _Bench, first: HandedIn, facts: dict[str, Any]) -> HandedIn | None:
    """Returns what to submit beside the ensemble where the better of two files counts.

    The candidates are the members and what other methods make of them, each after its own last
    postprocessor; those that say the same of the test rows as the ensemble are none.
    """
    alternatives = dict(bench.blended.alternatives)
    alternatives.pop(bench.blended.chosen, None)
    if not bench.can(judged=len(alternatives)):
        facts["lines"].append(f"no second submission is looked for{LATE}")
        return None
    judged = bench.of_members | {name: bench.judged(oof) for name, (oof, _) in alternatives.items()}
    tests = {member.name: member.test for member in bench.members}
    tests |= {name: test for name, (_, test) in alternatives.items()}
    handed = {name: _handed_in(judged[name], test) for name, test in tests.items()}
    submitted = bench.said(first)
    others = {
        name: judged[name].answer for name in tests if not np.array_equal(bench.said(handed[name]), submitted)
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


def _handed_in(judged: Postprocessed, test: np.ndarray) -> HandedIn:
    return HandedIn(judged.postprocessor.values(test), judged.postprocessor.labels(test))


def _interval(gain: Gain) -> str:
    return f"{gain.value:+.5f} (95 %: {gain.low:+.5f} to {gain.high:+.5f})"

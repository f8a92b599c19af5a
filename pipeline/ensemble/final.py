"""The last mile: the blend, its finish and its decisions, as one thing to save and to submit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.config.schema import EnsembleConfig
from pipeline.ensemble.analysis import Gain, analyse
from pipeline.ensemble.blend import Blend, blend
from pipeline.ensemble.choose import choose_two
from pipeline.ensemble.decision import decide
from pipeline.ensemble.finish import finish
from pipeline.ensemble.method import is_exact
from pipeline.metrics import Metric
from pipeline.predictions import Predictions


@dataclass(frozen=True)
class Ensemble:
    """What is submitted.

    Attributes:
        oof: cross-fitted, float32 (rows, outputs); NaN where no fold scored the row.
        test: float32 (test rows, outputs).
        test_labels: labels that decision thresholds chose, int64 (test rows,) or (test rows,
            labels), or None.
        second_test: float32 (test rows, outputs), what to submit beside it, or None.
        error_correlation: (members, members) of the members' errors, or None.
        facts: what a person wants to know, as JSON.
    """

    oof: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray | None
    second_test: np.ndarray | None
    error_correlation: np.ndarray | None
    facts: dict[str, Any]


@dataclass(frozen=True)
class _Known:
    """What every part of the last mile looks at."""

    members: list[Predictions]
    target: np.ndarray
    metric: Metric
    folds: np.ndarray
    seed: int


def make_ensemble(
    members: list[Predictions],
    target: np.ndarray,
    metric: Metric,
    folds: np.ndarray,
    config: EnsembleConfig,
    seed: int,
) -> Ensemble:
    """Blends the members, and finishes the blend or chooses thresholds where that helps out-of-fold.

    Args:
        members: predictions of the same rows, made with the same folds.
        target: as a Dataset keeps it.
        metric: of the competition.
        folds: int (rows,), the fold that scored the row, -1 where none did.
        config: the method, and which of the last touches are allowed.
        seed: every random choice follows from it.
    """
    blended = blend(members, target, metric, folds, method=config.method, seed=seed)
    known, facts = _Known(members, target, metric, folds, seed), _facts(blended, metric)
    correlation = _analysed(blended, known, facts)
    oof, test, labels = blended.oof, blended.test, None
    if config.finish and metric.name == "log_loss":
        touch = finish(oof, target, folds, seed)
        if touch.used:
            oof, test = touch.oof, touch.apply(test)
            facts["cross_fitted_score"] = touch.cross_fitted_score
            facts["cross_fitted_fold_scores"] = _fold_scores(oof, target, metric, folds)
            facts["lines"].append(
                f"finish: power {touch.touch.power:.3f}, floor {touch.touch.floor:g}, class prior "
                f"{touch.touch.strength:.2f}: log loss {touch.plain_score:.5f} -> "
                f"{touch.cross_fitted_score:.5f}"
            )
    if config.thresholds and metric.wants == "label":
        rule = decide(oof, target, metric, folds, seed)
        if rule.used:
            labels = rule.labels(test)
            facts["cross_fitted_score"] = rule.cross_fitted_score
            facts["cross_fitted_fold_scores"] = []  # the rule is judged on all rows together
            facts["lines"].append(
                f"decisions by {rule.kind.replace('_', ' ')}: {metric.name} {rule.plain_score:.5f} -> "
                f"{rule.cross_fitted_score:.5f}"
            )
    second = _second(blended, oof, known, facts)
    return Ensemble(oof, test, labels, second, correlation, facts)


def _facts(blended: Blend, metric: Metric) -> dict[str, Any]:
    lines = [f"in-sample score (optimistic): {blended.in_sample_score:.5f}"]
    if blended.gap is not None and is_exact(metric):
        lines.append(f"the weights are exact: optimality gap {blended.gap:.1e}")
    lines += [f"dropped {name}: {reason}" for name, reason in blended.dropped.items()]
    return {
        "metric": metric.name,
        "greater_is_better": metric.greater_is_better,
        "method": blended.chosen,
        "weights": blended.weights or {},
        "cross_fitted_score": blended.cross_fitted_score,
        "cross_fitted_fold_scores": list(blended.cross_fitted_fold_scores),
        "in_sample_score": blended.in_sample_score,
        "dropped": blended.dropped,
        "gap": blended.gap,
        "intervals": {},
        "candidates": [asdict(candidate) for candidate in blended.table],
        "lines": [*lines, *blended.notes],
    }


def _analysed(blended: Blend, known: _Known, facts: dict[str, Any]) -> np.ndarray | None:
    """Adds to the facts what the blend gains and what each member adds; returns the error correlation."""
    if len(known.members) < 2:
        return None
    analysis = analyse(blended, known.members, known.target, known.metric, known.folds, known.seed)
    adds = ", ".join(f"{name} {gain:+.5f}" for name, gain in analysis.leave_one_out.items())
    facts["lines"] += [
        f"gain over {analysis.best_member} (the best model): {_interval(analysis.against_best)}",
        f"gain over the plain mean: {_interval(analysis.against_mean)}",
        f"what each member adds: {adds}",
    ]
    facts["intervals"] = analysis.member_intervals
    facts["correlated"] = list(analysis.names)
    return analysis.error_correlation


def _second(blended: Blend, oof: np.ndarray, known: _Known, facts: dict[str, Any]) -> np.ndarray | None:
    """Returns what to submit as the second of two files: the likeliest to win if the blend does not."""
    if len(known.members) < 2:
        return None
    others = {m.name: (m.oof, m.test) for m in known.members} | blended.alternatives
    others.pop(blended.chosen, None)  # the ensemble itself, before its last touch
    candidates = {"the ensemble": oof} | {name: sides[0] for name, sides in others.items()}
    pair = choose_two(candidates, known.target, known.metric, known.folds, known.seed)
    chosen = next((name for name in (pair.second, pair.first) if name in others), None)
    if chosen is None:
        return None
    facts["second"] = chosen
    facts["lines"].append(
        f"two to submit: the ensemble, and {chosen} (second_submission.csv); {pair.first} is best in "
        f"{pair.first_wins:.0%} of resampled contests, {pair.second or chosen} in "
        f"{pair.second_wins_if_first_fails:.0%} of the others"
    )
    return others[chosen][1]


def _interval(gain: Gain) -> str:
    return f"{gain.value:+.5f} (95 %: {gain.low:+.5f} to {gain.high:+.5f})"


def _fold_scores(oof: np.ndarray, target: np.ndarray, metric: Metric, folds: np.ndarray) -> list[float]:
    scored = ~np.isnan(oof).any(axis=1)
    numbers = np.unique(folds[scored & (folds >= 0)])
    return [metric(target[scored & (folds == k)], oof[scored & (folds == k)]) for k in numbers]

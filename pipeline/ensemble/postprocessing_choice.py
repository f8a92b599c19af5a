"""Choice of the post-processing that suits a metric; its reading from disk."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.config.schema import EnsembleConfig
from pipeline.ensemble.box_rules import BoxDecision, fit_box_rule, plain_boxes
from pipeline.ensemble.calibration import Calibration, fit_calibration
from pipeline.ensemble.decision import Decision, fit_decision
from pipeline.ensemble.mask_rules import MaskDecision, fit_rules
from pipeline.ensemble.postprocessing import AsTheyAre, PlainLabels, Postprocessor, PostprocessorLearner
from pipeline.ensemble.span_rules import SpanDecision, fit_longest
from pipeline.metrics import Metric


def postprocessing_for(
    metric: Metric, target: np.ndarray, config: EnsembleConfig, seed: int
) -> PostprocessorLearner:
    """Returns what can be learned for the metric, as far as the configuration allows it."""
    if metric.wants == "label":
        plain = PlainLabels(classes=target.ndim == 1)
        return (
            PostprocessorLearner(plain, lambda p, t: fit_decision(p, t, metric, seed))
            if config.thresholds
            else PostprocessorLearner(plain)
        )
    if metric.wants == "span":
        spans = SpanDecision(metric.task)
        learn = (lambda p, t: fit_longest(p, t, metric, spans, seed)) if config.thresholds else None
        return PostprocessorLearner(spans, learn)
    if metric.wants == "boxes":
        boxes = plain_boxes(metric)
        if not config.thresholds:
            return PostprocessorLearner(boxes)
        return PostprocessorLearner(boxes, lambda p, t: fit_box_rule(p, t, metric, boxes, seed))
    if metric.wants == "picture" and not metric.task.probabilities:
        return PostprocessorLearner(AsTheyAre())
    if metric.wants == "picture":
        rules = MaskDecision.plain(metric.task)
        if not config.thresholds:
            return PostprocessorLearner(rules)
        return PostprocessorLearner(rules, lambda p, t: fit_rules(p, t, metric, rules, seed))
    if metric.kind == "log_loss" and config.calibration:
        return PostprocessorLearner(Postprocessor(), lambda p, t: fit_calibration(p, t, seed))
    return PostprocessorLearner(Postprocessor())


def read_postprocessor(facts: dict[str, Any]) -> Postprocessor:
    """Returns the postprocessor that `Postprocessor.to_json` described."""
    settings = {key: value for key, value in facts.items() if key != "kind"}
    if facts["kind"] == "none":
        return Postprocessor()
    if facts["kind"] == "pictures":
        return AsTheyAre()
    if facts["kind"] == "labels":
        return PlainLabels(**settings)
    if facts["kind"] == "mask":
        return MaskDecision.from_json(settings)
    if facts["kind"] == "span":
        return SpanDecision.from_json(settings)
    if facts["kind"] == "boxes":
        return BoxDecision.from_json(settings)
    if facts["kind"] == "calibration":
        return Calibration(**settings | {"log_ratio": np.array(settings["log_ratio"], np.float64)})
    return Decision(facts["kind"], np.array(settings["rule"], np.float64))

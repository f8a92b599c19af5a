"""Which last touch suits a metric, and how it is read from disk."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.config.schema import EnsembleConfig
from pipeline.ensemble.decision import Decision, fit_decision
from pipeline.ensemble.finish import Finish, fit_finish
from pipeline.ensemble.touch import Lesson, PlainLabels, Touch
from pipeline.metrics import Metric


def lesson_for(metric: Metric, target: np.ndarray, config: EnsembleConfig, seed: int) -> Lesson:
    """Returns what can be learned for the metric, as far as the configuration allows it."""
    if metric.wants == "label":
        plain = PlainLabels(classes=target.ndim == 1)
        return (
            Lesson(plain, lambda p, t: fit_decision(p, t, metric, seed))
            if config.thresholds
            else Lesson(plain)
        )
    if metric.name == "log_loss" and config.finish:
        return Lesson(Touch(), lambda p, t: fit_finish(p, t, seed))
    return Lesson(Touch())


def read_touch(facts: dict[str, Any]) -> Touch:
    """Returns the touch that `Touch.to_json` described."""
    settings = {key: value for key, value in facts.items() if key != "kind"}
    if facts["kind"] == "none":
        return Touch()
    if facts["kind"] == "labels":
        return PlainLabels(**settings)
    if facts["kind"] == "finish":
        return Finish(**settings | {"log_ratio": np.array(settings["log_ratio"], np.float64)})
    return Decision(facts["kind"], np.array(settings["rule"], np.float64))

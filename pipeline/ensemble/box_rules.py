"""Decisions for boxes: from which confidence on one is handed in, and how much those behind others fade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pipeline.ensemble.picture_order import picture_order
from pipeline.ensemble.postprocessing import Postprocessor
from pipeline.metrics import Metric
from pipeline.tasks.box_array import BOX, UNSURE, Handed, faded, handed, in_row, there
from pipeline.tasks.box_truth import named

THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7)
SIGMAS = (0.0, 0.1, 0.3, 0.5)  # of the fading; 0: none
ROWS = 600  # pictures that a rule is chosen by, at most


class BoxRule(NamedTuple):
    """Rule by which the boxes that were found become those that are handed in.

    Attributes:
        threshold: confidence that one must have, after the fading.
        sigma: of soft non-maximum suppression (see `faded`); 0: none.
    """

    threshold: float = 0.0
    sigma: float = 0.0

    def of_row(self, row: np.ndarray) -> np.ndarray:
        """Returns `BOX` (most,) of a row (most,)."""
        return in_row(self.cut(faded(there(row), self.sigma)), len(row))

    def cut(self, boxes: np.ndarray) -> np.ndarray:
        """Returns those of faded boxes (n,) that are sure enough."""
        return boxes[boxes["confidence"] >= self.threshold]


@dataclass(frozen=True)
class BoxDecision(Postprocessor):
    """One rule for all rows.

    Attributes:
        rule: what is handed in.
    """

    rule: BoxRule

    def values(self, prediction: np.ndarray) -> np.ndarray:
        """Returns `BOX` (rows, most): the boxes that are handed in."""
        found = np.zeros(prediction.shape, BOX)
        for place, row in enumerate(prediction):
            found[place] = self.rule.of_row(row)
        return found

    def answer(self, prediction: np.ndarray) -> np.ndarray:
        """Returns object (rows,) of `Handed`."""
        return handed(self.values(prediction))

    def said(self, values: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        return handed(values)

    def to_json(self) -> dict[str, Any]:
        return {"kind": "boxes", "rule": list(self.rule)}

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> BoxDecision:
        return cls(BoxRule(*facts["rule"]))

    def describe(self) -> str:
        rule = self.rule
        fading = f"those behind others fade with sigma {rule.sigma:g}" if rule.sigma else "none fades"
        return f"confidence from {rule.threshold:g}, {fading}"


def plain_boxes(metric: Metric) -> BoxDecision:
    """Returns the decision where nobody has chosen one: all boxes where the metric ranks them."""
    return BoxDecision(BoxRule(0.0 if metric.ranked else UNSURE))


def fit_box_rule(
    prediction: np.ndarray, target: np.ndarray, metric: Metric, plain: BoxDecision, seed: int = 0
) -> BoxDecision:
    """Returns the rule of best score on these rows; of equal scores the first found stays, the plainest.

    Args:
        prediction: `BOX` (rows, most).
        target: of the same rows.
        metric: of boxes, bound to the task.
        plain: where the search begins.
        seed: which rows are looked at, where they are many.
    """
    known = metric.task.known
    rows = np.sort(picture_order(target, len(known), seed)[:ROWS])
    some, truth = prediction[rows], target[rows]
    best, least = plain.rule, metric.loss(truth, plain.answer(some))
    for sigma in SIGMAS:
        boxes = [
            known.remembered(("faded", sigma, named(row)), lambda r=row, s=sigma: faded(there(r), s))  # type: ignore[misc]
            for row in some
        ]
        for threshold in (plain.rule.threshold,) if metric.ranked else THRESHOLDS:
            rule, answers = BoxRule(threshold, sigma), np.empty(len(boxes), object)
            for place, one in enumerate(boxes):
                answers[place] = Handed(rule.cut(one))
            if (loss := metric.loss(truth, answers)) < least:
                best, least = rule, loss
    return BoxDecision(best)

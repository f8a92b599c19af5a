"""Decisions for spans: how many words an answer has at most, by the score of the contest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.ensemble.postprocessing import Postprocessor
from pipeline.metrics import Metric
from pipeline.tasks.span import Span

LONGEST = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256)
ROWS = 4000  # texts that a rule is chosen by, at most


@dataclass(frozen=True)
class SpanDecision(Postprocessor):
    """The likeliest span of each row.

    Attributes:
        task: whose predictions these are.
        longest: words of a span, at most; 0: any number.
    """

    task: Span
    longest: int = 0

    def values(self, prediction: np.ndarray) -> np.ndarray:
        """Returns the probabilities as they are, float16 (rows, outputs)."""
        return prediction

    def labels(self, prediction: np.ndarray) -> np.ndarray:
        """Returns int64 (rows, 2): the first and the last word of each answer."""
        return self.task.decided(prediction, self.longest)

    def to_json(self) -> dict[str, Any]:
        return {"kind": "span", "longest": self.longest, "width": self.task.width}

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> SpanDecision:
        return cls(Span(("start", "end"), facts["width"]), facts["longest"])

    def describe(self) -> str:
        return f"at most {self.longest} words" if self.longest else "any number of words"


def fit_longest(
    prediction: np.ndarray, target: np.ndarray, metric: Metric, plain: SpanDecision, seed: int = 0
) -> SpanDecision:
    """Returns the decision with the greatest length of best score on these rows; of equal ones the plain.

    Args:
        prediction: (rows, outputs).
        target: of the same rows.
        metric: of spans, bound to the task.
        plain: the decision that knows nothing.
        seed: of the rows that are looked at, where they are too many.
    """
    rows = np.sort(np.random.default_rng(seed).permutation(len(target))[:ROWS])
    some, truth = prediction[rows], target[rows]
    best, least = plain, metric.loss(truth, plain.labels(some))
    for longest in LONGEST:
        if longest < plain.task.width:
            one = SpanDecision(plain.task, longest)
            if (loss := metric.loss(truth, one.labels(some))) < least:
                best, least = one, loss
    return best

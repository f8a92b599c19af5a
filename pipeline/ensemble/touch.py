"""The last touch: what is done to a blend before it is handed in, and what that is worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.ensemble.resampling import bootstrap_scores
from pipeline.ensemble.split import Split
from pipeline.ensemble.threads import single_threaded
from pipeline.metrics import Metric

PARTS = 5  # more folds than this are joined: fits grow with the square of their number
DRAWS = 200  # of the bootstrap: a standard error within five percent
BAR = 2.0  # standard errors by which a touch must be better before it is used


class Touch:
    """Turns a blend into what is handed in; this one leaves it as it is."""

    def values(self, prediction: np.ndarray) -> np.ndarray:
        """Returns float32 (rows, outputs) for (rows, outputs)."""
        return prediction.astype(np.float32, copy=False)

    def labels(self, prediction: np.ndarray) -> np.ndarray | None:
        """Returns int64 class numbers (rows,) or 0/1 (rows, labels); None: they are left to the metric."""
        return None

    def answer(self, prediction: np.ndarray) -> np.ndarray:
        """Returns what the metric is asked about: labels where the touch makes them, else values."""
        labels = self.labels(prediction)
        return self.values(prediction) if labels is None else labels

    def to_json(self) -> dict[str, Any]:
        """Returns all that it knows."""
        return {"kind": "none"}

    def describe(self) -> str:
        """Returns what it does, for a line under the table of scores."""
        return "none"


@dataclass(frozen=True)
class PlainLabels(Touch):
    """The most probable class, or labels above one half: what the metric does by itself."""

    classes: bool

    def answer(self, prediction: np.ndarray) -> np.ndarray:
        return prediction.argmax(axis=1) if self.classes else (prediction > 0.5).astype(np.int64)

    def to_json(self) -> dict[str, Any]:
        return {"kind": "labels", "classes": self.classes}


@dataclass(frozen=True)
class Lesson:
    """What can be learned for a metric.

    Attributes:
        plain: the touch that knows nothing.
        learn: (prediction, target) -> touch; None where there is nothing to learn.
    """

    plain: Touch
    learn: Callable[[np.ndarray, np.ndarray], Touch] | None = None


@dataclass(frozen=True)
class Touched:
    """A blend with its last touch.

    Attributes:
        answer: every row's, by a touch that was fitted on the other folds; whether to use it at all
            was decided on the others, too. Labels or float32 values, as `Touch.answer` returns.
        touch: what new rows get: fitted, and found to help or not, on all rows.
        score: of `answer`: of the whole procedure.
        plain_score: without any touch.
        used: whether `touch` does anything.
        parts: how many parts of the rows were judged, and on how many of them a touch was used.
    """

    answer: np.ndarray = field(repr=False)
    touch: Touch
    score: float
    plain_score: float
    used: bool
    parts: tuple[int, int]


@single_threaded
def touch_up(
    lesson: Lesson, prediction: np.ndarray, target: np.ndarray, metric: Metric, split: Split, seed: int = 0
) -> Touched:
    """Fits the last touch, and judges the procedure that fits it.

    To use the touch is a choice, and a choice that is made on the rows that are scored flatters itself.
    So for every fold the touch is fitted on the others, and used only if, cross-fitted among these
    others, it is better than none by BAR standard errors (paired bootstrap). Where folds are
    ordered in time, "the others" are those before.

    Args:
        prediction: cross-fitted or out-of-fold (rows, outputs), without NaN.
        target: of the same rows.
        metric: that decides.
        split: of the same rows.
        seed: of the bootstrap.
    """
    fits = _Fits(lesson, prediction, target, metric, split.coarse(PARTS), seed)
    plain_score, numbers = metric(target, fits.plain), fits.split.numbers
    if lesson.learn is None:
        return Touched(fits.plain, lesson.plain, plain_score, plain_score, False, (0, len(numbers)))
    answer, used = fits.plain.copy(), 0
    for fold in numbers:
        rows = fits.split.rows_of(fold)
        touch = fits.chosen_on(fits.split.known_to(fold))
        answer[rows] = touch.answer(prediction[rows])
        used += touch is not lesson.plain
    final = fits.chosen_on(numbers)
    parts = (used, len(numbers))
    return Touched(answer, final, metric(target, answer), plain_score, final is not lesson.plain, parts)


class _Fits:
    """Touches by the folds that taught them: a pair that is left out is left out once."""

    def __init__(
        self,
        lesson: Lesson,
        prediction: np.ndarray,
        target: np.ndarray,
        metric: Metric,
        split: Split,
        seed: int,
    ) -> None:
        self.lesson, self.metric, self.split, self.seed = lesson, metric, split, seed
        self.prediction, self.target = prediction, target
        self.plain = lesson.plain.answer(prediction)
        self._known: dict[tuple[int, ...], Touch] = {}

    def fitted_on(self, folds: tuple[int, ...]) -> Touch:
        if folds not in self._known:
            rows = self.split.rows_of(*folds)
            learn = self.lesson.learn
            self._known[folds] = learn(self.prediction[rows], self.target[rows]) if learn else Touch()
        return self._known[folds]

    def chosen_on(self, folds: tuple[int, ...]) -> Touch:
        """Returns the touch fitted on these folds where it clearly helps among them, else the plain one."""
        rows = self.split.rows_of(*folds)
        inner, plain, target = self.split.take(rows), self.plain[rows], self.target[rows]
        crossed = plain.copy()
        for fold in folds:
            if before := inner.known_to(fold):
                out = inner.rows_of(fold)
                crossed[out] = self.fitted_on(before).answer(self.prediction[rows[out]])
        gain = self.metric.loss(target, plain) - self.metric.loss(target, crossed) if len(rows) else 0.0
        if not gain > 0.0:
            return self.lesson.plain
        answers = [crossed, plain]
        draws = bootstrap_scores(self.metric, target, answers, inner, replicates=DRAWS, seed=self.seed)
        clear = gain > BAR * np.nanstd(draws[:, 0] - draws[:, 1])
        return self.fitted_on(folds) if clear else self.lesson.plain

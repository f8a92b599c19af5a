"""Post-processing: what is done to a blend before it is handed in, and what that is worth."""

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
BAR = 2.0  # standard errors by which a postprocessor must be better before it is used


class Postprocessor:
    """Turns a blend into what is handed in; this one leaves it as it is."""

    def values(self, prediction: np.ndarray) -> np.ndarray:
        """Returns float32 (rows, outputs) for (rows, outputs)."""
        return prediction.astype(np.float32, copy=False)

    def labels(self, prediction: np.ndarray) -> np.ndarray | None:
        """Returns int64 class numbers (rows,) or 0/1 (rows, labels); None: they are left to the metric."""
        return None

    def answer(self, prediction: np.ndarray) -> np.ndarray:
        """Returns what the metric is asked about: labels where the postprocessor makes them, else values."""
        labels = self.labels(prediction)
        return self.values(prediction) if labels is None else labels

    def said(self, values: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        """Returns what the metric is asked about, of what was handed in: labels, where any were chosen."""
        return self.answer(values) if labels is None else labels

    def to_json(self) -> dict[str, Any]:
        """Returns all that it knows."""
        return {"kind": "none"}

    def describe(self) -> str:
        """Returns what it does, for a line under the table of scores."""
        return "none"


class AsTheyAre(Postprocessor):
    """Leaves pictures as they are, of their own type and on disk where they lie there."""

    def values(self, prediction: np.ndarray) -> np.ndarray:
        return prediction

    def to_json(self) -> dict[str, Any]:
        return {"kind": "pictures"}


@dataclass(frozen=True)
class PlainLabels(Postprocessor):
    """The most probable class, or labels above one half: what the metric does by itself."""

    classes: bool

    def answer(self, prediction: np.ndarray) -> np.ndarray:
        return prediction.argmax(axis=1) if self.classes else (prediction > 0.5).astype(np.int64)

    def to_json(self) -> dict[str, Any]:
        return {"kind": "labels", "classes": self.classes}


@dataclass(frozen=True)
class PostprocessorLearner:
    """Learner of one post-processing, from level-2 rows.

    Attributes:
        plain: the postprocessor that knows nothing.
        learn: (prediction, target) -> postprocessor; None where there is nothing to learn.
    """

    plain: Postprocessor
    learn: Callable[[np.ndarray, np.ndarray], Postprocessor] | None = None


@dataclass(frozen=True)
class Postprocessed:
    """A blend with post-processing.

    Attributes:
        answer: every row's, by a postprocessor that was fitted on the other folds; whether to use it at all
            was decided on the others, too. Labels or float32 values, as `Postprocessor.answer` returns.
        postprocessor: what new rows get: fitted, and found to help or not, on all rows.
        score: of `answer`: of the whole procedure.
        plain_score: without any postprocessor.
        used: whether `postprocessor` does anything.
        parts: how many parts of the rows were judged, and on how many of them a postprocessor was used.
    """

    answer: np.ndarray = field(repr=False)
    postprocessor: Postprocessor
    score: float
    plain_score: float
    used: bool
    parts: tuple[int, int]


@single_threaded
def postprocess(
    learner: PostprocessorLearner,
    prediction: np.ndarray,
    target: np.ndarray,
    metric: Metric,
    split: Split,
    seed: int = 0,
) -> Postprocessed:
    """Fits post-processing, and judges the procedure that fits it.

    To use it is a choice, and a choice that is made on the rows that are scored flatters itself. So for
    every fold the postprocessor is fitted on the others, and used only if, cross-fitted among these
    others, it is better than none by BAR standard errors (paired bootstrap). Where folds are ordered in
    time, "the others" are those before.

    Args:
        prediction: cross-fitted or out-of-fold (rows, outputs), without NaN.
        target: of the same rows.
        metric: that decides.
        split: of the same rows.
        seed: of the bootstrap.
    """
    fits = _Fits(learner, prediction, target, metric, split.coarse(PARTS), seed)
    plain_score, numbers = metric(target, fits.plain), fits.split.numbers
    if learner.learn is None:
        return Postprocessed(fits.plain, learner.plain, plain_score, plain_score, False, (0, len(numbers)))
    answer, used = fits.plain.copy(), 0
    for fold in numbers:
        rows = fits.split.rows_of(fold)
        postprocessor = fits.chosen_on(fits.split.known_to(fold))
        answer[rows] = postprocessor.answer(prediction[rows])
        used += postprocessor is not learner.plain
    final = fits.chosen_on(numbers)
    parts = (used, len(numbers))
    return Postprocessed(
        answer, final, metric(target, answer), plain_score, final is not learner.plain, parts
    )


class _Fits:
    """Postprocessors by the folds that taught them: a pair that is left out is left out once."""

    def __init__(
        self,
        learner: PostprocessorLearner,
        prediction: np.ndarray,
        target: np.ndarray,
        metric: Metric,
        split: Split,
        seed: int,
    ) -> None:
        self.learner, self.metric, self.split, self.seed = learner, metric, split, seed
        self.prediction, self.target = prediction, target
        self.plain = learner.plain.answer(prediction)
        self._known: dict[tuple[int, ...], Postprocessor] = {}

    def fitted_on(self, folds: tuple[int, ...]) -> Postprocessor:
        if folds not in self._known:
            rows = self.split.rows_of(*folds)
            learn = self.learner.learn
            self._known[folds] = learn(self.prediction[rows], self.target[rows]) if learn else Postprocessor()
        return self._known[folds]

    def chosen_on(self, folds: tuple[int, ...]) -> Postprocessor:
        """Returns what was fitted on these folds where it clearly helps among them, else the plain one."""
        rows = self.split.rows_of(*folds)
        inner, plain, target = self.split.take(rows), self.plain[rows], self.target[rows]
        crossed = plain.copy()
        for fold in folds:
            if before := inner.known_to(fold):
                out = inner.rows_of(fold)
                crossed[out] = self.fitted_on(before).answer(self.prediction[rows[out]])
        gain = self.metric.loss(target, plain) - self.metric.loss(target, crossed) if len(rows) else 0.0
        if not gain > 0.0:
            return self.learner.plain
        answers = [crossed, plain]
        draws = bootstrap_scores(self.metric, target, answers, inner, replicates=DRAWS, seed=self.seed)
        clear = gain > BAR * np.nanstd(draws[:, 0] - draws[:, 1])
        return self.fitted_on(folds) if clear else self.learner.plain

"""Decisions for masks: threshold, holes, splitting and smallest object, by the score of the contest.

Pictures that have a mask of each class have a rule of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline.data import dense
from pipeline.ensemble.picture_order import picture_order
from pipeline.ensemble.postprocessing import Postprocessor
from pipeline.metrics import Metric
from pipeline.tasks.mask import Mask
from pipeline.tasks.mask_rule import DISTANCE, INSIDE, WHOLE, MaskRule, guesses

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7)
CORES = (0.4, 0.5, 0.6, 0.7)
SMALLEST = (0.0, 15.0, 30.0, 60.0, 120.0, 250.0, 500.0, 1000.0, 2000.0)  # pixels of the source
ROWS = 400  # pictures that a rule is chosen by, at most
PIXELS = 4_000_000  # of them all, at most
ROUGH = 2**16  # pixels of a picture: larger ones are shrunk, so that a rule is chosen by many
HOPELESS = 0.02  # a score that no rule will mend


@dataclass(frozen=True)
class MaskDecision(Postprocessor):
    """The same rules for all rows.

    Attributes:
        rules: what makes a picture's probabilities its masks, one for each.
        objects: whether objects are told apart.
        names: of the masks, where there are several.
    """

    rules: tuple[MaskRule, ...]
    objects: bool
    names: tuple[str, ...] = ("mask",)

    @classmethod
    def plain(cls, task: Mask) -> MaskDecision:
        """Returns the rules where nobody has chosen any."""
        return cls(tuple(single.plain for single in task.singles), task.objects, task.outputs)

    def values(self, prediction: np.ndarray) -> np.ndarray:
        """Returns the probabilities as they are, float16 (rows, outputs)."""
        return prediction

    def labels(self, prediction: np.ndarray) -> np.ndarray:
        """Returns float64 (rows, numbers of the rules): by which rules each row's masks are decided."""
        return np.tile(np.array(self.rules, np.float64).ravel(), (len(prediction), 1))

    def answer(self, prediction: np.ndarray) -> np.ndarray:
        """Returns object (rows,) of `Guess`."""
        return guesses(prediction, self.labels(prediction))

    def said(self, values: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        return guesses(values, self.labels(values) if labels is None else labels)

    def to_json(self) -> dict[str, Any]:
        rules = [list(rule) for rule in self.rules]
        return {"kind": "mask", "rules": rules, "objects": self.objects, "names": self.names}

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> MaskDecision:
        rules = tuple(MaskRule(*rule) for rule in facts["rules"])
        return cls(rules, facts["objects"], tuple(facts["names"]))

    def describe(self) -> str:
        if len(self.rules) == 1:
            return self._said(self.rules[0])
        return "; ".join(
            f"{name}: {self._said(rule)}" for name, rule in zip(self.names, self.rules, strict=True)
        )

    def _said(self, rule: MaskRule) -> str:
        words = [f"threshold {rule.threshold:g}", f"smallest {rule.smallest:g} px"]
        words += ["holes filled"] if rule.fill else []
        if self.objects:
            ways = {WHOLE: "not split", DISTANCE: "split by distance", INSIDE: f"split at core {rule.core:g}"}
            words.append(ways[rule.split])
        return ", ".join(words)


def fit_rules(
    prediction: np.ndarray, target: np.ndarray, metric: Metric, plain: MaskDecision, seed: int = 0
) -> MaskDecision:
    """Returns the rules of best score on these rows, each found by itself.

    A score is the mean over masks, so that none depends on the rule of another.

    Args:
        prediction: (rows, outputs) of pictures.
        target: of the same rows.
        metric: of pictures, bound to the task.
        plain: where the search begins.
    """
    task: Mask = metric.task
    pixels = task.sizes.prod(axis=1)
    rows = _looked_at(target, pixels if plain.objects else np.minimum(pixels, ROUGH), seed)
    some, truth = dense.some(prediction, rows), target[rows]
    found = []
    for number, (single, rule) in enumerate(zip(task.singles, plain.rules, strict=True)):
        seen = single if plain.objects else replace(single, most=ROUGH)  # objects that touch would merge
        asked = task.of_single(some, number), truth, metric.of(seen)
        found.append(_fit_rule(*asked, rule, plain.objects))
    return replace(plain, rules=tuple(found))


def _fit_rule(
    prediction: np.ndarray, target: np.ndarray, metric: Metric, plain: MaskRule, objects: bool
) -> MaskRule:
    """Returns the rule of best score, found by search along one number after the other.

    Of equal scores the first found stays, which is the plainest.
    """
    known: dict[MaskRule, float] = {}

    def loss(rule: MaskRule) -> float:
        if rule not in known:
            known[rule] = metric.loss(target, MaskDecision((rule,), objects).answer(prediction))
        return known[rule]

    best = plain
    lines = (_thresholds, _ways, _sizes, _holes, _thresholds) if objects else (_pairs, _holes)
    for line in lines:
        for rule in line(best, objects):
            if loss(rule) < loss(best):
                best = rule
        if abs(loss(best)) < HOPELESS:
            return plain
    return best


def _looked_at(target: np.ndarray, pixels: np.ndarray, seed: int) -> np.ndarray:
    """Returns positions of the rows that a rule is chosen by, of pictures of so many pixels."""
    order = picture_order(target, len(pixels), seed)[:ROWS]
    total = np.cumsum(pixels[target[order, 0].astype(np.int64)])
    return np.sort(order[: max(1, int(np.searchsorted(total, PIXELS)))])


def _ways(rule: MaskRule, objects: bool) -> Iterator[MaskRule]:
    if objects:
        yield rule._replace(split=WHOLE)
        yield rule._replace(split=DISTANCE)
        yield from (rule._replace(split=INSIDE, core=core) for core in CORES)


def _thresholds(rule: MaskRule, objects: bool) -> Iterator[MaskRule]:
    return (rule._replace(threshold=threshold) for threshold in THRESHOLDS)


def _pairs(rule: MaskRule, objects: bool) -> Iterator[MaskRule]:
    """A low threshold pays only where what it finds by mistake is left out for its size."""
    for one in _thresholds(rule, objects):
        yield from _sizes(one, objects)


def _sizes(rule: MaskRule, objects: bool) -> Iterator[MaskRule]:
    return (rule._replace(smallest=smallest) for smallest in SMALLEST)


def _holes(rule: MaskRule, objects: bool) -> Iterator[MaskRule]:
    return (rule._replace(fill=fill) for fill in (0.0, 1.0))

"""A target whose rows know what a metric counts them by: weights, groups, whether they count at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class RowFacts:
    """Weight, group and subgroups of a row, which a metric sees beside target and prediction.

    Attributes:
        weights: float64 (rows,), 0 or more; or None.
        groups: int64 (rows,): the metric is the mean over groups; or None.
        counted: bool (rows,): the others are left out; or None.
        subgroups: bool (rows, subgroups): which of them a row belongs to; or None.
    """

    weights: np.ndarray | None = None
    groups: np.ndarray | None = None
    counted: np.ndarray | None = None
    subgroups: np.ndarray | None = None

    def take(self, rows: Any) -> RowFacts:
        """Returns those of the rows: positions, a mask or a slice."""
        parts = (self.weights, self.groups, self.counted, self.subgroups)
        return RowFacts(*(None if part is None else part[rows] for part in parts))


class Truth(np.ndarray):
    """A target (rows,) or (rows, outputs) that keeps its rows' facts wherever rows are chosen of it.

    `truth[rows]` has the facts of those rows. Whatever else is made of it is a plain array, or has
    none: a metric that asks for them then raises, and never scores rows as if they were all alike.
    """

    facts: RowFacts | None

    def __array_finalize__(self, made_of: Any) -> None:
        self.facts = None

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keys: Any) -> Any:
        plain = [np.asarray(value) if isinstance(value, Truth) else value for value in inputs]
        return getattr(ufunc, method)(*plain, **keys)

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        if isinstance(found, Truth) and self.facts is not None and isinstance(key, (slice, list, np.ndarray)):
            found.facts = self.facts.take(key)
        return found


def with_facts(target: np.ndarray, facts: RowFacts | None) -> np.ndarray:
    """Returns the target with facts of its rows; as it is, without."""
    if facts is None:
        return np.asarray(target)
    truth = np.asarray(target).view(Truth)
    truth.facts = facts
    return truth


def facts_of(target: np.ndarray) -> RowFacts | None:
    """Returns the facts of a target's rows, None where nobody has said any."""
    return target.facts if isinstance(target, Truth) else None


def like(target: np.ndarray, made: np.ndarray) -> np.ndarray:
    """Returns what was made of a target row by row, with the facts of its rows."""
    return with_facts(made, facts_of(target))

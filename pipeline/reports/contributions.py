"""Contributions of columns to answers, out of fold: each row by the model that was not trained on it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.models.base import Context
from pipeline.reports.trained import Trained

MOST_ROWS = 500  # of all folds
FIRST, SECONDS = 8, 2.5  # rows by which a fold tells its speed; CPU seconds for all of them
MOST_FOLDS = 5


@dataclass(frozen=True)
class Contributions:
    """SHAP values of some rows.

    Attributes:
        rows: their positions in the training table.
        columns: names; what is made of a column counts as the column.
        values: float64 (rows, columns, outputs), on the scale on which trees add up.
    """

    rows: np.ndarray
    columns: tuple[str, ...]
    values: np.ndarray

    @property
    def strength(self) -> np.ndarray:
        """float64 (columns,): mean distance from 0 of the rows, summed over outputs."""
        return np.abs(self.values).mean(axis=0).sum(axis=1)

    @property
    def order(self) -> list[int]:
        """Positions of the columns, the strongest first."""
        return np.argsort(-self.strength, kind="stable").tolist()


def contributions(trained: Trained, columns: Sequence[str], seed: int) -> Contributions | None:
    """Returns the contributions of rows of the scored folds, None where no model learned anything.

    Args:
        trained: a boosted model of the table.
        columns: of the table.
        seed: of the rows that are looked at.
    """
    run, data, rng = trained.run, trained.run.sides(trained.name).train, np.random.default_rng(seed)
    folds = [run.folds.with_rows(fold) for fold in trained.done if fold.scored and not fold.repeat]
    folds = folds[:MOST_FOLDS]
    names: dict[str, int] = {}
    found: list[tuple[np.ndarray, np.ndarray, list[str]]] = []
    for fold in folds:
        model = trained.model(fold)
        rows = rng.permutation(fold.valid)[: MOST_ROWS // len(folds)]
        started = time.process_time()  # of this process: a busy machine changes nothing
        model.contributions(data.rows(rows[:1]), Context())  # the first look also prepares the library
        begun = time.process_time()
        model.contributions(data.rows(rows[:FIRST]), Context())
        each = max(time.process_time() - begun, 1e-6) / min(FIRST, len(rows))
        left = SECONDS / len(folds) - (time.process_time() - started)
        rows = np.sort(rows[: max(FIRST, int(left / each))])
        values = model.contributions(data.rows(rows), Context())[:, :-1]
        if not values.shape[1]:
            continue
        own = [column_of(name, columns) for name in model.encoder_.names_]
        for name in own:
            names.setdefault(name, len(names))
        found.append((rows, values, own))
    if not found or len({values.shape[2] for _, values, _ in found}) > 1:
        return None
    parts = []
    for _, values, own in found:
        part = np.zeros((len(values), len(names), values.shape[2]))
        for place, name in enumerate(own):
            part[:, names[name]] += values[:, place]
        parts.append(part)
    return Contributions(np.concatenate([rows for rows, _, _ in found]), tuple(names), np.concatenate(parts))


def column_of(feature: str, columns: Sequence[str]) -> str:
    """Returns the column that a feature is made of, by how its name begins; its own name where none is."""
    begun = [name for name in columns if feature == name or feature.startswith(f"{name}.")]
    return max(begun, key=len, default=feature)

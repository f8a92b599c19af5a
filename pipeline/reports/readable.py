"""Models that can be asked about rows of the table again: quick to read back, and reading no other model."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.inputs.base import entries_of, reads_fold
from pipeline.models.table import TableModel
from pipeline.registry import MODELS
from pipeline.reports.material import Material
from pipeline.reports.trained import Trained


def best_readable(material: Material, suits: Callable[[type[TableModel]], bool]) -> Trained | None:
    """Returns the best model of the table alone whose kind suits and of which a scored fold is there."""
    return next(iter(readable(material, suits)), None)


def readable(material: Material, suits: Callable[[type[TableModel]], bool]) -> list[Trained]:
    """Returns all such models, the best first."""
    found = []
    known = [name for name in material.ranked if name in material.trained] or list(material.trained)
    for name in known:
        model = material.trained[name]
        kind = MODELS.get(model.section.kind)
        if not (issubclass(kind, TableModel) and suits(kind)):
            continue
        if reads_fold(model.section) or not set(entries_of(model.section)) <= set(TableModel.sees):
            continue
        if any(fold.scored for fold in model.done):
            found.append(model)
    return found

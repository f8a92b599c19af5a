"""Representation of rows: as a network sees them, or their columns and words on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.data.encode import DOORS, TableEncoder
from pipeline.data.folds import Fold
from pipeline.data.rows import Dataset
from pipeline.inputs.base import reads_fold
from pipeline.models.base import Context
from pipeline.registry import MODELS
from pipeline.reports.material import Material
from pipeline.reports.trained import Trained

FARTHEST = 5.0  # standard deviations: no value of a table draws a row away from all others
VERSION = 1  # raise it when the same rows would be represented in another way


def network_of(material: Material) -> Trained | None:
    """Returns the best network with an embedding of which a scored fold is there, and that reads no other."""
    known = [name for name in material.ranked if name in material.trained]
    for model in (material.trained[name] for name in known or material.trained):
        fit = MODELS.get(model.section.kind).embeds and model.section.answers()
        if fit and not reads_fold(model.section) and any(fold.scored for fold in model.done):
            return model
    return None


def embedded(trained: Trained, fold: Fold, rows: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Returns float32 (rows + test rows, width): what the network of a fold represents them by.

    Worked out once for each network, and kept with the run's products.
    """
    run = trained.run

    def make() -> np.ndarray:
        sides, model = run.sides(trained.name), trained.model(fold)
        some = [(sides.train, rows), (sides.test, test)]
        found = [model.embed(side.rows(at), Context()) for side, at in some if len(at)]
        return np.concatenate(found).astype(np.float32)

    asked = {
        "fit": trained.product(fold).key,
        "rows": rows.tolist(),
        "test": test.tolist(),
        "version": VERSION,
    }
    return run.cache("embedded", asked, make)


def encoded(material: Material, rows: np.ndarray, test: np.ndarray) -> np.ndarray | None:
    """Returns float32 (rows + test rows, width): columns standardised, categories and words as columns.

    No target is looked at. None where the competition has neither a table nor texts.
    """
    found = _tables(material)
    if found is None:
        return None
    train, asked, doors = found
    encoder = TableEncoder("dense", doors)
    matrix = encoder.fit_transform(train.rows(rows), np.zeros((len(rows), 1)))
    if len(test):
        matrix = np.concatenate([matrix, encoder.transform(asked.rows(test))])
    return np.clip(matrix, -FARTHEST, FARTHEST).astype(np.float32)


def nearest(values: np.ndarray, asked: np.ndarray, among: np.ndarray, most: int) -> np.ndarray:
    """Returns int (asked, most): positions in `among` of the nearest rows, by Euclid, the nearest first.

    Args:
        values: float (rows, width).
        asked: positions of the rows that look for neighbours.
        among: positions of those that may be one.
        most: neighbours of each.
    """
    one, other = values[asked].astype(np.float64), values[among].astype(np.float64)
    far = (one**2).sum(axis=1)[:, None] - 2 * one @ other.T + (other**2).sum(axis=1)
    far[asked[:, None] == among] = np.inf  # nobody is a neighbour of their own
    return np.argsort(far, axis=1, kind="stable")[:, :most]


def _tables(material: Material) -> tuple[Dataset, Dataset, Sequence[str]] | None:
    """Returns both sides of a model that sees columns, without features that learn of other rows."""
    for name in material.trained:
        if reads_fold(material.trained[name].section):
            continue
        sides = material.run.sides(name)
        doors = [door for door in DOORS if door in sides.train.parts]
        if doors:
            train, test = (
                replace(side, parts={door: _plain(side.part(door)) for door in doors})
                for side in (sides.train, sides.test)
            )
            return train, test, doors
    return None


def _plain(part: object) -> object:
    return replace(part, features={}) if hasattr(part, "features") else part  # type: ignore[type-var]

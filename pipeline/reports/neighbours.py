"""Neighbours of errors: the rows nearest to them among those that their fold's models were trained on."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from pipeline.data.folds import Fold
from pipeline.reports.blocks import Block, Folded, Text, plain
from pipeline.reports.material import Material
from pipeline.reports.representation import embedded, encoded, nearest, network_of
from pipeline.reports.rows_shown import shown_rows

MOST, MOST_LABELS = 3, 4
AMONG, AMONG_PICTURES = 4_000, 800  # training rows of a fold that are looked at, of a table and by a network
SECONDS = 4.0  # of CPU, after which no further network is opened


def neighbours(material: Material, rows: Sequence[int]) -> dict[int, list[int]]:
    """Returns by row the training rows nearest to it, the nearest first; of networks those that time allows.

    Only rows that the models of the row's own fold were trained on: these are what misled them, or should
    have helped.

    Args:
        material: of the run.
        rows: positions of scored rows.
    """
    network, found = network_of(material), {}  # type: ignore[var-annotated]
    rng, begun = np.random.default_rng(material.run.config.seed), time.process_time()
    for fold in _folds(material):
        asked = np.array([row for row in rows if row in set(fold.valid.tolist())], int)
        if not len(asked) or time.process_time() - begun > SECONDS:
            continue
        most = AMONG_PICTURES if network else AMONG
        among = np.sort(rng.permutation(fold.train)[:most])
        both = np.concatenate([asked, among])
        done = network is not None and any(one.label == fold.label for one in network.done)
        if network is not None and not done:
            continue
        none = np.zeros(0, int)
        values = embedded(network, fold, both, none) if network else encoded(material, both, none)
        if values is None:
            return {}
        places = np.arange(len(both))
        near = nearest(values, places[: len(asked)], places[len(asked) :], MOST)
        found |= {row: among[some].tolist() for row, some in zip(asked.tolist(), near, strict=True)}
    return found


def neighbours_shown(material: Material, rows: Sequence[int]) -> dict[int, list[Block]]:
    """Returns by row what a person sees of its neighbours, folded away; {} where there are none."""
    found = neighbours(material, rows)
    every = sorted({one for near in found.values() for one in near})
    shown = dict(zip(every, shown_rows(material, every), strict=True)) if every else {}
    return {
        row: [
            Folded("nearest training rows", [block for one in near for block in _one(material, one, shown)])
        ]
        for row, near in found.items()
        if near
    }


def _folds(material: Material) -> list[Fold]:
    """Returns the folds of the first repeat, with their rows."""
    folds = [fold for fold in material.run.plan.all_folds if not fold.repeat]
    return [material.run.folds.with_rows(fold) for fold in folds]


def _one(material: Material, row: int, shown: dict[int, list[Block]]) -> list[Block]:
    text = f"{material.run.competition.ids[row]}: {_truth(material, row)}"
    return [Text(text, small=True), *shown[row]]


def _truth(material: Material, row: int) -> str:
    task, truth = material.task, np.asarray(material.target)[row]
    if task.exclusive:
        return str(task.outputs[truth])
    values = np.atleast_1d(truth)
    if task.probabilities:
        labels = [name for name, value in zip(task.outputs, values, strict=True) if value > 0.5]
        return ", ".join(labels[:MOST_LABELS]) or "–"
    return ", ".join(plain(float(value), 5) for value in values[:MOST_LABELS])

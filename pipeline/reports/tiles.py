"""Tiles of rows: what each shows, its truth, the answer, the probability, and its fold."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from pipeline.audit.labels import doubtful_rows
from pipeline.reports.blocks import Tile, plain
from pipeline.reports.boxes_shown import framed
from pipeline.reports.masks_shown import outlined
from pipeline.reports.material import Answer, Material
from pipeline.reports.rows_shown import cut, shown_rows
from pipeline.tasks.box_array import is_boxes
from pipeline.tasks.boxes import Boxes
from pipeline.tasks.span import Span

LONGEST_SPAN = 160  # letters
MOST_LABELS = 6  # of a row that has several, named


def tiles(material: Material, answer: Answer, rows: Sequence[int], doubtful: set[int]) -> list[Tile]:
    """Returns a tile for each of some scored rows.

    Args:
        material: of the run.
        answer: what is said of them.
        rows: positions.
        doubtful: positions of the rows whose label looks wrong.
    """
    draw = framed if is_boxes(answer.oof) else outlined
    mark = partial(draw, material, answer) if outlines(material) else None
    shown, found = shown_rows(material, rows, mark), []
    for row, blocks in zip(rows, shown, strict=True):
        looks = row in doubtful
        fold = int(material.fold_of[row])
        facts = [*_said(material, answer, row), ("fold", str(fold) if fold >= 0 else "–")]
        note = "The label looks wrong: models that were not trained on it firmly disagree." if looks else ""
        title = str(material.run.competition.ids[row])
        found.append(Tile(title, facts, blocks, "warn" if looks else "", note))
    return found


def outlines(material: Material) -> bool:
    """Says whether answers are masks or boxes, whose edges are drawn: greys of pixels have none."""
    task = material.task
    return task.of_pictures and (task.probabilities or task.general == Boxes.general)


def doubtful(material: Material, answer: Answer) -> set[int]:
    """Returns positions of the rows whose label looks wrong."""
    if material.task.dense:
        return set()
    return set(doubtful_rows(material.task, np.asarray(material.target), answer.oof).tolist())


def _said(material: Material, answer: Answer, row: int) -> list[tuple[str, str]]:
    """Returns truth and answer of a row, in words."""
    task, said = material.task, answer.oof[row]
    truth = np.asarray(material.target)[row]
    if task.dense:
        place = int(np.searchsorted(answer.rows, row))
        return [*_spans(material, place, row), ("error", plain(float(material.losses[place])))]
    if task.exclusive:
        first = int(said.argmax())
        return [
            ("truth", f"{task.outputs[truth]} ({said[truth]:.1%})"),
            ("answer", f"{task.outputs[first]} ({said[first]:.1%})"),
        ]
    if task.probabilities:
        off = np.argsort(-np.where(truth > 0.5, 1 - said, said))[:MOST_LABELS]
        return [(task.outputs[k], f"{truth[k]:.0f}, said {said[k]:.1%}") for k in off]
    names = task.outputs if len(task.outputs) > 1 else ("",)
    pairs = zip(names, truth, said, strict=True)
    found = []
    for name, true, value in pairs:
        before = f"{name}: " if name else ""
        found += [(f"{before}truth", plain(float(true), 5)), (f"{before}answer", plain(float(value), 5))]
    return found[: 2 * MOST_LABELS]


def _spans(material: Material, place: int, row: int) -> list[tuple[str, str]]:
    """Returns truth and answer where they are parts of a text, by the row's place among the scored ones."""
    task = material.task
    if not isinstance(task, Span):
        return []
    start, end = material.decided[place].tolist()
    true, said = task.known.answers[row], task.known.said(row, start, end)
    return [("truth", cut(true, LONGEST_SPAN)), ("answer", cut(said, LONGEST_SPAN))]

"""Worst errors: the rows that are answered worst, as a person sees them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.reports.blocks import Block, Text, Tiles
from pipeline.reports.neighbours import neighbours_shown
from pipeline.reports.section import SECTIONS, Section
from pipeline.reports.tiles import doubtful, outlines, tiles

MOST = 12


@SECTIONS.register("errors")
class WorstErrors(Section):
    """The rows that are answered worst."""

    title = "Worst errors"
    place = 110

    def applies(self) -> bool:
        return self.material.answer is not None

    def blocks(self) -> list[Block]:
        material, answer = self.material, self.material.answer
        if answer is None:
            return []
        losses = np.where(np.isfinite(material.losses), material.losses, -np.inf)
        worst = answer.rows[np.argsort(-losses, kind="stable")[:MOST]]
        text = (
            f"The {len(worst)} rows that {answer.name} answers worst, out of fold: no model had seen "
            "them. Values with a diamond are unusual for their column."
        )
        if material.task.dense:
            text = text.partition(" Values")[0]
        if outlines(material):
            text += " Outlines: the truth green, the answer red."
        made = tiles(material, answer, worst.tolist(), doubtful(material, answer))
        if not material.task.dense:
            near = neighbours_shown(material, worst.tolist())
            text += " Nearest training rows: of those that the models of its fold were trained on."
            pairs = zip(worst.tolist(), made, strict=True)
            made = [replace(tile, shown=[*tile.shown, *near.get(row, [])]) for row, tile in pairs]
        return [Text(text), Tiles(made)]

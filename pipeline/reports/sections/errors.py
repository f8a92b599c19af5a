"""Worst errors: the rows that are answered worst, as a person sees them."""

from __future__ import annotations

import numpy as np

from pipeline.reports.blocks import Block, Text, Tiles
from pipeline.reports.section import SECTIONS, Section
from pipeline.reports.tiles import doubtful, tiles

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
        return [Text(text), Tiles(tiles(material, answer, worst.tolist(), doubtful(material, answer)))]

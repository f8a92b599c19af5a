"""Wanted: what a network of pictures wants to see of each class."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from pipeline.reports.blocks import Block, Picture, Text, Tile, Tiles
from pipeline.reports.rows_shown import thumbnail
from pipeline.reports.section import SECTIONS, Section
from pipeline.reports.wanted import wanted_product, wanting

SMALL = 64  # pixels, below which they stay squares


@SECTIONS.register("wanted")
class Wanted(Section):
    """Pictures that raise each class most, and whether another fold's network sees the same in them."""

    title = "What a network wants to see"
    place = 121

    def applies(self) -> bool:
        return self._drawn is not None and len(self._drawn[1]) > 0

    def blocks(self) -> list[Block]:
        if self._drawn is None:
            return []
        name, pictures, said = self._drawn
        found = []
        for output, picture, own, other in zip(self.material.task.outputs, pictures, *said, strict=False):
            crisp = max(picture.shape[:2]) < SMALL
            shown = Picture(thumbnail(picture), f"what {name} wants to see of {output}", crisp=crisp)
            facts = [("its own network", f"{own:.1%}"), ("another fold's", f"{other:.1%}")]
            found.append(Tile(str(output), facts, [shown]))
        text = (
            f"Pictures that raise each answer of {name} most (its first fold), found from the mean colour by "
            "slopes (Olah et al., 2017), and how sure that network and the next fold's are of each. "
            "They show what a network looks for, not what a class looks like; where the other network "
            "is not convinced, it is this network's own habit."
        )
        return [Tiles(found), Text(text, small=True)]

    @cached_property
    def _drawn(self) -> tuple[str, np.ndarray, np.ndarray] | None:
        """The network's name, pictures (n, h, w, c), and what two networks say (2, n)."""
        trained = wanting(self.material)
        if trained is None or not (product := wanted_product(trained)).done():
            return None
        pictures, said = (
            np.load(product.path / f"{part}.npy", allow_pickle=False) for part in ("pictures", "said")
        )
        return trained.name, pictures, said

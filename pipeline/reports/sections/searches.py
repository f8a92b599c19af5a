"""Searches: history, slices and importances of every search of parameters, as the search drew them."""

from __future__ import annotations

from pathlib import Path

from pipeline.reports.blocks import Beside, Block, Folded, Picture
from pipeline.reports.rows_shown import shrunk
from pipeline.reports.section import SECTIONS, Section

FOLDER = "search"
MOST, WIDEST = 12, 1000  # pictures, and pixels of each
NAMES = {"history": "scores of the trials", "slices": "scores by parameter", "importances": "which mattered",
         "pareto": "score against seconds"}  # fmt: skip


@SECTIONS.register("searches")
class Searches(Section):
    """Searches of parameters."""

    title = "Searches"
    place = 140

    def applies(self) -> bool:
        return bool(self._pictures())

    def blocks(self) -> list[Block]:
        by_model: dict[str, list[Block]] = {}
        root = self.material.run.plan.store.root / FOLDER
        for path in self._pictures()[:MOST]:
            model = path.relative_to(root).parts[0]
            text = f"{model}: {NAMES.get(path.stem, path.stem)}"
            by_model.setdefault(model, []).append(Picture(shrunk(path, WIDEST), text, text))
        return [Folded(name, [Beside(some)], open=True) for name, some in by_model.items()]

    def _pictures(self) -> list[Path]:
        return sorted((self.material.run.plan.store.root / FOLDER).rglob("*.png"))

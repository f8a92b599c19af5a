"""Evidence: where in a picture a network looks, and what careless folds would have claimed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.reports.blocks import Block, Line, Lines, Picture
from pipeline.reports.rows_shown import shrunk
from pipeline.reports.section import SECTIONS, Advice, Section

MOST, WIDEST = 4, 1400  # sheets, and pixels of each
INSIDE = 0.5  # share of the evidence that should lie inside of what is looked for


@SECTIONS.register("evidence")
class Evidence(Section):
    """Evidence of networks."""

    title = "What networks look at"
    place = 120

    def applies(self) -> bool:
        return bool(self._facts().get("lines"))

    def blocks(self) -> list[Block]:
        found: list[Block] = [Lines([Line(text) for text in self._facts()["lines"]])]
        for sheet in sorted((self.material.studied or Path()).glob("*.png"))[:MOST]:
            name = sheet.stem.removeprefix("evidence-")
            text = f"{name}: each picture, what was found in it, the crop, and in red what mattered."
            found.append(Picture(shrunk(sheet, WIDEST), text, text))
        return found

    def advice(self) -> list[Advice]:
        """Says which network looks beside the thing."""
        found = []
        for name, evidence in self._facts().get("evidence", {}).items():
            if evidence["inside"] < INSIDE:
                seen = f"{evidence['inside']:.0%} of its evidence lies inside the {evidence['region']}."
                found.append(
                    Advice(f"{name} looks beside the thing: crop closer, or augment more.", seen, 0.6)
                )
        return found

    def _facts(self) -> dict[str, Any]:
        path = self.material.studied
        return json.loads((path / "report.json").read_text(encoding="utf-8")) if path else {}

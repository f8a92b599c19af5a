"""Findings of the audit, with the rows or pictures that they mean."""

from __future__ import annotations

from typing import cast

from pipeline.reports.blocks import Block, Line, Lines, Tone
from pipeline.reports.section import SECTIONS, Advice, Section


@SECTIONS.register("findings")
class Findings(Section):
    """Findings of a run."""

    title = "Audit"
    place = 50

    def applies(self) -> bool:
        return bool(self.material.findings)

    def blocks(self) -> list[Block]:
        allowed = self.material.run.config.audit.allow
        lines = []
        for found in self.material.findings:
            known = found.severity == "stop" and found.name in allowed
            name = f"{found.name} (allowed)" if known else found.name
            lines.append(Line(found.text, cast(Tone, "warn" if known else found.severity), name))
        return [Lines(lines)]

    def warnings(self) -> list[str]:
        return [f"{found.name}: {found.text}" for found in self.material.findings if found.severity != "info"]

    def advice(self) -> list[Advice]:
        """Says where labels look wrong: these rows stand among the worst errors."""
        doubtful = [found for found in self.material.findings if found.name == "suspicious-labels"]
        return [
            Advice("Look at the labels that look wrong, and mend those that are.", one.text, 0.4)
            for one in doubtful
        ]

"""Report as a notebook shows it: the page inline, in a frame of its own."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path


@dataclass(frozen=True)
class Report:
    """A run's page: a notebook shows it inline.

    Attributes:
        path: of the file, `runs/NAME/report.html`.
    """

    path: Path

    @property
    def html(self) -> str:
        """The page, whole."""
        return self.path.read_text(encoding="utf-8")

    def _repr_html_(self) -> str:
        """Returns the page in a frame, so that neither it nor the notebook changes how the other looks."""
        style = "width: 100%; height: 80vh; border: 0"
        return f'<iframe srcdoc="{escape(self.html)}" title="report" style="{style}"></iframe>'

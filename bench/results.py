"""Measured values, their verdicts, and the section of bench/RESULTS.md that holds them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.limits import LIMITS, Limit

SECTION = "## Speed (`python bench/speed.py`)"
PREFACE = (
    "Ratios are against the plain way (`bench/plain/`) in the same run on the same machine; how each is "
    "measured stands in [docs/performance.md](../docs/performance.md)."
)


@dataclass(frozen=True)
class Value:
    """Something measured.

    Attributes:
        name: "CASE.WHAT", which may be a key of LIMITS.
        value: the number.
        what: what it is, in words.
        unit: of the number; "" for a ratio.
    """

    name: str
    value: float
    what: str
    unit: str = ""

    @property
    def limit(self) -> Limit | None:
        return LIMITS.get(self.name)

    @property
    def below(self) -> bool:
        """Whether it fails its limit."""
        return self.limit is not None and not self.limit.holds(self.value)

    @property
    def verdict(self) -> str:
        """Returns "ok" or "BELOW", or "" where nothing is asked of it."""
        return ("BELOW" if self.below else "ok") if self.limit else ""

    @property
    def number(self) -> str:
        digits = f"{self.value:,.0f}" if abs(self.value) >= 999.5 else f"{self.value:.3g}"
        return f"{digits} {self.unit}".strip()

    def line(self) -> str:
        """Returns what is printed: name, number, limit, verdict and what it is."""
        parts = [self.number, *([str(self.limit), self.verdict] if self.limit else [])]
        return f"{self.name}: {', '.join(parts)}  ({self.what})"


def write_section(page: str, measured: Mapping[str, Sequence[Value]], order: Sequence[str], on: str) -> str:
    """Returns the page with the measured cases in its section on speed; all else stays as it was.

    Args:
        page: the text of bench/RESULTS.md.
        measured: values by case.
        order: of the cases.
        on: the machine, in words.
    """
    before, old, after = _cut(page, SECTION.partition(" (")[0])
    parts = _cases(old) | {case: _table(values, on) for case, values in measured.items()}
    names = [*order, *(name for name in parts if name not in order)]
    bodies = [f"### {name}\n\n{parts[name]}" for name in names if name in parts]
    section = "\n\n".join([SECTION, PREFACE, *bodies])
    return "\n\n".join(part for part in (before.strip("\n"), section, after.strip("\n")) if part) + "\n"


def _table(values: Sequence[Value], on: str) -> str:
    rows = [
        f"| {value.what} | {value.number} | {value.limit or ''} | {value.verdict} |".replace("  |", " |")
        for value in values
    ]
    date = datetime.datetime.now(datetime.UTC).date()
    return "\n".join(["| measured | value | limit | |", "|---|---|---|---|", *rows, "", f"{date}: {on}."])


def _cut(page: str, heading: str) -> tuple[str, str, str]:
    """Returns what lies before the section of that heading, its text, and what follows it."""
    lines = page.splitlines()
    starts = [number for number, line in _headings(lines) if line.startswith("## ")]
    own = [number for number in starts if lines[number].startswith(heading)]
    if not own:
        return page, "", ""
    end = min((number for number in starts if number > own[0]), default=len(lines))
    return "\n".join(lines[: own[0]]), "\n".join(lines[own[0] + 1 : end]), "\n".join(lines[end:])


def _cases(section: str) -> dict[str, str]:
    """Returns the text of each case of the section."""
    lines = section.splitlines()
    starts = [number for number, line in _headings(lines) if line.startswith("### ")]
    ends = [*starts[1:], len(lines)]
    return {
        lines[start].removeprefix("### ").strip(): "\n".join(lines[start + 1 : end]).strip("\n")
        for start, end in zip(starts, ends, strict=False)
    }


def _headings(lines: Sequence[str]) -> list[tuple[int, str]]:
    """Returns the lines that are headings, those in fenced blocks left out."""
    found, fenced = [], False
    for number, line in enumerate(lines):
        fenced ^= line.startswith("```")
        if line.startswith("#") and not fenced:
            found.append((number, line))
    return found

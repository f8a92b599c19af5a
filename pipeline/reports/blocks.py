"""Blocks of a page: what a section shows, as plain values; the templates alone know how they look."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

Tone = Literal["good", "warn", "stop", "info"]


@dataclass(frozen=True)
class Block:
    """Part of a section.

    Attributes:
        kind: the macro of `templates/blocks.html` that draws it.
    """

    kind: ClassVar[str]


@dataclass(frozen=True)
class Text(Block):
    """A paragraph.

    Attributes:
        text: in words, without markup.
        small: beside the matter: how something was measured.
    """

    kind = "paragraph"
    text: str
    small: bool = False


@dataclass(frozen=True)
class Fact:
    """A number that a person looks for first.

    Attributes:
        label: what it is.
        value: as it is shown.
        note: a few words under it.
        tone: "" for a plain one.
    """

    label: str
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Facts(Block):
    """Large numbers beside one another."""

    kind = "facts"
    facts: Sequence[Fact]


@dataclass(frozen=True)
class Line:
    """A finding, a warning or a suggestion.

    Attributes:
        text: what it says.
        tone: how much it matters.
        name: the word before it.
        evidence: what it rests on.
    """

    text: str
    tone: Tone = "info"
    name: str = ""
    evidence: str = ""


@dataclass(frozen=True)
class Lines(Block):
    """Lines under one another, each with how much it matters."""

    kind = "lines"
    lines: Sequence[Line]


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: as it is shown.
        strength: 0 to 1, how deep its ground is coloured; None: not at all.
        tone: "" for a plain one.
        link: the anchor of a part of the page, "" for none.
    """

    text: str
    strength: float | None = None
    tone: str = ""
    link: str = ""


@dataclass(frozen=True)
class Table(Block):
    """A table; the first cell of a row is its heading.

    Attributes:
        caption: what it shows.
        headings: of the columns.
        rows: texts or cells.
        words: columns, besides the first, that hold words; the others are numbers, flush right.
        dense: small cells, for matrices.
    """

    kind = "grid"
    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]
    words: Sequence[int] = ()
    dense: bool = False

    def cells(self) -> list[list[Cell]]:
        """Returns every cell as one."""
        return [[one if isinstance(one, Cell) else Cell(str(one)) for one in row] for row in self.rows]


@dataclass(frozen=True)
class Figure(Block):
    """A drawing.

    Attributes:
        svg: markup made by `pipeline.reports.figure`, the only markup that is taken as it is.
        alt: what it shows, for who cannot see it.
        caption: under it.
    """

    kind = "figure"
    svg: str = field(repr=False)
    alt: str
    caption: str = ""


@dataclass(frozen=True)
class Picture(Block):
    """A picture of pixels.

    Attributes:
        source: a data URI.
        alt: what it shows.
        caption: under it.
        crisp: small pixels stay squares.
    """

    kind = "picture"
    source: str = field(repr=False)
    alt: str
    caption: str = ""
    crisp: bool = False


@dataclass(frozen=True)
class Tile:
    """One row of the data as a person sees it.

    Attributes:
        title: its id.
        facts: label and value: truth, answer, fold.
        shown: pictures, texts and values of the row: blocks of its own.
        tone: "warn" where its label looks wrong.
        note: what is said of it.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    shown: Sequence[Block]
    tone: str = ""
    note: str = ""


@dataclass(frozen=True)
class Tiles(Block):
    """Rows of the data beside one another."""

    kind = "tiles"
    tiles: Sequence[Tile]


@dataclass(frozen=True)
class Values(Block):
    """Columns of a row: name, value, and whether the value is unusual."""

    kind = "values"
    values: Sequence[tuple[str, str, bool]]


@dataclass(frozen=True)
class Quote(Block):
    """A text of the data."""

    kind = "quote"
    name: str
    text: str


@dataclass(frozen=True)
class Shaded(Block):
    """A text of the data, its words shaded.

    Attributes:
        name: of its column.
        parts: text, how deep its ground is coloured, -1 to 1 (None: not at all), and what is said of it where
            a pointer rests on it.
    """

    kind = "shaded"
    name: str
    parts: Sequence[tuple[str, float | None, str]]


@dataclass(frozen=True)
class Beside(Block):
    """Blocks beside one another where there is room."""

    kind = "beside"
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Folded(Block):
    """Blocks that are shown when they are asked for.

    Attributes:
        title: of what is folded away.
        blocks: inside.
        anchor: by which a link finds it, "" for none.
        open: shown from the beginning.
    """

    kind = "folded"
    title: str
    blocks: Sequence[Block]
    anchor: str = ""
    open: bool = False


def data_uri(data: bytes, media: str) -> str:
    """Returns bytes as an address that holds them."""
    return f"data:{media};base64,{base64.b64encode(data).decode('ascii')}"


def plain(value: Any, digits: int = 4) -> str:
    """Returns a number as a person writes it; what is none as text, and NaN or None as a dash."""
    if value is None or (isinstance(value, float) and value != value):
        return "–"
    if isinstance(value, float):
        text = f"{value:.{digits}g}" if abs(value) < 1e4 else f"{value:,.0f}"
        return "0" if text == "-0" else text.replace("-", "−")
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)


def score_text(value: float | None) -> str:
    """Returns a score with the digits that tables of scores have."""
    return (
        "–" if value is None or value != value else f"{value:.5f}" if abs(value) < 1000 else f"{value:,.2f}"
    )


def signed(value: float) -> str:
    """Returns a difference of scores with its sign."""
    text = f"{value:+.5f}" if abs(value) < 1000 else f"{value:+,.2f}"
    return text.replace("-", "+") if not text.strip("+-0.") else text


def seconds_text(seconds: float) -> str:
    """Returns a time as a person says it."""
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"

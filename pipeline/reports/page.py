"""Page of a run: every section that has something to show, in one file that needs no other."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pipeline.registry import SECTIONS
from pipeline.reports.blocks import Block, Line, Lines
from pipeline.reports.material import Material
from pipeline.reports.section import Section

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

VERSION = 1  # raise it when the same products would be shown in another way
HEAD = 4_000  # bytes in which a page says what it was made of


@dataclass(frozen=True)
class Part:
    """A section, drawn.

    Attributes:
        anchor: its address on the page.
        title: its heading.
        blocks: what it shows.
    """

    anchor: str
    title: str
    blocks: list[Block]


def render(material: Material, key: str, failed: Callable[[str], None], live: str = "") -> str:
    """Returns the page as HTML.

    Args:
        material: of the run.
        key: names what it is made of.
        failed: told of a section that could not be drawn: the page is made without it, for a run that took
            hours must not end in an error of its report.
        live: address of a script that loads the page again, where it is served; "" for a page that is a file.
    """
    parts = []
    for name, section in sections(material).items():
        anchor = name.replace("_", "-")
        try:
            if section.applies():
                parts.append(Part(anchor, section.title, section.blocks()))
        except Exception as error:
            text = f"The report's section {section.title!r} could not be drawn: {error!r}"
            failed(text)
            parts.append(Part(anchor, section.title, [Lines([Line(text, "warn")])]))
    page = _environment().get_template("page.html")
    return page.render(name=material.name, said=material.said, key=key, parts=parts, live=live)


def sections(material: Material) -> dict[str, Section]:
    """Returns the sections by name, in the order of the page."""
    made: dict[str, Section] = {}
    made |= {name: SECTIONS.get(name)(material, made) for name in SECTIONS}
    return dict(sorted(made.items(), key=lambda one: one[1].place))


def made_of(page: bytes) -> str:
    """Returns the key of what a page was made of, "" where it does not say."""
    found = re.search(rb'<meta name="made-of" content="([0-9a-f]*)">', page[:HEAD])
    return found[1].decode() if found else ""


@cache
def _environment() -> Environment:
    """Returns the templates, which escape whatever they are given."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("pipeline.reports")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    made.filters["marked"] = _marked
    return made


def _marked(text: str) -> Markup:
    """Returns text with what stands between backticks as code; all of it is escaped first."""
    from markupsafe import Markup, escape

    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))

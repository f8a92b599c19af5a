"""Drawings of a report: matplotlib's SVG with its text as text and its colours left to the page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipeline.reports.blocks import Figure
from pipeline.store import digest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, FAINT = "#010101", "#020202"  # stand for the page's own colours until the SVG is written
SERIES = tuple(f"#{number:02d}{number:02d}fe" for number in range(1, 7))
THEME = {INK: "var(--ink)", FAINT: "var(--line)"} | {
    colour: f"var(--c{number})" for number, colour in enumerate(SERIES, start=1)
}
MIDDLE = "#4a86c5"  # of points that are pixels: to be seen on light and on dark ground
WIDTH, HEIGHT = 380, 250  # of a drawing, in the page's pixels
DOTS = 72  # a point is a pixel
STYLE: Any = {
    "svg.fonttype": "none",  # text stays text: it can be read aloud, searched and scaled
    "svg.hashsalt": "report",  # the same drawing is the same bytes
    "text.parse_math": False,  # a class called $x$ is no formula
    "font.size": 11.0,
    "axes.labelsize": 11.0,
    "axes.titlesize": 11.0,
    "xtick.labelsize": 10.0,
    "ytick.labelsize": 10.0,
    "legend.fontsize": 10.0,
    "legend.frameon": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.titlecolor": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.6,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}
LONGEST = 24  # letters of a name on an axis


def draw(
    paint: Callable[[Axes], None], alt: str, caption: str = "", height: int = HEIGHT, grid: str = "both"
) -> Figure:
    """Draws on one pair of axes.

    Args:
        paint: draws on the axes it is given, in `SERIES`, `INK` and `FAINT`.
        alt: what it shows, for who cannot see it.
        caption: under it.
        height: in the page's pixels; the width is that of a telephone.
        grid: "x", "y", "both" or "none".
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Sheet

    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of letters that its own fonts lack: the browser has them
        sheet = Sheet(figsize=(WIDTH / DOTS, height / DOTS), dpi=DOTS, layout="constrained")
        FigureCanvasSVG(sheet)
        axes = sheet.add_subplot()
        if grid != "none":
            axes.grid(axis=grid)  # type: ignore[arg-type]
        paint(axes)
        file = io.StringIO()
        sheet.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return Figure(_themed(file.getvalue()), alt, caption)


def logarithmic(axes: Axes, *sides: str) -> None:
    """Makes "x" or "y" of the axes logarithmic, with plain numbers: powers would need a formula's letters."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    for side in sides:
        getattr(axes, f"set_{side}scale")("log")
        axis = getattr(axes, f"{side}axis")
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def whole(axes: Axes) -> None:
    """Has the x axis count in whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))


def short(name: object, most: int = LONGEST) -> str:
    """Returns a name that fits beside an axis."""
    text = " ".join(str(name).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def tall(rows: int, least: int = 110, each: int = 24) -> int:
    """Returns the height of a drawing with so many rows."""
    return max(least, 62 + each * rows)


def _themed(svg: str) -> str:
    """Returns the SVG as a part of a page: without a head, in the page's colours, names its own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    head, _, body = svg.partition(">")
    box = re.search(r'viewBox="[^"]*"', head)
    body = re.sub(r'<g id="[^"]*"', "<g", body)
    own = digest(body)[:8]
    body = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{own}", body.replace("xlink:href", "href"))
    for colour, variable in THEME.items():
        body = body.replace(colour, variable)
    body = re.sub(r"\n\s*", "\n", body)
    return f"<svg {box[0] if box else ''}>{body}"

"""Pictures of an ensemble: weights, members' scores with intervals, correlation of errors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, GREY = "#2f6fab", "#8a8a8a"


def plot_weights(weights: Mapping[str, float], path: Path) -> None:
    """Writes a bar per member, largest weight on top, as PNG.

    Args:
        weights: by member; may be of any sign.
        path: the file.
    """
    names = sorted(weights, key=lambda name: weights[name])
    figure, axes = _figure(len(names))
    bars = axes.barh(names, [weights[name] for name in names], color=BLUE)
    axes.bar_label(bars, fmt="%.3f", padding=3, fontsize=8)
    axes.axvline(0.0, color=GREY, linewidth=0.8)
    axes.margins(x=0.15)
    axes.set_xlabel("weight")
    _save(figure, path)


def plot_scores(
    scores: Mapping[str, float],
    intervals: Mapping[str, tuple[float, float]],
    metric: str,
    greater_is_better: bool,
    path: Path,
) -> None:
    """Writes a point with its interval per name, the best on top, as PNG.

    Args:
        scores: members' out-of-fold scores and the blend's cross-fitted one.
        intervals: (low, high) for the names that have one.
        metric: name on the axis.
        greater_is_better: which end is the top.
        path: the file.
    """
    names = sorted(scores, key=lambda name: scores[name], reverse=not greater_is_better)
    figure, axes = _figure(len(names))
    for height, name in enumerate(names):
        if name in intervals:
            axes.plot(intervals[name], [height, height], color=GREY, linewidth=2)
        axes.plot(scores[name], height, "o", color=BLUE)
        axes.annotate(f"{scores[name]:.5g}", (scores[name], height), (0, 5), textcoords="offset points",
                      ha="center", fontsize=8)  # fmt: skip
    axes.set_yticks(range(len(names)), names)
    axes.margins(y=0.1)
    axes.set_xlabel(f"{metric} ({'greater' if greater_is_better else 'less'} is better; bars: 95 % interval)")
    _save(figure, path)


def plot_error_correlation(names: tuple[str, ...], correlation: np.ndarray, path: Path) -> None:
    """Writes the correlation of members' errors as a heat map, as PNG.

    Args:
        names: the members.
        correlation: (members, members).
        path: the file.
    """
    figure, axes = _figure(len(names), square=True)
    lowest = min(0.0, float(correlation.min()))
    picture: Any = axes.imshow(correlation, cmap="viridis", vmin=lowest, vmax=1.0)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    if len(names) <= 20:
        for (row, column), value in np.ndenumerate(correlation):
            dark = value < (1.0 + lowest) / 2
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=8,
                      color="white" if dark else "black")  # fmt: skip
    figure.colorbar(picture, ax=axes, label="correlation of errors")
    _save(figure, path)


def _figure(names: int, square: bool = False) -> tuple[Figure, Axes]:
    """Returns a figure without a window, tall enough for so many names."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height = max(2.5, 1.2 + 0.38 * names)
    figure = Figure(figsize=(height * 1.25 + 1.5 if square else 8.0, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    if not square:
        axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Figure, path: Path) -> None:
    # Without the software's name and version in the file, the same picture is the same bytes.
    figure.savefig(path, format="png", dpi=110, metadata={"Software": None})

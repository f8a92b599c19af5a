"""Representation: rows that look alike to a network, or by their columns, lie side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pipeline.registry import INPUTS
from pipeline.reports.blocks import Beside, Block, Figure, Folded, Picture, Text
from pipeline.reports.figure import INK, draw, short
from pipeline.reports.picture_map import picture_map
from pipeline.reports.projection import components, tsne
from pipeline.reports.representation import embedded, encoded, network_of
from pipeline.reports.row_losses import on_scale
from pipeline.reports.section import SECTIONS, Section
from pipeline.reports.sections.map import COLOURS, MOST_NAMED

MOST_ROWS, MOST_TEST, FEWEST = 500, 200, 10
SCALE = "viridis"  # of values and of errors: to be seen on light and on dark ground
TEST = "#999999"


@dataclass(frozen=True)
class Mapped:
    """Rows on the maps.

    Attributes:
        rows: positions in the training table; test rows stand behind them.
        flat: (rows + test rows, 2), principal components.
        share: of the spread that these hold.
        near: (rows + test rows, 2), by t-SNE.
        said: what the rows are represented by.
    """

    rows: np.ndarray
    flat: np.ndarray
    share: float
    near: np.ndarray
    said: str


@SECTIONS.register("representation")
class Representation(Section):
    """Maps of what rows look like, training rows out of fold and test rows together."""

    title = "Map of the rows"
    place = 132

    def applies(self) -> bool:
        return not self.material.task.dense and self.mapped is not None

    def blocks(self) -> list[Block]:
        if self.mapped is None:
            return []
        one, many = self.mapped, len(self.mapped.flat) - len(self.mapped.rows)
        shown = f"{len(one.rows):,} training rows and {many:,} test rows"
        flat = f"{shown}; two principal components, {one.share:.0%} of the spread."
        drawn = [
            self._figure(one.flat, True, flat),
            self._figure(one.near, True, f"The same by t-SNE, coloured by {self._what}."),
            self._figure(one.near, False, "The same by t-SNE, coloured by how far the answer is off."),
        ]
        text = (
            f"Rows by {one.said}. Test rows are crosses; rings are wrong answers. Crosses where no training "
            "row lies are rows of a kind that no model has seen. In t-SNE only what is near means anything."
        )
        return [Beside(drawn), *self._pictures(one), Text(text, small=True)]

    @cached_property
    def mapped(self) -> Mapped | None:
        """The rows on the maps, None where there is nothing to represent them by."""
        answer, run = self.material.answer, self.material.run
        if answer is None or self.material.task.dense:
            return None
        rng = np.random.default_rng(run.config.seed)
        test = np.sort(rng.permutation(len(run.competition.test_ids))[:MOST_TEST])
        network = network_of(self.material)
        if network is not None:
            fold = run.folds.with_rows(network.first[0])
            rows = np.sort(rng.permutation(np.intersect1d(fold.valid, answer.rows))[:MOST_ROWS])
            said = (
                f"the embedding of {network.name}, of rows that its network ({fold.label}) was not trained on"
            )
        else:
            rows, said = (
                np.sort(rng.permutation(answer.rows)[:MOST_ROWS]),
                "their columns and words, on one scale",
            )
        if len(rows) < FEWEST:
            return None
        values = embedded(network, fold, rows, test) if network else encoded(self.material, rows, test)
        if values is None:
            return None
        flat, share = components(values.astype(np.float64))
        return Mapped(rows, flat, share, tsne(values), said)

    @property
    def _what(self) -> str:
        task = self.material.task
        return "class" if task.exclusive else f"{task.outputs[0]}" if len(task.outputs) else "answer"

    def _figure(self, points: np.ndarray, by_class: bool, caption: str) -> Figure:
        rows = self.mapped.rows if self.mapped else np.zeros(0, int)
        own, test = points[: len(rows)], points[len(rows) :]

        def paint(axes: Any) -> None:
            axes.scatter(*test.T, s=9, marker="x", color=TEST, linewidths=0.7, alpha=0.7, rasterized=True)
            axes.plot([], [], "x", color=TEST, label="test", markersize=4)
            if by_class and self.material.task.exclusive:
                self._classes(axes, own, rows)
            else:
                values = self._truth(rows) if by_class else self._losses(rows)
                low, high = np.nanquantile(values, [0.02, 0.98])
                axes.scatter(
                    *own.T, c=values, cmap=SCALE, vmin=low, vmax=max(high, low + 1e-9), s=9, linewidths=0,
                    rasterized=True,
                )  # fmt: skip
                for place, name in ((0.0, "low"), (1.0, "high")):
                    colour = _colour(place)
                    axes.plot([], [], "o", color=colour, label=name, markersize=4)
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handletextpad=0.2)
            axes.set_xticks([])
            axes.set_yticks([])

        return draw(paint, f"Map of {len(points):,} rows. {caption}", caption, 300, "none")

    def _classes(self, axes: Any, points: np.ndarray, rows: np.ndarray) -> None:
        """Draws the points in the colours of the commonest classes, wrong answers ringed."""
        material, truth = self.material, np.asarray(self.material.target)[rows]
        common = np.argsort(-np.bincount(truth), kind="stable")[:MOST_NAMED]
        rest = ~np.isin(truth, common)
        axes.scatter(*points[rest].T, s=9, color=INK, linewidths=0, alpha=0.4, rasterized=True)
        for number, label in enumerate(sorted(common.tolist())):
            some, colour = truth == label, COLOURS[number % len(COLOURS)]
            axes.scatter(*points[some].T, s=9, color=colour, linewidths=0, alpha=0.8, rasterized=True)
            axes.plot([], [], "o", color=colour, label=short(material.task.outputs[label], 14), markersize=4)
        wrong = self._said(rows) != truth
        axes.plot(*points[wrong].T, "o", color=INK, fillstyle="none", markeredgewidth=0.7, markersize=5)

    def _places(self, rows: np.ndarray) -> np.ndarray:
        """Returns where rows stand among those that are answered."""
        answered = self.material.answer.rows if self.material.answer else np.zeros(0, int)
        return np.searchsorted(answered, rows)

    def _said(self, rows: np.ndarray) -> np.ndarray:
        return np.asarray(self.material.decided)[self._places(rows)]

    def _losses(self, rows: np.ndarray) -> np.ndarray:
        return self.material.losses[self._places(rows)]

    def _truth(self, rows: np.ndarray) -> np.ndarray:
        truth = np.asarray(self.material.target)[rows]
        return on_scale(self.material.task, truth if truth.ndim == 1 else truth[:, 0])

    def _pictures(self, one: Mapped) -> list[Block]:
        """Returns the map with pictures as points, folded away; nothing where rows have none."""
        run = self.material.run
        shop = run.workshop(next(iter(run.plan.models)))
        for name in INPUTS:
            known = INPUTS.get(name)()
            if not known.located or not known.there(run.competition):
                continue
            source, count = picture_map(
                one.near[: len(one.rows)],
                lambda places, known=known: (  # type: ignore[misc]
                    [shown.picture for shown in known.shown(shop, one.rows[places].tolist())]
                    or [None] * len(places)  # numbers of a clip are nothing to see
                ),
            )
            if count:
                text = f"{count} pictures where t-SNE puts them, none over another"
                return [Folded("Pictures as points", [Picture(source, text, text)])]
        return []


def _colour(place: float) -> str:
    """Returns the colour of the scale's low or high end."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return str(to_hex(colormaps[SCALE](place)))

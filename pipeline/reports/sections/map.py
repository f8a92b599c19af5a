"""Map: rows that are answered alike lie side by side; errors stand out."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.reports.blocks import Block, Figure, Text
from pipeline.reports.figure import INK, draw, short
from pipeline.reports.projection import components
from pipeline.reports.section import SECTIONS, Section

MOST_POINTS = 3_000
MOST_NAMED = 10  # classes with a colour of their own, the most common
COLOURS = (
    "#4a86c5",
    "#e07b39",
    "#4fa36c",
    "#b05cc4",
    "#c9a227",
    "#d64550",
    "#3fb0ac",
    "#8c6d4f",
    "#e377a2",
    "#7f8c9a",
)
SMALLEST = 1e-4
MANY = 0.15  # share of wrong answers, from which their rings are faint


@SECTIONS.register("map")
class Map(Section):
    """Principal components of the out-of-fold answers."""

    title = "Map of the answers"
    place = 130

    def applies(self) -> bool:
        task, answer = self.material.task, self.material.answer
        return task.exclusive and task.n_outputs > 2 and answer is not None and len(answer.rows) > 2

    def blocks(self) -> list[Block]:
        text = (
            "The two principal components of the log-probabilities, out of fold; rings are wrong answers. "
            "Classes that lie over one another are hard to tell apart; a ring deep inside another class may "
            "be a wrong label."
        )
        return [self._figure(), Text(text, small=True)]

    def _figure(self) -> Figure:
        material, answer = self.material, self.material.answer
        if answer is None:
            raise ValueError("There is no answer to draw.")
        some = np.random.default_rng(0).permutation(len(answer.rows))[:MOST_POINTS]
        truth, said = np.asarray(material.target)[answer.rows[some]], material.decided[some]
        chances = answer.oof[answer.rows[some]].astype(float)
        points, share = components(np.log(np.maximum(chances, SMALLEST)))
        common = np.argsort(-np.bincount(truth), kind="stable")[:MOST_NAMED]

        def paint(axes: Any) -> None:
            rest = ~np.isin(truth, common)
            axes.scatter(*points[rest].T, s=7, color="#999999", linewidths=0, alpha=0.6, rasterized=True)
            for number, label in enumerate(sorted(common.tolist())):
                rows, colour = truth == label, COLOURS[number % len(COLOURS)]
                name = short(material.task.outputs[label], 14)
                axes.scatter(*points[rows].T, s=7, color=colour, linewidths=0, alpha=0.7, rasterized=True)
                axes.plot([], [], "o", color=colour, label=name, markersize=4)
            wrong = said != truth
            ring: Any = {"fillstyle": "none", "markeredgewidth": 0.7, "markersize": 5}
            ring["alpha"] = 1.0 if wrong.mean() < MANY else 0.25
            axes.plot(*points[wrong].T, "o", color=INK, **ring)
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handletextpad=0.2)
            axes.set_xticks([])
            axes.set_yticks([])

        wrong = int((said != truth).sum())
        alt = f"{len(some):,} rows by two principal components of their answers; {wrong:,} are wrong."
        caption = f"{len(some):,} rows; the components hold {share:.0%} of the spread."
        return draw(paint, alt, caption, 330, "none")

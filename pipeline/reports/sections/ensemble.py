"""Ensemble: members' scores with intervals, their weights, and how alike their errors are."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.reports.blocks import Beside, Block, Cell, Figure, Folded, Table, score_text
from pipeline.reports.figure import FAINT, INK, SERIES, draw, short, tall
from pipeline.reports.section import SECTIONS, Advice, Section

MOST = 20  # members drawn, the best
ALIKE = 0.98  # correlation of errors from which two members say the same


@SECTIONS.register("ensemble")
class Ensemble(Section):
    """Members of the blend."""

    title = "Ensemble"
    place = 10

    def applies(self) -> bool:
        return self.material.blended is not None and len(self.material.scores) > 1

    def blocks(self) -> list[Block]:
        facts = self._facts
        drawn: list[Block] = [self._scores()]
        if facts["weights"]:
            drawn.append(self._weights())
        found: list[Block] = [Beside(drawn)]
        if facts.get("error_correlation"):
            found.append(self._correlation())
        if tried := [one for one in facts["candidates"] if one["cross_fitted"] is not None]:
            found.append(Folded("Methods that were tried", [self._methods(tried)]))
        if facts["dropped"]:
            rows = [[name, why] for name, why in facts["dropped"].items()]
            found.append(
                Folded("Members that were dropped", [Table("Why", ("member", "reason"), rows, (1,))])
            )
        return found

    def advice(self) -> list[Advice]:
        """Says where members are so alike that another one of the kind adds nothing."""
        names, matrix = self._facts.get("correlated", []), self._facts.get("error_correlation")
        if not matrix or len(names) < 2:
            return []
        values = np.array(matrix)[np.triu_indices(len(names), 1)]
        if values.min() < ALIKE:
            return []
        return [
            Advice(
                "Add a model of another kind (docs/models.md): one more of these would say the same again.",
                f"The errors of all members are correlated by {values.min():.2f} or more.",
                0.5,
            )
        ]

    @property
    def _facts(self) -> Any:
        return self.material.blended.facts if self.material.blended else {}

    def _scores(self) -> Figure:
        material, intervals = self.material, self._facts["intervals"]
        scores = {name: material.scores[name] for name in material.ranked[:MOST]}
        scores["ensemble"] = self._facts["cross_fitted_score"]
        names = sorted(scores, key=lambda name: material.sign * scores[name])

        def paint(axes: Any) -> None:
            for height, name in enumerate(names):
                if name in intervals:
                    axes.plot(intervals[name], [height, height], color=INK, linewidth=1.2, alpha=0.6)
                axes.plot(scores[name], height, "o", color=SERIES[1 if name == "ensemble" else 0])
            axes.set_yticks(range(len(names)), [short(name) for name in names])
            axes.margins(y=0.12)
            axes.set_xlabel(material.metric.name)

        best = names[-1]
        alt = f"Scores of {len(names)} models with their intervals; best: {best}, {score_text(scores[best])}."
        caption = "Scores out of fold, with 95 % intervals (bootstrap)."
        return draw(paint, alt, caption, tall(len(names)), "x")

    def _weights(self) -> Figure:
        weights = self._facts["weights"]
        names = sorted(weights, key=lambda name: weights[name])[-MOST:]

        def paint(axes: Any) -> None:
            bars = axes.barh(
                [short(name) for name in names], [weights[name] for name in names], color=SERIES[0]
            )
            axes.bar_label(bars, fmt="%.3f", padding=3, fontsize=10)
            axes.axvline(0.0, color=FAINT, linewidth=0.8)
            axes.margins(x=0.18)

        listed = ", ".join(f"{name} {weights[name]:.3f}" for name in reversed(names))
        return draw(paint, f"Weights: {listed}.", "Weights of the members.", tall(len(names)), "x")

    def _correlation(self) -> Table:
        names, matrix = self._facts["correlated"], self._facts["error_correlation"]
        rows: list[list[str | Cell]] = [
            [name, *(Cell(f"{value:.2f}", max(0.0, value) ** 2) for value in line[:MOST])]
            for name, line in zip(names[:MOST], matrix[:MOST], strict=True)
        ]
        text = "Correlation of the members' errors: the lower, the more a blend gains."
        return Table(text, ["", *names[:MOST]], rows, dense=True)

    def _methods(self, tried: list[dict[str, Any]]) -> Table:
        order = sorted(tried, key=lambda one: -self.material.sign * one["cross_fitted"])
        keys = ("cross_fitted", "standard_error", "in_sample")
        rows = [
            [one["name"], *(score_text(one[key]) for key in keys), f"{one['seconds']:.1f}"] for one in order
        ]
        return Table(
            "Before post-processing, the best first",
            ("method", "cross-fitted", "±", "in-sample", "seconds"),
            rows,
        )

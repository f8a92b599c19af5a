"""Learning: how the loss of every network and booster fell, what was kept of it, and why it ended."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from pipeline.reports.blocks import Beside, Block, Cell, Figure, Folded, Table
from pipeline.reports.figure import INK, SERIES, draw, logarithmic, whole
from pipeline.reports.section import SECTIONS, Advice, Section

MOST_MODELS = 8  # drawn
NEAR_THE_END = 0.9  # share of all epochs: the best one after it means that it was still improving
Curve = dict[str, Any]


@SECTIONS.register("learning")
class Learning(Section):
    """Learning curves."""

    title = "Learning curves"
    place = 30

    def applies(self) -> bool:
        return bool(self._curves)

    def blocks(self) -> list[Block]:
        drawn = [figure for name in list(self._curves)[:MOST_MODELS] for figure in self._figures(name)]
        rows = [row for name in self._curves for row in self._rows(name)]
        headings = ("model", "fold", "phase", "done", "of", "kept", "ended by")
        table = Table("Every fit: how many epochs or rounds, and which was kept", headings, rows, (1, 2, 6))
        return [Beside(drawn), Folded(f"All {len(rows)} phases in numbers", [table])]

    def advice(self) -> list[Advice]:
        return [one for name in self._curves for one in (self._late(name), self._capped(name)) if one]

    @cached_property
    def _curves(self) -> dict[str, list[tuple[str, Curve]]]:
        """By model: the label of the fit, and how a phase of it went."""
        found = {}
        for name, model in self.material.trained.items():
            pairs = [
                (label, curve)
                for label, facts in model.facts.items()
                for curve in facts["notes"].get("history", [])
                if curve["at"]
            ]
            if pairs:
                found[name] = pairs
        return found

    def _figures(self, name: str) -> Iterator[Figure]:
        phases = list(dict.fromkeys(curve["phase"] for _, curve in self._curves[name]))
        for phase in phases:
            curves = [curve for _, curve in self._curves[name] if curve["phase"] == phase]
            yield self._figure(name, phase, curves)

    def _figure(self, name: str, phase: str, curves: list[Curve]) -> Figure:
        unit = curves[0]["unit"]

        def paint(axes: Any) -> None:
            for curve in curves:
                self._paint(axes, curve)
            for key, colour, label in (
                ("losses", SERIES[0], "training"),
                ("scores", SERIES[1], "inner rows"),
            ):
                if any(key in curve for curve in curves):
                    axes.plot([], [], color=colour, label=label)
            axes.legend(loc="upper right")
            axes.set_xlabel(unit)
            whole(axes)
            axes.set_ylabel("loss")
            values = np.array([v for c in curves for k in ("losses", "scores") for v in c.get(k, [])], float)
            values = values[np.isfinite(values)]
            if len(values) and values.min() > 0 and values.max() > 30 * values.min():
                logarithmic(axes, "y")
            rates = next((curve for curve in curves if len(set(curve.get("rates", []))) > 1), None)
            if rates:
                side = axes.twinx()
                side.plot(rates["at"], rates["rates"], color=INK, linewidth=0.8, linestyle=":", alpha=0.7)
                side.set_ylabel("rate (dotted)")
                side.set_ylim(bottom=0)
                side.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))

        kept = [curve["chosen"] or curve["done"] for curve in curves]
        spread = f"{min(kept)} to {max(kept)}" if min(kept) < max(kept) else f"{kept[0]}"
        alt = f"Loss of {name}, phase {phase}, by {unit}, {len(curves)} fits; kept: {unit} {spread}."
        return draw(paint, alt, f"{name}, {phase}: kept is {unit} {spread} (dots).")

    def _paint(self, axes: Any, curve: Curve) -> None:
        for key, colour in (("losses", SERIES[0]), ("scores", SERIES[1])):
            if key in curve:
                axes.plot(curve["at"], curve[key], color=colour, linewidth=1.1, alpha=0.75)
        if curve["chosen"] and "scores" in curve:
            place = int(np.argmin(np.abs(np.array(curve["at"]) - curve["chosen"])))
            axes.plot(curve["at"][place], curve["scores"][place], "o", color=SERIES[1], markersize=4)

    def _rows(self, name: str) -> Iterator[list[str | Cell]]:
        for label, curve in self._curves[name]:
            unit, done, planned = curve["unit"], curve["done"], curve["planned"]
            ended = "its end" if done >= planned else "early stopping"
            late = curve["late"]
            yield [
                name, label, f"{curve['phase']} ({unit}s)", f"{done:,}", f"{planned:,}",
                f"{curve['chosen'] or done:,}", Cell("the time", tone="warn") if late else ended,
            ]  # fmt: skip

    def _late(self, name: str) -> Advice | None:
        """Says where time ended fits that were still improving."""
        late = [curve for _, curve in self._curves[name] if curve["late"] and _improving(curve)]
        if not late:
            return None
        curve = max(late, key=lambda one: one["planned"])
        done = f"{curve['done']:,} of {curve['planned']:,} {curve['unit']}s"
        evidence = f"{len(late)} of its fits were ended by the time while their loss still fell ({done})."
        return Advice(f"Give {name} more time (BUDGET, or `models.{name}.max_seconds`).", evidence, 0.9)

    def _capped(self, name: str) -> Advice | None:
        """Says where fits took all epochs or rounds that they were given and were best at the end."""
        watched = [curve for _, curve in self._curves[name] if "scores" in curve]
        capped = [
            one
            for one in watched
            if one["done"] >= one["planned"] and one["chosen"] > NEAR_THE_END * one["done"]
        ]
        if len(capped) * 2 <= len(watched) or not capped:
            return None
        key = "n_estimators" if capped[0]["unit"] == "round" else "epochs"
        evidence = (
            f"{len(capped)} of {len(watched)} fits were best in the last tenth of {capped[0]['planned']:,}."
        )
        return Advice(
            f"Let {name} go on: `models.{name}.{key}` above {capped[0]['planned']:,}.", evidence, 0.7
        )


def _improving(curve: Curve) -> bool:
    """Says whether the last tenth of a curve lies below what came before."""
    values = np.array(curve.get("scores") or curve.get("losses") or [], float)
    if len(values) < 3:
        return True
    last = max(1, len(values) // 10)
    return bool(np.nanmin(values[-last:]) <= np.nanmin(values[:-last]))

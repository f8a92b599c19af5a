"""Thresholds: what share of the true rows is found at which cost, by label."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from pipeline.audit.leaks import rank_auc
from pipeline.reports.blocks import Beside, Block, Cell, Figure, Table
from pipeline.reports.figure import INK, SERIES, draw, short
from pipeline.reports.section import SECTIONS, Section

MOST_LABELS = 30  # in the table, the hardest first
POINTS = 200  # of a curve
TAKEN = (0.1, 0.3, 0.5)  # shares of the rows whose gain is said
LIFTED = 0.1  # share of the rows that are picked, whose lift is said


@SECTIONS.register("thresholds")
class Thresholds(Section):
    """ROC and precision-recall."""

    title = "ROC and precision"
    place = 90

    def applies(self) -> bool:
        task, answer = self.material.task, self.material.answer
        return task.probabilities and not task.dense and answer is not None and bool(self._areas)

    def blocks(self) -> list[Block]:
        found: list[Block] = []
        if self.material.task.n_outputs == 2 and self.material.task.exclusive:
            found.append(Beside([self._roc(), self._precision(), self._gains(), self._separation()]))
        return [*found, self._table()]

    @property
    def _labels(self) -> list[int]:
        """The outputs that have a curve: of two classes the second."""
        task = self.material.task
        return [1] if task.exclusive and task.n_outputs == 2 else list(range(task.n_outputs))

    def _sides(self, label: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns what was said of a label, and whether it was true: float64 and bool (rows,)."""
        answer = self.material.answer
        if answer is None:
            return np.zeros(0), np.zeros(0, bool)
        truth = np.asarray(self.material.target)[answer.rows]
        true = truth == label if self.material.task.exclusive else truth[:, label] > 0.5
        return answer.oof[answer.rows, label].astype(float), true

    @cached_property
    def _areas(self) -> list[tuple[int, float, float, float, int]]:
        """Label, AUC, average precision, lift and true rows of the labels that have both kinds of rows."""
        found = []
        for label in self._labels:
            said, true = self._sides(label)
            if 0 < true.sum() < len(true):
                found.append((label, rank_auc(said, true), *_precision_of(said, true), int(true.sum())))
        return sorted(found, key=lambda one: one[1])

    def _table(self) -> Table:
        names = self.material.task.outputs
        rows: list[list[str | Cell]] = [
            [names[label], f"{auc:.4f}", f"{average:.4f}", f"{lift:.1f}", f"{count:,}"]
            for label, auc, average, lift, count in self._areas[:MOST_LABELS]
        ]
        return Table(
            f"By label, the hardest first. Lift: how many times more rows are true among the {LIFTED:.0%} "
            "of which it is said most surely than among all.",
            ("label", "AUC", "average precision", "lift", "true rows"),
            rows,
        )

    def _roc(self) -> Figure:
        said, true = self._sides(1)
        order = np.argsort(-said, kind="stable")
        hits, misses = np.cumsum(true[order]) / true.sum(), np.cumsum(~true[order]) / (~true).sum()
        at = _places(len(order))

        def paint(axes: Any) -> None:
            axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle="--", alpha=0.6)
            axes.plot([0, *misses[at]], [0, *hits[at]], color=SERIES[0])
            axes.set_xlabel("false rows taken")
            axes.set_ylabel("true rows found")

        auc = self._areas[0][1]
        return draw(paint, f"ROC curve, area {auc:.4f}.", f"ROC: area under the curve {auc:.4f}.")

    def _precision(self) -> Figure:
        said, true = self._sides(1)
        order = np.argsort(-said, kind="stable")
        found = np.cumsum(true[order])
        at = _places(len(order))
        name = self.material.task.outputs[1]

        def paint(axes: Any) -> None:
            axes.axhline(true.mean(), color=INK, linewidth=0.8, linestyle="--", alpha=0.6)
            axes.plot(found[at] / true.sum(), found[at] / (at + 1), color=SERIES[1])
            half = int((said > 0.5).sum())
            if half:
                axes.plot(found[half - 1] / true.sum(), found[half - 1] / half, "o", color=SERIES[1])
            axes.set_xlabel("recall")
            axes.set_ylabel("precision")
            axes.set_ylim(0, 1.04)

        average = self._areas[0][2]
        caption = f"Precision and recall of {name}; the dot: 50 % are said. Average precision {average:.4f}."
        return draw(paint, f"Precision by recall of {name}, average {average:.4f}.", caption)

    def _gains(self) -> Figure:
        said, true = self._sides(1)
        order = np.argsort(-said, kind="stable")
        found, at, rows = np.cumsum(true[order]) / true.sum(), _places(len(order)), len(order)

        def paint(axes: Any) -> None:
            best = true.mean()
            axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle="--", alpha=0.6, label="at random")
            axes.plot([0, best, 1], [0, 1, 1], color=INK, linewidth=0.8, linestyle=":", label="at best")
            axes.plot([0, *((at + 1) / rows)], [0, *found[at]], color=SERIES[0], label="answers")
            axes.legend(loc="lower right")
            axes.set_xlabel("rows taken, the surest first")
            axes.set_ylabel("true rows found")

        parts = [f"{share:.0%} hold {found[max(1, round(share * rows)) - 1]:.0%}" for share in TAKEN]
        name = self.material.task.outputs[1]
        caption = f"Cumulative gains of {name}: of the rows, the surest {', '.join(parts)} of the true ones."
        return draw(paint, caption, caption)

    def _separation(self) -> Figure:
        said, true = self._sides(1)
        at, apart = separation(said, true)
        grid = np.quantile(said, np.linspace(0, 1, POINTS))

        def paint(axes: Any) -> None:
            for number, (name, side) in enumerate(
                zip(self.material.task.outputs, (~true, true), strict=True)
            ):
                below = np.searchsorted(np.sort(said[side]), grid, side="right") / side.sum()
                axes.plot(grid, below, color=SERIES[number], label=short(name, 14))
            axes.axvline(at, color=INK, linewidth=0.8, linestyle="--", alpha=0.6)
            axes.legend(loc="lower right")
            axes.set_xlabel("said")
            axes.set_ylabel("share of rows at or below")

        caption = f"Kolmogorov and Smirnov: the sides are furthest apart, {apart:.3f}, at {at:.3f}."
        return draw(paint, caption, caption)


def separation(said: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """Returns where two sides lie furthest apart, and by how much: the statistic of Kolmogorov and Smirnov.

    Args:
        said: (rows,) chances.
        true: bool (rows,), both kinds among them.
    """
    levels = np.unique(said)
    below = [
        np.searchsorted(np.sort(said[side]), levels, side="right") / side.sum() for side in (~true, true)
    ]
    gaps = below[0] - below[1]
    place = int(np.abs(gaps).argmax())
    return float(levels[place]), float(abs(gaps[place]))


def _precision_of(said: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """Returns average precision, and the lift among the surest rows."""
    order = np.argsort(-said, kind="stable")
    found = np.cumsum(true[order])
    precision = found / np.arange(1, len(order) + 1)
    first = max(1, round(LIFTED * len(order)))
    return float(precision[true[order]].mean()), float(precision[first - 1] / true.mean())


def _places(rows: int) -> np.ndarray:
    return np.unique(np.linspace(0, rows - 1, min(rows, POINTS)).round().astype(int))

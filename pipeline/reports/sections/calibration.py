"""Calibration: whether what is said with 80 % is true in 80 % of the rows."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from pipeline.reports.blocks import Beside, Block, Figure, Folded, Table, Text
from pipeline.reports.figure import INK, SERIES, draw
from pipeline.reports.section import SECTIONS, Advice, Section

BINS = 10
FEWEST = 50  # rows
Z = 1.96
MUCH = 0.05  # calibration error from which probabilities are worth mending


class Bins(NamedTuple):
    """Bins of equal numbers of rows: what was said, what was true, and how many rows."""

    said: np.ndarray
    true: np.ndarray
    rows: np.ndarray


@SECTIONS.register("calibration")
class Calibration(Section):
    """Calibration of probabilities."""

    title = "Calibration"
    place = 80

    def applies(self) -> bool:
        material = self.material
        if not material.task.probabilities or material.task.dense or material.answer is None:
            return False
        return len(material.answer.rows) >= FEWEST

    def blocks(self) -> list[Block]:
        found: list[Block] = [Beside([self._curve(), self._histogram()])]
        where = {
            True: "the probability of the " + ("second class" if self._binary else "likeliest class"),
            False: "the probabilities of all labels",
        }[self.material.task.exclusive]
        text = (
            f"Expected calibration error {self.error:.4f} (the mean distance of a bin from the diagonal; "
            f"{BINS} bins of equal numbers of rows, by {where}, of {self._name} out of fold). "
            "Bars are 95 % intervals."
        )
        return [*found, Text(text, small=True), Folded("The same in numbers", [self._table()])]

    def advice(self) -> list[Advice]:
        metric = self.material.metric
        if self.error < MUCH or metric.wants != "probability":
            return []
        way = "too sure" if self._gap() < 0 else "not sure enough"
        text = "Calibrate (`ensemble.calibration`), or regularise the strongest model more."
        return [Advice(text, f"Answers are {way}: expected calibration error {self.error:.3f}.", 0.5)]

    @property
    def error(self) -> float:
        """Expected calibration error."""
        bins = self._bins
        return float(np.average(np.abs(bins.said - bins.true), weights=bins.rows))

    def _gap(self) -> float:
        bins = self._bins
        return float(np.average((bins.true - bins.said) * np.sign(bins.said - 0.5), weights=bins.rows))

    @property
    def _name(self) -> str:
        return self.material.answer.name if self.material.answer else ""

    @property
    def _binary(self) -> bool:
        return self.material.task.exclusive and self.material.task.n_outputs == 2

    @cached_property
    def _pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities that were said, and whether each was true."""
        task, answer = self.material.task, self.material.answer
        if answer is None:
            return np.zeros(0), np.zeros(0)
        said, truth = answer.oof[answer.rows].astype(float), np.asarray(self.material.target)[answer.rows]
        if self._binary:
            return said[:, 1], truth.astype(float)
        if task.exclusive:
            return said.max(axis=1), (said.argmax(axis=1) == truth).astype(float)
        return said.ravel(), np.asarray(truth, float).ravel()

    @cached_property
    def _bins(self) -> Bins:
        said, true = self._pairs
        order = np.argsort(said, kind="stable")
        parts = [part for part in np.array_split(order, BINS) if len(part)]
        return Bins(
            np.array([said[part].mean() for part in parts]),
            np.array([true[part].mean() for part in parts]),
            np.array([len(part) for part in parts]),
        )

    def _curve(self) -> Figure:
        bins = self._bins
        low, high = wilson(bins.true, bins.rows)

        def paint(axes: Any) -> None:
            axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle="--", alpha=0.6)
            axes.vlines(bins.said, low, high, color=SERIES[0], linewidth=1.2, alpha=0.6)
            axes.plot(bins.said, bins.true, "o-", color=SERIES[0], markersize=4)
            axes.set_xlabel("said")
            axes.set_ylabel("true")

        alt = f"What was said against what was true in {len(bins.said)} bins; mean distance {self.error:.3f}."
        return draw(paint, alt, "On the dashed line, what is said is true as often as it says.")

    def _histogram(self) -> Figure:
        said, true = self._pairs

        def paint(axes: Any) -> None:
            edges = np.linspace(said.min(), max(said.max(), said.min() + 1e-9), 21)
            sides = [said[true > 0.5], said[true <= 0.5]]
            axes.hist(sides, edges, stacked=True, color=list(SERIES[:2]), label=["true", "not true"])
            axes.legend(loc="best")
            axes.set_xlabel("said")
            axes.set_ylabel("rows")

        alt = f"How often each probability is said, of {len(said):,}; {true.mean():.1%} are true."
        return draw(paint, alt, "How often each probability is said.")

    def _table(self) -> Table:
        bins = self._bins
        low, high = wilson(bins.true, bins.rows)
        rows = [
            [f"{said:.3f}", f"{true:.3f}", f"{a:.3f} to {b:.3f}", f"{count:,}"]
            for said, true, a, b, count in zip(bins.said, bins.true, low, high, bins.rows, strict=True)
        ]
        return Table("Calibration by bin", ("said", "true", "95 %", "rows"), rows)


def wilson(share: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the 95 % interval of shares of so many rows (Wilson, 1927)."""
    middle = share + Z**2 / (2 * rows)
    spread = Z * np.sqrt(share * (1 - share) / rows + Z**2 / (4 * rows**2))
    scale = 1 + Z**2 / rows
    return (middle - spread) / scale, (middle + spread) / scale

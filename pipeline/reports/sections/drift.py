"""Drift: how the columns of the test rows differ from those of training."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from pipeline.audit.columns import Column, read_columns
from pipeline.reports.blocks import Beside, Block, Cell, Figure, Folded, Table, Text
from pipeline.reports.figure import SERIES, draw, short
from pipeline.reports.section import SECTIONS, Advice, Section

MOST, MOST_DRAWN = 12, 3
SURE = (
    1.95  # of Kolmogorov and Smirnov's distance, in units of its spread: one column in a thousand by chance
)
MUCH = 0.1  # distance from which a drift is worth a word
LEVELS = 1_000  # of a category, above which its values are names
BINS = 24


class Drift(NamedTuple):
    """Distance of a column's values in training from those in test.

    Attributes:
        column: of both tables.
        distance: the greatest difference of the distribution functions; of categories of the shares of all.
        chance: what the distance of two draws from one and the same exceeds once in a thousand.
    """

    column: Column
    distance: float
    chance: float

    @property
    def sure(self) -> bool:
        return self.distance > max(self.chance, MUCH)


@SECTIONS.register("drift")
class ColumnDrift(Section):
    """Drift between training and test."""

    title = "Training against test"
    place = 118

    def applies(self) -> bool:
        return bool(self.drifts)

    def blocks(self) -> list[Block]:
        drawn = [self._figure(one) for one in self.drifts[:MOST_DRAWN] if one.sure]
        rows: list[list[str | Cell]] = []
        for one in self.drifts[:MOST]:
            train, test = one.column.missing
            tone = "warn" if one.sure else ""
            rows.append([
                one.column.name, one.column.kind, Cell(f"{one.distance:.3f}", tone=tone), f"{one.chance:.3f}",
                f"{train:.1%}", f"{test:.1%}",
            ])  # fmt: skip
        headings = ("column", "kind", "distance", "by chance", "missing in training", "in test")
        table = Table("Columns by the distance of their sides, the farthest first", headings, rows, (1,))
        text = (
            "Distance: of numbers the greatest difference of the distribution functions, of categories that "
            "of the shares. By chance: what one column in a thousand exceeds without any drift."
        )
        if not drawn:
            said = Text("No column differs by more than chance, or by more than a little.")
            return [said, Folded("All columns", [table, Text(text, small=True)])]
        return [Beside(drawn), table, Text(text, small=True)]

    def advice(self) -> list[Advice]:
        """Says which strong column drifts."""
        if self.material.run.folds.ordered:
            return []  # time drifts
        sure = {one.column.name: one for one in self.drifts if one.sure}
        strong = [name for name in self._strong() if name in sure] or list(sure)
        if not strong:
            return []
        one = sure[strong[0]]
        evidence = f"{one.column.name}: distance {one.distance:.2f}, by chance below {one.chance:.2f}."
        text = f"Try it without {one.column.name} (`data.drop`), or with a form of it that does not drift."
        return [Advice(text, evidence, 0.55)]

    def _strong(self) -> list[str]:
        """Returns the columns that a model leans on, the strongest first, where that was measured."""
        ranked = getattr(self.others.get("importance"), "ranked", [])
        return [name for one in ranked if one.mean > 0 for name in one.columns]

    @cached_property
    def drifts(self) -> list[Drift]:
        """Columns by how far their sides are apart, the farthest beyond chance first."""
        competition = self.material.run.competition
        if competition.train is None or competition.test is None or not len(competition.test):
            return []
        found = []
        for column in read_columns(competition.train, competition.test, competition.kinds):
            measured = _measured(column)
            if measured is not None:
                found.append(measured)
        return sorted(found, key=lambda one: -one.distance / max(one.chance, 1e-9))

    def _figure(self, one: Drift) -> Figure:
        column = one.column

        def paint(axes: Any) -> None:
            for place, (side, name) in enumerate(((column.train, "training"), (column.test, "test"))):
                at, shares = _shares(column, side)
                axes.plot(at, shares, "-" if column.is_number else "o-", color=SERIES[place], label=name)
            if not column.is_number:
                levels = _levels(column)
                axes.set_xticks(range(len(levels)), [short(level, 8) for level in levels], rotation=45)
            axes.set_xlabel(short(column.name))
            axes.set_ylabel("share of the rows")
            axes.legend(loc="best")

        alt = f"{column.name} in training and in test: distance {one.distance:.3f}."
        return draw(paint, alt, f"{column.name}: distance {one.distance:.3f}, by chance {one.chance:.3f}.")


def _measured(column: Column) -> Drift | None:
    """Returns the drift of a column; None where its values are names, or nothing is known of a side."""
    if column.kind == "text":
        return None
    train, test = column.codes
    if column.is_number:
        train, test = (side[np.isfinite(side)] for side in (train, test))
    if min(len(train), len(test)) < 2 or (not column.is_number and len(_levels(column, LEVELS + 1)) > LEVELS):
        return None
    chance = SURE * float(np.sqrt((len(train) + len(test)) / (len(train) * len(test))))
    if column.is_number:
        values = np.unique(np.concatenate([train, test]))
        shares = [np.searchsorted(np.sort(side), values, side="right") / len(side) for side in (train, test)]
        return Drift(column, float(np.abs(shares[0] - shares[1]).max()), chance)
    levels = int(max(train.max(), test.max())) + 2
    if levels > min(len(train), len(test)) / 2:
        return None
    counts = [np.bincount(side.astype(int) + 1, minlength=levels) / len(side) for side in (train, test)]
    wide = (
        float(np.sqrt(levels / 2)) if levels > 2 else 1.0
    )  # the more shares there are, the more add up by chance
    return Drift(column, float(np.abs(counts[0] - counts[1]).sum() / 2), min(1.0, chance * wide))


def _levels(column: Column, most: int = 10) -> list[str]:
    """Returns a category's most common values."""
    values, counts = np.unique(np.concatenate([column.train, column.test]).astype(str), return_counts=True)
    return values[np.argsort(-counts, kind="stable")][:most].tolist()


def _shares(column: Column, side: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the places of a drawing, and the share of a side's rows at each."""
    if not column.is_number:
        levels = _levels(column)
        return np.arange(len(levels)), np.array([float(np.mean(side.astype(str) == one)) for one in levels])
    both = np.concatenate([column.train, column.test])
    both = both[np.isfinite(both)]
    low, high = np.quantile(both, [0.005, 0.995]).tolist()
    edges = np.linspace(low, high, BINS + 1)
    known = side[np.isfinite(side)]
    counts = np.histogram(known, edges)[0] / max(len(known), 1)
    return (edges[:-1] + edges[1:]) / 2, counts

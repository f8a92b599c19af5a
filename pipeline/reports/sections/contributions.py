"""Contributions: what each column adds to the answer of a row, by the boosting library's own account."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from pipeline.models.boosting import Boosting
from pipeline.reports.blocks import Beside, Block, Cell, Figure, Table, Text, plain
from pipeline.reports.contributions import Contributions, contributions
from pipeline.reports.figure import FAINT, MIDDLE, SERIES, draw, short, tall, whole
from pipeline.reports.readable import best_readable
from pipeline.reports.section import SECTIONS, Section
from pipeline.reports.trained import Trained

MOST, MOST_EFFECTS = 12, 2
LOW, HIGH = "#3f78c0", "#d2503c"  # values of a column: to be seen on light and on dark ground
SPREAD = 0.35  # half of the height over which a row's points are strewn


@SECTIONS.register("contributions")
class ColumnContributions(Section):
    """Contributions of columns, row by row."""

    title = "What moves the answers"
    place = 116

    def applies(self) -> bool:
        return self.found is not None

    def blocks(self) -> list[Block]:
        if self.found is None or self._model is None:
            return []
        one = self.found.values.shape[2] == 1
        drawn = [self._swarm(self.found), *self._effects(self.found)] if one else [self._bars(self.found)]
        text = (
            f"SHAP values by {self._model.section.kind} itself of {len(self.found.rows)} rows, each by the "
            f"fold model of {self._model.name} that was not trained on it, on the scale on which its trees "
            "add up. What is made of a column counts as the column. They say what the model does, not what "
            "would happen if a column changed."
        )
        return [Beside(drawn), self._table(self.found), Text(text, small=True)]

    @cached_property
    def _model(self) -> Trained | None:
        return best_readable(self.material, lambda kind: issubclass(kind, Boosting))

    @cached_property
    def found(self) -> Contributions | None:
        """SHAP values, None where no boosted model of the table is there."""
        frame = self.material.run.competition.train
        if self._model is None or frame is None:
            return None
        return contributions(
            self._model, [str(name) for name in frame.columns], self.material.run.config.seed
        )

    def _swarm(self, found: Contributions) -> Figure:
        """Returns every row's contribution of the strongest columns, coloured by the column's value."""
        order = found.order[:MOST][::-1]

        def paint(axes: Any) -> None:
            axes.axvline(0, color=FAINT, linewidth=1)
            rng = np.random.default_rng(0)
            for place, column in enumerate(order):
                at = place + rng.uniform(-SPREAD, SPREAD, len(found.rows))
                high = self._high(found, column)
                for some, colour in ((np.isnan(high), "#999999"), (high < 0.5, LOW), (high >= 0.5, HIGH)):
                    values = found.values[some, column, 0]
                    axes.scatter(
                        values, at[some], s=6, color=colour, alpha=0.6, linewidths=0, rasterized=True
                    )
            axes.set_yticks(range(len(order)), [short(found.columns[one]) for one in order])
            axes.set_xlabel("contribution")
            for name, colour in (("low values", LOW), ("high values", HIGH)):
                axes.plot([], [], "o", color=colour, label=name, markersize=4)
            axes.legend(loc="lower right", handletextpad=0.2)

        first = ", ".join(found.columns[one] for one in found.order[:3])
        alt = f"Contributions of {len(order)} columns to {len(found.rows)} answers; the strongest: {first}."
        caption = "Each point is a row; to the right the answer grows. Grey: no number."
        return draw(paint, alt, caption, tall(len(order), 180, 28), "x")

    def _bars(self, found: Contributions) -> Figure:
        """Returns the mean size of the contributions to each class, the largest classes apart."""
        order = found.order[:MOST][::-1]
        sizes = np.abs(found.values).mean(axis=0)
        named = np.argsort(-sizes.sum(axis=0), kind="stable")[: len(SERIES) - 1].tolist()
        names = self._outputs(found)

        def paint(axes: Any) -> None:
            begun = np.zeros(len(order))
            rest = [one for one in range(sizes.shape[1]) if one not in named]
            groups = [([one], names[one]) for one in named] + ([(rest, "the others")] if rest else [])
            for (group, name), colour in zip(groups, SERIES, strict=False):
                widths = sizes[order][:, group].sum(axis=1)
                axes.barh(range(len(order)), widths, left=begun, color=colour, label=short(name, 14))
                begun = begun + widths
            axes.set_yticks(range(len(order)), [short(found.columns[one]) for one in order])
            axes.set_xlabel("mean size of the contribution")
            axes.legend(loc="lower right")

        first = ", ".join(found.columns[one] for one in found.order[:3])
        alt = f"Mean size of the contributions of {len(order)} columns; the strongest: {first}."
        return draw(paint, alt, "Mean size of the contributions to each answer.", tall(len(order), 180), "x")

    def _effects(self, found: Contributions) -> list[Figure]:
        """Returns contributions along the values of the strongest number columns."""
        made: list[Figure] = []
        for column in found.order:
            values = self._numbers(found, column)
            if values is not None and len(np.unique(values)) > 2 and len(made) < MOST_EFFECTS:
                made.append(self._effect(found.columns[column], values, found.values[:, column, 0]))
        return made

    def _effect(self, name: str, values: np.ndarray, added: np.ndarray) -> Figure:
        def paint(axes: Any) -> None:
            axes.axhline(0, color=FAINT, linewidth=1)
            axes.scatter(values, added, s=7, color=MIDDLE, alpha=0.6, linewidths=0, rasterized=True)
            axes.set_xlabel(short(name))
            if np.array_equal(known := values[np.isfinite(values)], np.round(known)):
                whole(axes)
            axes.set_ylabel("contribution")

        return draw(paint, f"Contribution of {name} along its values.", f"What {name} adds, by its value.")

    def _table(self, found: Contributions) -> Table:
        """Returns the strongest columns beside what permutation and drift say of them."""
        ranked = getattr(self.others.get("importance"), "ranked", [])
        permuted = {name: one for one in ranked for name in one.columns}
        drifts = {one.column.name: one for one in getattr(self.others.get("drift"), "drifts", [])}
        strength, rows = found.strength, []
        for column in found.order[:MOST]:
            name = found.columns[column]
            lost, drift = permuted.get(name), drifts.get(name)
            far = f"{drift.distance:.3f}" if drift else "–"
            row: list[str | Cell] = [
                name,
                Cell(plain(float(strength[column]), 3), float(strength[column] / max(strength.max(), 1e-12))),
                plain(lost.mean, 3) if lost else "–",
                Cell(far, tone="warn" if drift and drift.sure else ""),
                f"{drift.chance:.3f}" if drift else "–",
            ]
            rows.append(row)
        headings = ("column", "mean size", "permutation", "drift", "by chance")
        caption = "Strongest columns: mean contribution, growth of the loss when shuffled, drift"
        return Table(caption, headings, rows)

    def _outputs(self, found: Contributions) -> list[str]:
        names, many = list(self.material.task.outputs), found.values.shape[2]
        return names if len(names) == many else [str(number) for number in range(many)]

    def _numbers(self, found: Contributions, column: int) -> np.ndarray | None:
        """Returns the rows' values of a number column, None of others."""
        frame, name = self.material.run.competition.train, found.columns[column]
        if frame is None or name not in frame or frame[name].dtype.kind not in "iuf":
            return None
        return frame[name].to_numpy(float)[found.rows]

    def _high(self, found: Contributions, column: int) -> np.ndarray:
        """Returns 1 where a row's value is above the median, 0 below, NaN where it is no number."""
        values = self._numbers(found, column)
        if values is None or not np.isfinite(values).any():
            return np.full(len(found.rows), np.nan)
        middle = np.nanmedian(values)
        high = values > middle if np.nanmax(values) > middle else values >= middle
        return np.where(np.isfinite(values), high.astype(float), np.nan)

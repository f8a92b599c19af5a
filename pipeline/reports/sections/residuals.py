"""Residuals: values against the truth, and where the errors lean."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.reports.blocks import Beside, Block, Figure, Table, plain
from pipeline.reports.figure import INK, MIDDLE, SERIES, draw, logarithmic, short
from pipeline.reports.row_losses import on_scale
from pipeline.reports.section import SECTIONS, Advice, Section

MOST_TARGETS, MOST_COLUMNS = 4, 4
MOST_POINTS = 4_000
PARTS = 10
LEANS = 4.0  # standard errors by which the mean residual of a part is off, from which it is worth a word


@SECTIONS.register("residuals")
class Residuals(Section):
    """Errors of values."""

    title = "Residuals"
    place = 100

    def applies(self) -> bool:
        task = self.material.task
        return not task.probabilities and not task.dense and self.material.answer is not None

    def blocks(self) -> list[Block]:
        truth, said = self._sides()
        figures: list[Block] = []
        for number, name in list(enumerate(self.material.task.outputs))[:MOST_TARGETS]:
            figures += [self._scatter(name, truth[:, number], said[:, number])]
            figures += [self._parts(name, truth[:, number], said[:, number])]
        figures += [self._by_column(name, values) for name, values in self._columns()]
        return [self._table(truth, said), Beside(figures)]

    def advice(self) -> list[Advice]:
        """Says where the errors of some rows lean to one side."""
        truth, said = self._sides()
        error = on_scale(self.material.task, said[:, 0]) - on_scale(self.material.task, truth[:, 0])
        for name, values in self._columns():
            middles, means, errors = _parts(values, error)
            sure = np.abs(means) / np.where(errors > 0, errors, np.inf)
            if len(middles) and sure.max() > LEANS:
                place = int(sure.argmax())
                way = "too high" if means[place] > 0 else "too low"
                text = f"Give the models a feature of {name}: they do not use all that it says."
                where = f"{name} {plain(float(middles[place]))}"
                evidence = f"Around {where} answers are {way} by {sure[place]:.0f} standard errors."
                return [Advice(text, evidence, 0.6)]
        return []

    def _sides(self) -> tuple[np.ndarray, np.ndarray]:
        answer = self.material.answer
        if answer is None:
            return np.zeros((0, 1)), np.zeros((0, 1))
        truth = np.asarray(self.material.target, float)[answer.rows]
        return truth.reshape(len(truth), -1), answer.oof[answer.rows].astype(float)

    def _table(self, truth: np.ndarray, said: np.ndarray) -> Table:
        rows = []
        for number, name in enumerate(self.material.task.outputs[:30]):
            error = said[:, number] - truth[:, number]
            spread = float(np.sum((truth[:, number] - truth[:, number].mean()) ** 2))
            explained = 1 - float(np.sum(error**2)) / spread if spread > 0 else float("nan")
            numbers = (error.mean(), np.median(np.abs(error)), np.quantile(np.abs(error), 0.9), explained)
            rows.append([name, *(plain(float(one)) for one in numbers)])
        headings = ("target", "mean error", "median distance", "90 % within", "R²")
        return Table("Prediction minus truth, out of fold", headings, rows)

    def _scatter(self, name: str, truth: np.ndarray, said: np.ndarray) -> Figure:
        some = np.random.default_rng(0).permutation(len(truth))[:MOST_POINTS]
        logged = self.material.task.logged and truth.min() > 0 and said.min() > 0

        def paint(axes: Any) -> None:
            axes.scatter(
                truth[some], said[some], s=5, alpha=0.35, color=MIDDLE, linewidths=0, rasterized=True
            )
            ends = [min(truth.min(), said.min()), max(truth.max(), said.max())]
            axes.plot(ends, ends, color=INK, linewidth=0.8, linestyle="--", alpha=0.7)
            if logged:
                logarithmic(axes, "x", "y")
            axes.set_xlabel(f"{short(name)}: truth")
            axes.set_ylabel("answer")

        correlation = float(np.corrcoef(truth, said)[0, 1]) if truth.std() and said.std() else float("nan")
        alt = f"Answers against the truth of {name}, {len(some):,} rows; correlation {correlation:.3f}."
        return draw(paint, alt, f"{name}: on the dashed line the answer is right.")

    def _parts(self, name: str, truth: np.ndarray, said: np.ndarray) -> Figure:
        error = on_scale(self.material.task, said) - on_scale(self.material.task, truth)
        order = np.array_split(np.argsort(said, kind="stable"), PARTS)
        bands = [np.quantile(error[part], [0.1, 0.5, 0.9]) for part in order if len(part)]
        at = [float(np.median(said[part])) for part in order if len(part)]

        def paint(axes: Any) -> None:
            axes.axhline(0.0, color=INK, linewidth=0.8, linestyle="--", alpha=0.7)
            low, middle, high = np.array(bands).T
            axes.fill_between(at, low, high, color=SERIES[0], alpha=0.2, linewidth=0)
            axes.plot(at, middle, "o-", color=SERIES[0], markersize=4)
            axes.set_xlabel(f"{short(name)}: answer")
            axes.set_ylabel("log error" if self.material.task.logged else "error")

        alt = f"Median error of {name} and the band of 80 % of the errors, by tenths of the answers."
        return draw(paint, alt, f"{name}: median error and the band of 80 %, by the answer.")

    def _columns(self) -> list[tuple[str, np.ndarray]]:
        """Returns the number columns along which the size of the errors changes most."""
        frame, answer = self.material.run.competition.train, self.material.answer
        if frame is None or answer is None:
            return []
        losses, found = self.material.losses, []
        for name in frame.columns:
            column = frame[name]
            if column.dtype.kind not in "iuf" or column.nunique() < PARTS:
                continue
            values = column.to_numpy(float)[answer.rows]
            known = np.isfinite(values)
            if known.sum() < 5 * PARTS:
                continue
            ranks = [np.argsort(np.argsort(side[known])) for side in (values, losses)]
            found.append((abs(float(np.corrcoef(np.array(ranks, float))[0, 1])), str(name), values))
        found.sort(key=lambda one: -one[0])
        return [(name, values) for _, name, values in found[:MOST_COLUMNS]]

    def _by_column(self, name: str, values: np.ndarray) -> Figure:
        truth, said = self._sides()
        error = on_scale(self.material.task, said[:, 0]) - on_scale(self.material.task, truth[:, 0])
        middles, means, errors = _parts(values, error)

        def paint(axes: Any) -> None:
            axes.axhline(0.0, color=INK, linewidth=0.8, linestyle="--", alpha=0.7)
            axes.vlines(middles, means - 2 * errors, means + 2 * errors, color=SERIES[2], alpha=0.6)
            axes.plot(middles, means, "o-", color=SERIES[2], markersize=4)
            axes.set_xlabel(short(name))
            axes.set_ylabel("mean error")

        alt = f"Mean error by tenths of {name}, with two standard errors."
        return draw(paint, alt, f"Mean error along {name}, with two standard errors.")


def _parts(values: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the middles of the tenths of a column, the mean error in each, and its standard error."""
    known = np.flatnonzero(np.isfinite(values))
    parts = np.array_split(known[np.argsort(values[known], kind="stable")], PARTS)
    parts = [part for part in parts if len(part) > 1]
    middles = np.array([np.median(values[part]) for part in parts])
    means = np.array([error[part].mean() for part in parts])
    return middles, means, np.array([error[part].std(ddof=1) / np.sqrt(len(part)) for part in parts])

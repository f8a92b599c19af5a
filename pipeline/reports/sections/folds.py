"""Folds: every model's score on every fold, side by side, for differences are seen in pairs."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from pipeline.reports.blocks import Block, Cell, Figure, Table, Text, score_text, signed
from pipeline.reports.figure import SERIES, draw, short
from pipeline.reports.material import Answer
from pipeline.reports.section import SECTIONS, Advice, Section

MOST_MODELS, MOST_FOLDS = 12, 15  # shown
UNLIKELY = 0.001  # chance by which folds differ so much, below which it is worth a word


@SECTIONS.register("folds")
class FoldScores(Section):
    """Scores by fold and model."""

    title = "Folds"
    place = 20

    def applies(self) -> bool:
        return bool(self._scores)

    def blocks(self) -> list[Block]:
        found: list[Block] = []
        if len(self._labels) > 1:
            found.append(self._lines())
        found.append(self._table())
        if harder := self._harder:
            found.append(Text(harder[1]))
        return found

    def advice(self) -> list[Advice]:
        """Says where folds differ by more than their rows do at random."""
        if not self._harder:
            return []
        label, evidence = self._harder
        text = f"Look at what the rows of {label} share: a group or a time (`folds.group`, `folds.time`)?"
        return [Advice(text, evidence, 0.6)]

    @cached_property
    def _scores(self) -> dict[str, dict[str, float]]:
        """By model, the best first, its scores by the label of the fold."""
        material = self.material
        if material.blended:  # of several repeats, ensemble and members are judged on the folds of the first
            judged = {"ensemble": material.blended.facts["cross_fitted_fold_scores"]}
            judged |= {name: material.blended.facts["member_fold_scores"][name] for name in material.ranked}
            found = {
                name: {f"fold{place}": score for place, score in enumerate(own)}
                for name, own in judged.items()
            }
        else:
            names = material.ranked or list(material.trained)
            found = {name: material.trained[name].fold_scores for name in names}
        return {name: scores for name, scores in list(found.items())[:MOST_MODELS] if scores}

    @property
    def _labels(self) -> list[str]:
        return list(dict.fromkeys(label for scores in self._scores.values() for label in scores))

    def _lines(self) -> Figure:
        names, labels = list(self._scores), self._labels[:MOST_FOLDS]

        def paint(axes: Any) -> None:
            for number, label in enumerate(labels):
                values = [self._scores[name].get(label, np.nan) for name in names]
                axes.plot(values, range(len(names)), "o-", color=SERIES[number % 6], markersize=4, alpha=0.85)
            axes.set_yticks(range(len(names)), [short(name) for name in names])
            axes.invert_yaxis()
            axes.set_xlabel(self.material.metric.name)
            axes.margins(y=0.1)

        alt = f"Scores of {len(names)} models on {len(labels)} folds; a line joins the scores on one fold."
        caption = "A line is a fold: where all lines lean the same way, the difference is real."
        return draw(paint, alt, caption, max(190, 62 + 32 * len(names)))

    def _table(self) -> Table:
        labels = self._labels[:MOST_FOLDS]
        best = next((name for name in self._scores if name != "ensemble"), next(iter(self._scores)))
        worst, top = self._range(labels)
        rows: list[list[str | Cell]] = []
        for name, scores in self._scores.items():
            cells = [self._cell(scores.get(label), worst, top) for label in labels]
            rows.append([name, *cells, *self._against(best, name)])
        headings = ["model", *labels, f"against {best}", "±"]
        return Table(
            f"Scores by fold; the difference to {best} is the mean over the folds, with its standard error.",
            headings,
            rows,
        )

    def _range(self, labels: list[str]) -> tuple[float, float]:
        values = [scores[label] for scores in self._scores.values() for label in labels if label in scores]
        ends = float(np.nanmin(values)), float(np.nanmax(values))
        return ends if self.material.metric.greater_is_better else ends[::-1]

    def _cell(self, score: float | None, worst: float, top: float) -> str | Cell:
        if score is None or not np.isfinite(score):
            return "–"
        return Cell(score_text(score), 0.0 if top == worst else (score - worst) / (top - worst) * 0.7)

    def _against(self, best: str, name: str) -> list[str]:
        """Returns by how much a model is better than another, fold by fold, and the standard error."""
        pairs = [(score, self._scores[best].get(label)) for label, score in self._scores[name].items()]
        gaps = np.array([one - other for one, other in pairs if other is not None], float)
        if name == best or not len(gaps):
            return ["", ""]
        error = gaps.std(ddof=1) / np.sqrt(len(gaps)) if len(gaps) > 1 else float("nan")
        return [signed(float(gaps.mean())), "–" if np.isnan(error) else f"{error:.5f}"]

    @cached_property
    def _harder(self) -> tuple[str, str] | None:
        """Returns the hardest fold and words on it, where folds differ more than chance.

        By the ranks of the rows' losses (Kruskal and Wallis, 1952). Rows of groups and of a time are no
        independent witnesses: nothing is said of those.
        """
        answer, run = self.material.answer, self.material.run
        if answer is None or run.competition.splitter is not None or run.folds.n < 2:
            return None
        losses = self._terms(answer)
        if losses is None:
            return None
        folds, ranks = self.material.fold_of[answer.rows], _ranks(losses)
        numbers = np.unique(folds)
        if len(numbers) < 2:
            return None
        chance = _kruskal(ranks, folds)
        if chance > UNLIKELY:
            return None
        means = [ranks[folds == number].mean() for number in numbers]
        label = f"fold{numbers[int(np.argmax(means))]}"
        share = max(means) / len(ranks)
        return label, (
            f"Folds differ by more than chance (p = {chance:.1g}): a row of {label} is worse than "
            f"{share:.0%} of all rows on average; the mean would be 50%."
        )

    def _terms(self, answer: Answer) -> np.ndarray | None:
        """Returns what each row adds to the loss; None where the metric is no mean of rows."""
        metric = self.material.metric
        if metric.row_means is None or self.material.task.dense:
            return None
        said = self.material.decided if metric.wants == "label" else metric.exactly(answer.oof[answer.rows])
        terms = metric.row_means.terms(*metric.asked(self.material.target[answer.rows], said))
        return -self.material.sign * np.asarray(terms, float).mean(axis=1)


def _ranks(values: np.ndarray) -> np.ndarray:
    """Returns ranks from 1, the mean rank for equal values."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def _kruskal(ranks: np.ndarray, groups: np.ndarray) -> float:
    """Returns the chance that groups of one kind differ in their ranks as much as these."""
    from scipy.special import chdtrc

    numbers, n = np.unique(groups), len(ranks)
    spread = ranks.var(ddof=1)
    if spread == 0:
        return 1.0
    between = sum((groups == k).sum() * (ranks[groups == k].mean() - (n + 1) / 2) ** 2 for k in numbers)
    return float(chdtrc(len(numbers) - 1, between / spread))

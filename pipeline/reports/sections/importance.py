"""Importance: which columns a model leans on, out of fold, and how answers follow the strongest."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from pipeline.models.table import TableModel
from pipeline.reports.blocks import Beside, Block, Cell, Figure, Folded, Table, Text
from pipeline.reports.figure import INK, SERIES, draw, short, tall, whole
from pipeline.reports.gains import gains_by_model
from pipeline.reports.parts import parts_of
from pipeline.reports.permutation import Importance, importances
from pipeline.reports.readable import best_readable, readable
from pipeline.reports.section import SECTIONS, Advice, Section
from pipeline.reports.trained import Trained

MOST, MOST_EFFECTS, MOST_WORDS = 20, 4, 8
USELESS = 0.5  # share of the columns that change nothing, from which it is worth a word


@SECTIONS.register("importance")
class ColumnImportance(Section):
    """Importance of columns."""

    title = "What models look at"
    place = 115

    def applies(self) -> bool:
        return self._model is not None or bool(self._words())

    def blocks(self) -> list[Block]:
        found: list[Block] = []
        if self.ranked:
            found += [Beside([self._bars(), *self._effects()])]
            folds = len(self.ranked[0].losses)
            seen = f"{folds} folds" if folds > 1 else "one fold"
            text = (
                f"Permutation: by how much the loss of {self._name} grows when a column is shuffled among "
                f"rows that its fold model was not trained on ({seen}; bars: two standard errors). "
                "Columns whose ranks hang together are shuffled together."
            )
            found.append(Text(text, small=True))
        if gains := self._gains():
            title = f"What the splits of {self._name} gained"
            found.append(Folded(title, [gains], open=not self.ranked))
        return [*found, *self._beside(), *self._words()]

    def advice(self) -> list[Advice]:
        """Says where most columns change nothing."""
        idle = [one.name for one in self.ranked if one.mean <= 0]
        if len(self.ranked) < 10 or len(idle) < USELESS * len(self.ranked):
            return []
        evidence = f"Shuffling {len(idle)} of {len(self.ranked)} columns costs {self._name} nothing."
        return [Advice("Try it with fewer columns (`data.drop`).", evidence, 0.3)]

    @property
    def _name(self) -> str:
        return self._model.name if self._model else ""

    @cached_property
    def _model(self) -> Trained | None:
        """The best model of the table that is quick to read back and reads no other."""
        return best_readable(self.material, _says_gains)

    @cached_property
    def ranked(self) -> list[Importance]:
        """Groups of columns, the most important first."""
        if self._model is None:
            return []
        return importances(self._model, self.material.metric, self.material.run.config.seed)

    def _bars(self) -> Figure:
        some = self.ranked[:MOST][::-1]

        def paint(axes: Any) -> None:
            names = [short(one.name) for one in some]
            axes.barh(range(len(some)), [one.mean for one in some], color=SERIES[0])
            for place, one in enumerate(some):
                if np.isfinite(one.error):
                    ends = [one.mean - 2 * one.error, one.mean + 2 * one.error]
                    axes.plot(ends, [place, place], color=INK, linewidth=1.0, alpha=0.7)
            axes.set_yticks(range(len(some)), names)
            axes.set_xlabel("growth of the loss")

        first = ", ".join(one.name for one in self.ranked[:3])
        alt = f"Permutation importance of {len(some)} columns; the strongest: {first}."
        caption = f"Permutation importance for {self._name}, out of fold."
        return draw(paint, alt, caption, tall(len(some)), "x")

    def _effects(self) -> list[Figure]:
        """Returns how truth and answer go along the strongest number columns."""
        task, answer = self.material.task, self.material.answer
        frame = self.material.run.competition.train
        if answer is None or frame is None or (task.exclusive and task.n_outputs > 2):
            return []
        label = 1 if task.exclusive else 0
        truth = np.asarray(self.material.target)[answer.rows]
        true = truth.astype(float) if truth.ndim == 1 else truth[:, label].astype(float)
        said = answer.oof[answer.rows, label].astype(float)
        found: list[Figure] = []
        for name in (one.columns[0] for one in self.ranked):
            column = frame[name]
            if column.dtype.kind in "iuf" and column.nunique() > 2 and len(found) < MOST_EFFECTS:
                found.append(self._effect(name, column.to_numpy(float)[answer.rows], true, said))
        return found

    def _effect(self, name: str, values: np.ndarray, true: np.ndarray, said: np.ndarray) -> Figure:
        groups = parts_of(values)
        at = [values[group].mean() for group in groups]

        def paint(axes: Any) -> None:
            axes.plot(at, [true[group].mean() for group in groups], "o", color=SERIES[1], label="truth")
            axes.plot(at, [said[group].mean() for group in groups], "-", color=SERIES[0], label="answer")
            axes.legend(loc="best")
            axes.set_xlabel(short(name))
            axes.set_ylabel("mean")
            if np.array_equal(at, np.round(at)):
                whole(axes)

        alt = f"Mean truth and mean answer along {name}, in {len(groups)} parts."
        return draw(paint, alt, f"Mean truth and answer along {name}.")

    def _gains(self) -> Table | None:
        """Returns the features by what the splits of the first fold's model gained."""
        if self._model is None:
            return None
        fold, model = self._model.first
        gains = model.gains()
        order = sorted(gains, key=lambda name: -gains[name])[:MOST]
        rows: list[list[str | Cell]] = [[name, Cell(f"{gains[name]:.1%}", gains[name])] for name in order]
        text = f"Features of {self._name} as it encodes them, {fold.label}: share of what all splits gained"
        return Table(text, ("feature", "share"), rows) if rows else None

    def _beside(self) -> list[Block]:
        """Returns the columns by what the splits of several models gained, those first that any leans on."""
        columns = self._columns
        models = readable(self.material, _says_gains) if len(columns) > 1 else []
        by_model = gains_by_model(models, columns) if len(models) > 1 else {}
        if len(by_model) < 2:
            return []
        mean = {name: sum(one.get(name, 0.0) for one in by_model.values()) for name in columns}
        order = [name for name in sorted(columns, key=lambda name: -mean[name]) if mean[name] > 0][:MOST]
        rows: list[list[str | Cell]] = [
            [
                short(name),
                *(Cell(f"{one.get(name, 0.0):.1%}", one.get(name, 0.0)) for one in by_model.values()),
            ]
            for name in order
        ]
        text = "Columns by model: share of what all splits of the first fold's model gained"
        return [Table(text, ("column", *by_model), rows)]

    @property
    def _columns(self) -> list[str]:
        """Columns of the table, and those that features are named after where they are made of none."""
        frame = self.material.run.competition.train
        return [str(name) for name in frame.columns] if frame is not None else []

    def _words(self) -> list[Block]:
        """Returns the words that speak most for each class, where a model of n-grams noted them."""
        found: list[Block] = []
        for name, model in self.material.trained.items():
            noted = next((facts["notes"].get("strongest") for facts in model.facts.values()), None)
            if noted:
                names = self.material.task.outputs
                labels = names if len(noted) == len(names) else names[-1:]
                rows = [
                    [one, ", ".join(map(_quoted, words[:MOST_WORDS]))]
                    for one, words in zip(labels, noted, strict=False)
                ]
                text = f"What {name} takes as the strongest signs"
                found.append(Table(text, ("answer", "n-grams"), rows, (1,)))
        return found


def _says_gains(kind: type[TableModel]) -> bool:
    return kind._gains is not TableModel._gains


def _quoted(ngram: str) -> str:
    """Returns an n-gram in quotes, without the column and the way of cutting before it."""
    return f"“{ngram.partition(': ')[2] or ngram}”"

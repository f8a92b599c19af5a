"""Board: cross-fitted against public score over the runs, and what changed in between."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.reports.blocks import Block, Cell, Figure, Table, score_text, seconds_text, signed
from pipeline.reports.figure import SERIES, draw, whole
from pipeline.reports.section import SECTIONS, Advice, Section

MOST = 30  # runs shown, the last ones
ENOUGH = 4  # runs with a public score, from which ranks are compared


@SECTIONS.register("board")
class Runs(Section):
    """Runs of the competition."""

    title = "Runs so far"
    place = 60

    def applies(self) -> bool:
        return bool(self.material.board.runs)

    def blocks(self) -> list[Block]:
        found: list[Block] = [self._lines()] if len(self.material.board.runs) > 1 else []
        return [*found, self._table()]

    def advice(self) -> list[Advice]:
        """Says where the public score does not follow the folds."""
        pairs = self._pairs()
        if len(pairs) < ENOUGH:
            return []
        ranks = np.array([np.argsort(np.argsort(side)) for side in np.array(pairs).T], float)
        agreement = float(np.corrcoef(ranks)[0, 1])
        if agreement > 0.3:
            return []
        evidence = f"Over {len(pairs)} runs the ranks of both scores correlate by {agreement:.2f}."
        return [
            Advice("Trust neither the folds nor the board before you know why they disagree.", evidence, 0.8)
        ]

    def _pairs(self) -> list[tuple[float, float]]:
        board = self.material.board
        known = [(run["score"], board.public_score(run)) for run in board.runs]
        return [(score, public) for score, public in known if public is not None]

    def _lines(self) -> Figure:
        board = self.material.board
        runs = board.runs[-MOST:]
        public = [board.public_score(run) for run in runs]

        def paint(axes: Any) -> None:
            places = range(len(board.runs) - len(runs) + 1, len(board.runs) + 1)
            axes.plot(places, [run["score"] for run in runs], "o-", color=SERIES[0], label="cross-fitted")
            if any(score is not None for score in public):
                values = [np.nan if score is None else score for score in public]
                axes.plot(places, values, "s", color=SERIES[1], label="public")
                axes.legend()
            axes.set_xlabel("run")
            axes.set_ylabel(self.material.metric.name)
            whole(axes)

        first, last = score_text(runs[0]["score"]), score_text(runs[-1]["score"])
        alt = f"Scores of {len(runs)} runs, from {first} to {last}."
        return draw(paint, alt, "Cross-fitted score, and the public one where there is any.")

    def _table(self) -> Table:
        board, rows = self.material.board, []
        first = max(0, len(board.runs) - MOST)
        for number in reversed(range(first, len(board.runs))):
            run = board.runs[number]
            public = board.public_score(run)
            gap = "–" if public is None else signed(public - run["score"])
            mark = " optimistic" if run.get("optimistic") else ""
            rows.append([
                run["when"][:16].replace("T", " "),
                Cell(score_text(run["score"]) + mark, tone="warn" if mark else ""),
                "–" if public is None else score_text(public),
                gap,
                seconds_text(run["seconds"]),
                "; ".join(board.changes(number)),
            ])  # fmt: skip
        headings = ("when", "cross-fitted", "public", "difference", "time", "what changed")
        return Table("Runs, the last first", headings, rows, (5,))

"""Words: which of them spoke for an answer, in the rows that are answered worst."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from pipeline.reports.blocks import Block, Shaded, Text, Tile, Tiles
from pipeline.reports.occlusion import Occluded, occluded, readers_of
from pipeline.reports.rows_shown import cut
from pipeline.reports.section import SECTIONS, Section

MOST, MOST_NAMED = 6, 3
SECONDS = 3.0  # of CPU for a model, once it is read back
LEAST = 0.005  # of a probability: less is not named
LONGEST = 420  # letters behind the words that were left out


@SECTIONS.register("words")
class Words(Section):
    """Words that spoke for and against an answer."""

    title = "Words that spoke for an answer"
    place = 112

    def applies(self) -> bool:
        return self.material.answer is not None and bool(readers_of(self.material))

    def blocks(self) -> list[Block]:
        names = " and ".join(self.found)
        text = (
            f"Each word of the rows answered worst is left out once, and {names} answers again, each time "
            "by the fold model that was not trained on the row. Blue words raise the probability of the "
            "answer, orange ones lower it; deeper is more, beside the row's strongest. Words that say the "
            "same stand in for one another: both may look idle."
        )
        tiles = [self._tile(name, row, one) for name, rows in self.found.items() for row, one in rows.items()]
        return [Text(text), Tiles(tiles)] if tiles else []

    @cached_property
    def found(self) -> dict[str, dict[int, Occluded]]:
        """By model and row what its words do."""
        answer = self.material.answer
        if answer is None:
            return {}
        losses = np.where(np.isfinite(self.material.losses), self.material.losses, -np.inf)
        worst = answer.rows[np.argsort(-losses, kind="stable")[:MOST]].tolist()
        return {one.name: occluded(one, worst, SECONDS) for one in readers_of(self.material)}

    def _tile(self, name: str, row: int, one: Occluded) -> Tile:
        task, truth = self.material.task, np.asarray(self.material.target)[row]
        true = task.outputs[truth] if task.exclusive else f"{truth[one.output]:.0f}"
        facts = [
            ("model", name),
            ("truth", true),
            ("answer", f"{task.outputs[one.output]} ({one.said:.1%})"),
            *_named(one),
            ("fold", str(int(self.material.fold_of[row]))),
        ]
        most = max((abs(lost) for _, lost in one.words), default=0.0)
        shown: list[Block] = []
        for column, pieces in one.pieces.items():
            parts = [
                (cut_end(text), None, "") if lost is None else (text, lost / (most or 1.0), points(lost))
                for text, lost in pieces
            ]
            shown.append(Shaded(column, parts))
        return Tile(str(self.material.run.competition.ids[row]), facts, shown)


def points(lost: float) -> str:
    """Returns a change of a probability in percentage points, with its sign."""
    return f"{100 * lost:+.1f}".replace("-", "−")


def cut_end(text: str) -> str:
    """Returns what stands between words as it is; a long rest is cut."""
    return text if len(text) <= LONGEST else " " + cut(text, LONGEST)


def _named(one: Occluded) -> list[tuple[str, str]]:
    """Returns the strongest words for and against, with what the probability loses or gains."""
    found = []
    for label, sign in (("for it", 1), ("against it", -1)):
        some = [(text, lost) for text, lost in one.words if sign * lost >= LEAST][:MOST_NAMED]
        if some:
            found.append((label, ", ".join(f"{text} {points(lost)}" for text, lost in some)))
    return found

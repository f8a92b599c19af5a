"""Robustness: what models say of pictures with noise, blur, turns, of an attack, of numbers a little off."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from pipeline.reports.blocks import Beside, Block, Cell, Figure, Line, Lines, Table, Text, score_text, signed
from pipeline.reports.disturbances import DISTURBANCES
from pipeline.reports.disturbed_tables import TABLE_DISTURBANCES
from pipeline.reports.figure import INK, SERIES, draw, short
from pipeline.reports.robustness import Disturbed, Robustness, models_of
from pipeline.reports.robustness_products import robustness_known
from pipeline.reports.section import SECTIONS, Advice, Section

SURE = 2.0  # standard errors, beyond which a difference is no chance
PICTURES = tuple(kind.name for kind in DISTURBANCES)
ATTACK, OFF = PICTURES[-1], TABLE_DISTURBANCES[0].name
LEVELS = ("weak", "middling", "strong")


@SECTIONS.register("robustness")
class RobustnessSection(Section):
    """Scores of disturbed rows."""

    title = "Disturbed rows"
    place = 122

    def applies(self) -> bool:
        return bool(self.material.run.config.report.robustness and models_of(self.material))

    def blocks(self) -> list[Block]:
        if not self._known:
            return [Lines([Line(self._why_not())])]
        found: list[Block] = []
        for ways in dict.fromkeys(_ways(one) for one in self._known.values()):
            names = [name for name, one in self._known.items() if _ways(one) == ways]
            lines, table = [self._lines(name) for name in names], self._table(names)
            found += [Beside([*lines, table])] if len(lines) == 1 else [Beside(lines), table]
        rows = ", ".join(f"{one.rows:,} of {name}" for name, one in self._known.items())
        text = (
            f"{self.material.metric.name} of disturbed training rows, each by the first model of the fold "
            f"that was not trained on it ({rows}); a picture is disturbed as the network sees it. Test rows "
            "may differ from those of training in the same ways. ±: one standard error of the difference, by "
            "rows."
        )
        if any(way.name == ATTACK for one in self._known.values() for way in one.disturbed):
            text += " The attack (FGSM) knows the network's weights."
        return [*found, Text(text, small=True)]

    def advice(self) -> list[Advice]:
        """Says which augmentation the best network lacks, of all disturbances that cost it much."""
        for name, one in [one for one in self._known.items() if _ways(one[1]) == PICTURES][:1]:
            shown = str(getattr(self.material.trained[name].section, "augment", ""))
            lacking = []
            for kind in DISTURBANCES:
                _, middling, *_ = [way for way in one.disturbed if way.name == kind.name]
                absent = kind.remedy and kind.remedy.partition(":")[0] not in shown
                if absent and self._costs(one, middling):
                    lacking.append((kind, middling))
            if lacking:
                remedies = ", ".join(f"`{kind.remedy}`" for kind, _ in lacking)
                costs = "; ".join(
                    f"{way.name} ({way.strength}) {score_text(way.score)} ± {way.error:.5f}"
                    for _, way in lacking
                )
                text = f"Show {name} what test pictures may have more of (`augment`): {remedies}."
                return [Advice(text, f"Undisturbed {score_text(one.score)}; {costs}.", 0.35)]
        return []

    def warnings(self) -> list[str]:
        """Says where a model of the table leans on exact values."""
        found = []
        for name, one in self._known.items():
            first = one.disturbed[0]
            if first.name == OFF and self._costs(one, first):
                found.append(
                    f"{name} leans on exact values: numbers off by {first.strength} of their column score "
                    f"{score_text(first.score)}, not {score_text(one.score)} (± {first.error:.5f}). Codes "
                    "among the numbers, or a leak?"
                )
        return found

    def _why_not(self) -> str:
        seconds = self.material.run.config.report.robustness
        if self._asked:
            names = ", ".join(self._asked)
            return f"{names}: too few rows were answered in {seconds:g} seconds of CPU (`report.robustness`)."
        return (
            f"Not measured yet: `make report COMP={self.material.name}` asks the best models, about "
            f"{seconds:g} seconds of CPU for each (`report.robustness`)."
        )

    @cached_property
    def _asked(self) -> dict[str, Robustness | None]:
        return robustness_known(self.material)

    @property
    def _known(self) -> dict[str, Robustness]:
        return {name: one for name, one in self._asked.items() if one}

    def _costs(self, one: Robustness, way: Disturbed) -> bool:
        """Says whether a disturbance costs more than chance explains."""
        return self.material.sign * (one.score - way.score) > SURE * max(way.error, 1e-9)

    def _lines(self, name: str) -> Figure:
        one = self._known[name]

        def paint(axes: Any) -> None:
            axes.axhline(one.score, color=INK, linewidth=0.8, linestyle="--", alpha=0.6, label="undisturbed")
            for number, kind in enumerate(_ways(one)):
                scores = [one.score, *(way.score for way in one.disturbed if way.name == kind)]
                axes.plot(range(len(scores)), scores, "o-", color=SERIES[number], label=kind, markersize=4)
            axes.set_xticks(range(1 + len(LEVELS)), ("none", *LEVELS))
            axes.set_ylabel(self.material.metric.name)
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handletextpad=0.4)

        said = ", ".join(f"{way.name} {way.strength} {score_text(way.score)}" for way in one.disturbed)
        alt = f"Scores of {name} on disturbed rows, undisturbed {score_text(one.score)}: {said}."
        return draw(paint, alt, f"{short(name)} on disturbed rows, out of fold.")

    def _table(self, names: Sequence[str]) -> Table:
        models = {name: self._known[name] for name in names}
        headings = ["disturbed by", "strength"]
        first: list[str | Cell] = ["nothing", "–"]
        for name, one in models.items():
            headings += [name, "difference"]
            first += [score_text(one.score), "–"]
        rows = [first]
        for place, way in enumerate(next(iter(models.values())).disturbed):
            row: list[str | Cell] = [way.name, way.strength]
            for one in models.values():
                own = one.disturbed[place]
                tone = "warn" if self._costs(one, own) else ""
                text = f"{signed(own.score - one.score)} ± {own.error:.5f}"
                row += [score_text(own.score), Cell(text, tone=tone)]
            rows.append(row)
        caption = "Scores of disturbed rows; coloured where the difference is beyond two standard errors"
        return Table(caption, headings, rows, (1,))


def _ways(one: Robustness) -> tuple[str, ...]:
    """Returns the names of what a model's rows were disturbed by."""
    return tuple(dict.fromkeys(way.name for way in one.disturbed))

"""Time: where the seconds of a run went."""

from __future__ import annotations

from typing import Any

from pipeline.reports.blocks import Beside, Block, Figure, Table, seconds_text
from pipeline.reports.figure import SERIES, draw, short, tall
from pipeline.reports.section import SECTIONS, Section

MOST = 20


@SECTIONS.register("time")
class Time(Section):
    """Seconds by model."""

    title = "Time"
    place = 40

    def applies(self) -> bool:
        return bool(self.material.trained)

    def blocks(self) -> list[Block]:
        models = self.material.trained
        rows = []
        for name, model in models.items():
            fits = len(model.done)
            slowest = max((facts["seconds"] for facts in model.facts.values()), default=0.0)
            times = (model.seconds, model.seconds / max(fits, 1), slowest)
            rows.append([name, f"{fits} of {model.planned}", *(seconds_text(one) for one in times)])
        table = Table("Fits and predictions", ("model", "fits", "all", "a fit", "the slowest"), rows)
        return [Beside([self._bars(), table])]

    def _bars(self) -> Figure:
        seconds = {name: model.seconds for name, model in self.material.trained.items()}
        names = sorted(seconds, key=lambda name: seconds[name])[-MOST:]

        def paint(axes: Any) -> None:
            axes.barh([short(name) for name in names], [seconds[name] for name in names], color=SERIES[0])
            axes.set_xlabel("seconds of all fits")

        listed = ", ".join(f"{name} {seconds_text(seconds[name])}" for name in reversed(names))
        return draw(
            paint, f"Seconds by model: {listed}.", "Seconds of all fits, by model.", tall(len(names)), "x"
        )

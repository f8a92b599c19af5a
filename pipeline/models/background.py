"""The grey that goes with a pixel's own and its background's: what other cleaning of pictures must beat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from pipeline.data import dense
from pipeline.data.rows import Rows
from pipeline.inputs.images.part import pictures_of
from pipeline.inputs.images.view import on_canvas
from pipeline.models.base import MODELS, Context, Model, ModelConfig
from pipeline.models.cnn import CNN
from pipeline.networks.dense.background import WINDOWS, BackgroundTable, pairs_of
from pipeline.tasks.image import Image

WIDEST = 255  # pixels: OpenCV's widest median


class BackgroundConfig(ModelConfig):
    """A table of greys by a pixel's own, the mean of 3 x 3, and the median around it."""

    windows: list[int] = Field(
        default=list(WINDOWS),
        min_length=1,
        description="sides of the square whose median is the background, odd, pixels; the best is kept",
    )

    def picture(self) -> dict[str, Any]:
        return on_canvas()

    def space(self) -> dict[str, dict[str, Any]]:
        """Returns what a search changes: how far around a pixel its background is looked for."""
        return {"windows": {"choice": [[9], [15], [31], [63], list(WINDOWS)]}}

    def problems(self, where: str) -> list[str]:
        """Returns every mistake, each naming its key under `where`."""
        if all(side % 2 and 3 <= side <= WIDEST for side in self.windows):
            return []
        return [f"`{where}.windows`: odd numbers from 3 to {WIDEST}. Received: {self.windows}."]


@MODELS.register("background")
class Background(Model):
    """Answers with the mean grey of the training pixels that look alike on their background.

    Attributes:
        table_: what was learned.
    """

    Config = BackgroundConfig
    sees = CNN.sees
    tasks = ("image",)
    looks = True
    seeded = False
    quick = True

    config: BackgroundConfig
    task: Image

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> Model:
        asked = (self.task, pictures_of(train), train.positions, train.dataset.target)
        self.table_ = BackgroundTable.learned(lambda: pairs_of(*asked), self.config.windows)
        return self

    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        """Returns float16 (rows, outputs) on the task's canvas."""
        shown, task = pictures_of(rows).all(), self.task
        found = dense.room((len(rows), task.n_outputs), 0.0)
        for place, position in enumerate(rows.positions.tolist()):
            picture = np.asarray(shown[position])[: task.height, : task.width]
            found[place] = task.on_canvas(self.table_.answer(picture)).ravel()
        return found

    def save(self, folder: Path) -> None:
        self.table_.save(folder)

    def load(self, folder: Path) -> Model:
        self.table_ = BackgroundTable.load(folder)
        return self

    def notes(self) -> dict[str, Any]:
        table = self.table_
        return {"window": table.window, "error": round(table.error, 5), "as they are": round(table.own, 5)}

"""The grey that goes with a pixel's own and its background's: what other cleaning of pictures must beat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from pipeline.data import dense
from pipeline.data.rows import Rows
from pipeline.errors import ModelError
from pipeline.inputs.images.part import pictures_of
from pipeline.inputs.images.view import on_canvas
from pipeline.models.base import MODELS, Context, Model, ModelConfig
from pipeline.models.cnn import CNN
from pipeline.tasks.image import WHITE, Image

STEPS = 64  # of a grey between black and the background's
LEVELS = 96  # of them, those brighter than the background included
SHADES = 8  # of the background
CELLS = (LEVELS, LEVELS, SHADES)
WIDEST = 255  # pixels: OpenCV's widest median
DOUBT = 5.0  # pixels as which a coarser table's mean counts in a finer one


class BackgroundConfig(ModelConfig):
    """A table of greys by three numbers: the pixel's own, the mean of 3 x 3, and the median around it."""

    windows: list[int] = Field(
        default=[15, 31, 63],
        min_length=1,
        description="sides of the square whose median is the background, odd, pixels; the best is kept",
    )

    def picture(self) -> dict[str, Any]:
        return on_canvas()

    def space(self) -> dict[str, dict[str, Any]]:
        """Returns what a search changes: how far around a pixel its background is looked for."""
        return {"windows": {"choice": [[9], [15], [31], [63], [15, 31, 63]]}}

    def problems(self, where: str) -> list[str]:
        """Returns every mistake, each naming its key under `where`."""
        if all(side % 2 and 3 <= side <= WIDEST for side in self.windows):
            return []
        return [f"`{where}.windows`: odd numbers from 3 to {WIDEST}. Received: {self.windows}."]


@MODELS.register("background")
class Background(Model):
    """Answers with the mean grey of the training pixels that look alike: a table, learned in seconds.

    The background is the median around a pixel: of written pages the paper with its stains. Pixels look alike
    whose own grey and whose mean over 3 x 3 pixels are the same share of it, in the same shade of background.
    Where a cell has seen few pixels, coarser tables help out.

    Attributes:
        window_: side of the square, pixels.
        table_: float32 (cells,), greys from 0 to 1.
        error_: root of the mean squared error of the training pixels, beside that of the pixels themselves.
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
        target = train.dataset.target
        if target is None:
            raise ModelError("These rows have no pictures to learn from.")
        shown, best = pictures_of(train).all(), np.inf
        for window in self.config.windows:
            sums = _Sums()
            for position in train.positions.tolist():
                truth = self.task.known.picture(int(target[position, 0]))
                seen = grey(np.asarray(shown[position])[: truth.shape[0], : truth.shape[1]])
                sums.add(codes(seen, window).ravel(), seen.ravel() / WHITE, truth.ravel() / WHITE)
            error = sums.error(table := sums.means())
            if error < best:
                best, self.window_, self.table_ = error, window, table.astype(np.float32)
        self.error_ = {"training": best, "the pixels themselves": float(np.sqrt(sums.own / sums.seen))}
        return self

    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        """Returns float16 (rows, outputs) on the task's canvas."""
        shown, task = pictures_of(rows).all(), self.task
        found = dense.room((len(rows), task.n_outputs), 0.0)
        for place, position in enumerate(rows.positions.tolist()):
            seen = grey(np.asarray(shown[position])[: task.height, : task.width])
            found[place] = task.on_canvas(self.table_[codes(seen, self.window_)]).ravel()
        return found

    def save(self, folder: Path) -> None:
        np.savez(folder / "table.npz", greys=self.table_, window=self.window_)

    def load(self, folder: Path) -> Model:
        with np.load(folder / "table.npz", allow_pickle=False) as arrays:
            self.table_, self.window_ = arrays["greys"], int(arrays["window"])
        return self

    def notes(self) -> dict[str, Any]:
        return {"window": self.window_, "error": {key: round(value, 5) for key, value in self.error_.items()}}


def grey(picture: np.ndarray) -> np.ndarray:
    """Returns uint8 (h, w) of a picture uint8 (h, w, channels)."""
    import cv2

    picture = np.ascontiguousarray(picture)
    return picture[:, :, 0] if picture.shape[2] == 1 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def codes(picture: np.ndarray, window: int) -> np.ndarray:
    """Returns int64 (h, w): which cell of a table each pixel of a grey picture belongs to."""
    import cv2

    picture = np.ascontiguousarray(picture)
    background = cv2.medianBlur(picture, window)
    scale = STEPS / np.maximum(background, 1).astype(np.float32)
    own, near = (np.minimum(np.rint(one * scale), LEVELS - 1) for one in (picture, cv2.blur(picture, (3, 3))))
    shade = background // (256 // SHADES)
    return ((own * LEVELS + near) * SHADES + shade).astype(np.int64)


class _Sums:
    """Sums that a table is made of, picture after picture."""

    def __init__(self) -> None:
        self.count, self.total = np.zeros(np.prod(CELLS)), np.zeros(np.prod(CELLS))
        self.square = self.own = 0.0
        self.seen = 0

    def add(self, code: np.ndarray, seen: np.ndarray, answer: np.ndarray) -> None:
        """Takes the pixels of a picture: cell, own grey and answer of each, (pixels,)."""
        self.count += np.bincount(code, minlength=len(self.count))
        self.total += np.bincount(code, answer, minlength=len(self.total))
        self.square += float(np.square(answer).sum())
        self.own += float(np.square(answer - seen).sum())
        self.seen += len(code)

    def means(self) -> np.ndarray:
        """Returns the mean of each cell, (cells,), a share of the background that of white to begin with."""
        count, total = self.count.reshape(CELLS), self.total.reshape(CELLS)
        mean = np.minimum(np.arange(LEVELS) / STEPS, 1.0)
        for others in ((1, 2), (2,), ()):
            mean = mean.reshape(mean.shape + (1,) * (3 - len(others) - mean.ndim))
            mean = (total.sum(axis=others) + DOUBT * mean) / (count.sum(axis=others) + DOUBT)
        return mean.ravel()

    def error(self, table: np.ndarray) -> float:
        """Returns the root of the mean squared error of a table on these pixels."""
        squares = self.square - 2.0 * float(table @ self.total) + float(self.count @ table**2)
        return float(np.sqrt(max(0.0, squares) / self.seen))

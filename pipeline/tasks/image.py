"""Picture to picture: the grey of every pixel of another picture of the same size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pipeline.errors import DataError, listing
from pipeline.registry import TASKS
from pipeline.tasks.answer import Answer
from pipeline.tasks.base import Task
from pipeline.tasks.contest import Contest
from pipeline.tasks.image_truth import ImageTruth

WHITE = 255.0

Terms = Callable[[np.ndarray, np.ndarray], np.ndarray]


@TASKS.register("image")
@dataclass(frozen=True)
class Image(Task):
    """A grey picture of the size of the one that is seen.

    A target is the number of the row, float64 (rows, 1): pictures are looked up in `truth` when they are
    asked for. A prediction is float16 (rows, height * width), greys from 0 (black) to 1 (white) on a canvas
    at whose upper left corner each picture lies in its own size; what lies beside it is of no account.

    Attributes:
        height: of the canvas, pixels: that of the tallest picture, training or test.
        width: of the canvas, likewise.
        white: what a white pixel is worth in the files: 1 or 255.
        truth: answers of the training rows; None where nothing but new rows is looked at.
    """

    kind: ClassVar[str] = "image"
    general: ClassVar[str] = "image"
    usual_metric: ClassVar[str] = "pixel_rmse"
    usual_reason: ClassVar[str] = "greys of pixels; the files cannot tell it from pixel_mae"
    network_keys: ClassVar[Mapping[str, Any]] = {"augment": "none", "tta": "none"}  # writing has one way up
    dense: ClassVar[bool] = True
    of_pictures: ClassVar[bool] = True
    a_row_per_pixel: ClassVar[bool] = True

    height: int = 8
    width: int = 8
    white: float = 1.0
    truth: ImageTruth | None = field(default=None, compare=False, repr=False)

    @property
    def layers(self) -> int:
        """Numbers per pixel."""
        return 1

    @property
    def n_outputs(self) -> int:
        return self.height * self.width

    @property
    def known(self) -> ImageTruth:
        """The training rows' answers; raises ValueError where nobody has brought them."""
        if self.truth is None:
            raise ValueError("The answers of the training rows are not at hand.")
        return self.truth

    def to_json(self) -> dict[str, Any]:
        names = ("outputs", "height", "width", "white")
        return {"kind": self.kind, **{name: getattr(self, name) for name in names}}

    def save(self, folder: Path) -> None:
        self.known.save(folder)

    def opened(self, folder: Path) -> Task:
        return type(self)(self.outputs, self.height, self.width, self.white, ImageTruth.load(folder))

    # from files

    @classmethod
    def possible(cls, contest: Contest) -> bool:
        return contest.answers is not None

    @classmethod
    def told(cls, contest: Contest) -> bool:
        return contest.answers is not None

    @classmethod
    def read(cls, contest: Contest) -> tuple[Task, np.ndarray, Answer]:
        if contest.answers is None or contest.album is None:
            raise DataError(
                "A task of `image` needs `data.images` (what is seen) and `data.answers` (pictures of the "
                "same sizes, which are the answers)."
            )
        sizes, others = contest.album.sizes(), contest.answers.sizes()
        unlike = np.flatnonzero((sizes != others).any(axis=1))
        if len(unlike):
            ids = contest.ids()
            named = listing(f"{ids[row]} ({_size(sizes[row])} and {_size(others[row])})" for row in unlike)
            raise DataError(
                f"`data.answers`: {len(unlike)} pictures have another size than their answers: {named}."
            )
        truth = ImageTruth.of(sizes, contest.answers.grey)
        beside = [] if contest.test_album is None else [contest.test_album.sizes()]
        height, width = np.concatenate([sizes, *beside]).max(axis=0)
        task = cls(("grey",), int(height), int(width), _white(contest.samples), truth)
        return task, np.arange(len(sizes), dtype=np.float64)[:, None], Answer("value", contest.columns, (0,))

    # targets

    def on_canvas(self, picture: np.ndarray) -> np.ndarray:
        """Returns (height, width) of the canvas: a picture at its upper left corner, the rest 0."""
        canvas = np.zeros((self.height, self.width), picture.dtype)
        canvas[: picture.shape[0], : picture.shape[1]] = picture
        return canvas

    def own(self, values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Returns (height, width) of one prediction (outputs,): what belongs to a picture of that size.

        A picture larger than the canvas was shrunk onto it (`upper_left`): its answer is enlarged.
        """
        scale = min(1.0, self.height / max(size[0], 1), self.width / max(size[1], 1))
        canvas = values.reshape(self.height, self.width)
        if scale == 1.0:
            return canvas[: size[0], : size[1]]
        import cv2

        height, width = (max(1, round(side * scale)) for side in size)
        return cv2.resize(np.asarray(canvas[:height, :width], np.float32), (size[1], size[0]))

    def columns(self, target: np.ndarray) -> np.ndarray:
        found = np.zeros((len(target), self.n_outputs))
        for place, row in enumerate(_rows(target)):
            found[place] = self.on_canvas(self.known.picture(row)).ravel() / WHITE
        return found

    def drawn(self, row: int, random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns places of pixels drawn at random, int64 (count,), and what is true of them, float64."""
        picture = self.known.picture(row)
        down, across = (random.integers(side, size=count) for side in picture.shape)
        return down * self.width + across, picture[down, across] / WHITE

    def compared(self, target: np.ndarray) -> np.ndarray:
        """Returns float64 (rows, 2): mean and deviation of each answer."""
        pictures = [self.known.picture(row) for row in _rows(target)]
        return np.array([[one.mean(), one.std()] for one in pictures], np.float64).reshape(-1, 2)

    def described(self, target: np.ndarray) -> np.ndarray:
        return self.compared(target)

    def strata(self, target: np.ndarray) -> np.ndarray:
        """Pictures of the same size are one stratum, where there are few sizes."""
        sizes = self.known.sizes[_rows(target)]
        found = np.unique(sizes, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
        return found if found.max(initial=0) < len(target) // 10 and found.max(initial=0) < 5 else found * 0

    def constant(self, target: np.ndarray) -> np.ndarray:
        total, pixels = 0.0, 0
        for row in _rows(target):
            picture = self.known.picture(row)
            total, pixels = total + float(picture.sum(dtype=np.float64)), pixels + picture.size
        return np.full(self.n_outputs, total / max(1, pixels) / WHITE)

    def prior(self, target: np.ndarray) -> np.ndarray:
        return self.constant(target).astype(np.float32)

    def loss(self, target: np.ndarray, prediction: np.ndarray, smallest: float = 0.0) -> float:
        losses = []
        for row, values in zip(_rows(target), prediction, strict=True):
            truth = self.known.picture(row) / WHITE
            losses.append(np.mean((self.own(np.asarray(values, np.float64), truth.shape) - truth) ** 2))
        return float(np.mean(losses))

    def scores(self, score: Terms, target: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """Returns float64 (rows, numbers): what a score of two pictures says of every row.

        Args:
            score: takes truth and answer, float32 (height, width), in the units of the files.
            target: numbers of rows (rows, 1).
            answers: (rows, outputs).
        """
        found = []
        for row, values in zip(_rows(target), answers, strict=True):
            truth = self.known.picture(row)
            said = self.own(np.asarray(values), truth.shape).astype(np.float32)
            found.append(score(truth * np.float32(self.white / WHITE), said * np.float32(self.white)))
        return np.array(found, np.float64) if found else np.zeros((0, 2))

    # submissions

    def decided(self, values: np.ndarray) -> np.ndarray:
        return values

    def cells(
        self,
        answer: Answer,
        values: np.ndarray,
        labels: np.ndarray | None,
        decimals: int | None,
        beside: np.ndarray | None = None,
    ) -> list[list[str]]:
        raise TypeError("A picture has a row for each pixel: see `pipeline.data.pixel_submission`.")

    def verify(
        self, answer: Answer, cells: list[list[str]], ids: list[str], beside: np.ndarray | None = None
    ) -> None:
        raise TypeError("A picture has a row for each pixel: see `pipeline.data.pixel_submission`.")

    # tests

    @classmethod
    def example(cls, label: np.ndarray, number: np.ndarray) -> tuple[Task, np.ndarray]:
        sizes = np.tile([6, 8], (len(label), 1))
        truth = ImageTruth.of(sizes, lambda row: np.full((6, 8), 60 + 80 * int(label[row]), np.uint8))
        task = cls(("grey",), truth=truth)
        return task, np.arange(len(label), dtype=np.float64)[:, None]


def _rows(target: np.ndarray) -> list[int]:
    return np.asarray(target)[:, 0].astype(np.int64).tolist()


def _size(size: np.ndarray) -> str:
    return f"{size[1]}x{size[0]}"


def _white(samples: tuple[str, ...]) -> float:
    """Returns what a white pixel is worth: the sample of greys up to 255 holds some above 1."""
    values = np.array([value for value in samples if value.strip()], np.float64)
    return WHITE if values.max(initial=0.0) > 1.0 else 1.0

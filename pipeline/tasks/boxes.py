"""Any number of boxes, or points, per picture, each of a class."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pipeline.errors import DataError, SubmissionError, listing
from pipeline.registry import TASKS
from pipeline.tasks.answer import Answer
from pipeline.tasks.base import Task
from pipeline.tasks.box_array import BOX, clipped, in_row, make_boxes, there
from pipeline.tasks.box_columns import are_boxes, cells_of, field_of
from pipeline.tasks.box_form import (
    LOOKED_AT,
    NONE,
    BoxForm,
    answer_form,
    ask_for_points,
    empty_cell,
    find_form,
    look_like_boxes,
    with_scale,
    words_of,
)
from pipeline.tasks.box_match import rights
from pipeline.tasks.box_truth import BoxTruth, named
from pipeline.tasks.classification import class_order
from pipeline.tasks.contest import Contest
from pipeline.tasks.mask_cells import holds_masks
from pipeline.tasks.strata import beside_one

FEWEST, MOST = 20, 1000  # boxes that a row holds
ROOM = 1.5  # times the most boxes of a training picture
STRATA = 4
EVEN = 0.5  # IoU at which the loss calls a box right
ONE = "box"  # name of the only class
POINTS = ("point_f1", "the sample's cells are points with labels, and boxes are known")


@TASKS.register("boxes")
@dataclass(frozen=True)
class Boxes(Task):
    """Boxes of a picture: strings of "confidence x y width height", or with labels, or of points.

    A target is the number of the row, float64 (rows, 1): boxes are looked up in `truth` when they are
    asked for. A prediction is (rows, most) of `BOX`, of which those with a confidence are some.

    Attributes:
        outputs: names of the classes.
        most: boxes that a row of a prediction holds.
        form: of a cell of the submission.
        empty: the cell of a picture without a box.
        truth: boxes of the training rows; None where nothing but new rows is looked at.
    """

    kind: ClassVar[str] = "boxes"
    general: ClassVar[str] = "boxes"
    usual_metric: ClassVar[str] = "box_map"
    usual_reason: ClassVar[str] = "boxes; the files cannot tell it from box_precision@0.5 or box_map@0.5"
    distinctive: ClassVar[bool] = True
    may_be_empty: ClassVar[bool] = True
    dense: ClassVar[bool] = True
    of_pictures: ClassVar[bool] = True

    most: int = FEWEST
    form: BoxForm = field(default_factory=BoxForm)
    empty: str = ""
    truth: BoxTruth | None = field(default=None, compare=False, repr=False)

    @property
    def n_outputs(self) -> int:
        return self.most

    @property
    def values_type(self) -> np.dtype:
        return BOX

    @property
    def known(self) -> BoxTruth:
        """The training rows' boxes; raises ValueError where nobody has brought them."""
        if self.truth is None:
            raise ValueError("The boxes of the training rows are not at hand.")
        return self.truth

    def to_json(self) -> dict[str, Any]:
        facts = {name: getattr(self, name) for name in ("outputs", "most", "empty")}
        return {"kind": self.kind, **facts, "form": self.form.to_json()}

    def __post_init__(self) -> None:
        if isinstance(self.form, dict):  # as JSON has it
            object.__setattr__(self, "form", BoxForm.from_json(self.form))

    def save(self, folder: Path) -> None:
        self.known.save(folder)

    def opened(self, folder: Path) -> Task:
        return self.with_truth(BoxTruth.load(folder))

    def with_truth(self, truth: BoxTruth) -> Boxes:
        """Returns the task that knows the training rows' boxes."""
        return type(self)(self.outputs, self.most, self.form, self.empty, truth)

    # from files

    @classmethod
    def usual(cls, samples: Collection[str]) -> tuple[str, str]:
        return POINTS if ask_for_points(samples) else super().usual(samples)

    @classmethod
    def possible(cls, contest: Contest) -> bool:
        return contest.album is not None

    @classmethod
    def told(cls, contest: Contest) -> bool:
        if len(contest.columns) != 1:
            return False
        if contest.several:
            fields = [field_of(name) for name in contest.targets]
            return fields.count("label") <= 1 and are_boxes([one for one in fields if one != "label"])
        return cls.holds_boxes(contest.only.distinct)

    @staticmethod
    def holds_boxes(cells: Collection[str]) -> bool:
        """Says whether cells are boxes and nothing else: lists of four numbers, or fours of them in strings.

        Pairs of numbers that rise are run lengths; of strings some hold several boxes.
        """
        lines = [line for cell in cells for line in cell.split("\n") if line.strip() not in NONE]
        return look_like_boxes(lines[:LOOKED_AT]) and not holds_masks(lines)

    @classmethod
    def read(cls, contest: Contest) -> tuple[Task, np.ndarray, Answer]:
        sizes = contest.album.sizes() if contest.album else np.zeros((0, 2))
        if not len(sizes):
            raise DataError("Boxes lie on pictures, and `data.images` does not say where these are.")
        if len(contest.columns) != 1:
            raise DataError(f"Boxes are handed in in one column. The sample has: {listing(contest.columns)}.")
        ids = contest.ids()
        if contest.several:
            cells, form = cells_of({name: list(one.by_row) for name, one in contest.targets.items()}, ids)
            form = with_scale(form, [pair for pair in zip(cells, sizes, strict=True) if words_of(pair[0])])
        else:
            cells = list(contest.only.by_row)
            form = find_form(cells, sizes)
        rows: list[tuple[list[str], np.ndarray]] = []
        for key, cell, size in zip(ids, cells, sizes, strict=True):
            try:
                rows.append(form.read(cell, size))
            except DataError as error:
                raise DataError(f"The boxes of {str(key)!r} cannot be read: {error}") from error
        labels = {label for found, _ in rows for label in found}
        outputs = tuple(class_order(labels, None)) if len(labels) > 1 else tuple(labels - {""}) or (ONE,)
        number = {name: place for place, name in enumerate(outputs)} if form.labelled else {"": 0}
        truth = BoxTruth.of(
            sizes,
            [
                make_boxes(corners, np.array([number[one] for one in found], np.float32))
                for found, corners in rows
            ],
        )
        most = int(np.clip(np.ceil(ROOM * truth.counts().max()), FEWEST, MOST))
        answer = answer_form(form, contest.samples, outputs)
        task = cls(outputs, most, answer, empty_cell(answer, contest.samples, outputs), truth)
        return task, np.arange(len(rows), dtype=np.float64)[:, None], Answer("label", contest.columns, ())

    # targets

    def boxes_of(self, row: int) -> np.ndarray:
        """Returns the true boxes (n,) of a training row, what lies outside of the picture cut off."""
        boxes = clipped(self.known.row(row))
        return boxes if self.form.points else boxes[(boxes["width"] > 0) & (boxes["height"] > 0)]

    def columns(self, target: np.ndarray) -> np.ndarray:
        """Returns float64 (rows, most): 1 for each box that a row has."""
        return np.stack(
            [in_row(self.boxes_of(row), self.most)["confidence"] for row in _rows(target)]
        ).astype(np.float64)

    def compared(self, target: np.ndarray) -> np.ndarray:
        """Returns float64 (rows, 3): number of boxes, and the mean area and class of each picture's."""
        found = np.zeros((len(target), 3))
        for place, row in enumerate(_rows(target)):
            boxes = self.boxes_of(row)
            if len(boxes):
                area = (boxes["width"] * boxes["height"]).mean()
                found[place] = len(boxes), area, boxes["label"].mean()
        return found

    def described(self, target: np.ndarray) -> np.ndarray:
        return self.compared(target)

    def strata(self, target: np.ndarray) -> np.ndarray:
        """Pictures without a box are one stratum, the others are ranked by how many they have."""
        counts = self.known.counts()[_rows(target)]
        return beside_one(counts, counts > 0, STRATA)

    def constant(self, target: np.ndarray) -> np.ndarray:
        """Returns `BOX` (most,): no box, for where one lies nobody knows who has not looked."""
        return np.zeros(self.most, BOX)

    def prior(self, target: np.ndarray) -> np.ndarray:
        return self.constant(target)

    def loss(self, target: np.ndarray, prediction: np.ndarray, smallest: float = 0.0) -> float:
        """Returns the mean over the pictures of wrong and missed boxes among all, at an IoU of EVEN."""
        losses = []
        for row, values in zip(_rows(target), prediction, strict=True):
            right, said, true = rights(self.boxes_of(row), values, EVEN)
            losses.append(1.0 - right / (said + true - right) if said + true else 0.0)
        return float(np.mean(losses))

    def of_boxes(
        self, score: Callable, target: np.ndarray, answers: np.ndarray, least: float = 0.0
    ) -> list[Any]:
        """Returns what a function of true and found boxes, the most confident first, says of every row.

        Args:
            score: takes both, `BOX` (n,) and (m,).
            target: numbers of rows (rows, 1).
            answers: object (rows,) of `Handed`, or (rows, most) that nobody has decided on.
            least: confidence that such boxes must have.
        """
        found = []
        for row, values in zip(_rows(target), answers, strict=True):
            some = there(values.boxes if answers.dtype == object else values[values["confidence"] >= least])
            key = (score, row, named(some))
            make = lambda r=row, s=some: score(self.boxes_of(r), s)  # noqa: E731
            found.append(self.known.remembered(key, make))
        return found

    def scores(
        self, score: Callable, target: np.ndarray, answers: np.ndarray, least: float = 0.0
    ) -> np.ndarray:
        return np.array(self.of_boxes(score, target, answers, least), np.float64).reshape(len(target), 1)

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
        if beside is None:
            raise ValueError("Boxes are written at the sizes of their pictures.")
        found = []
        for row, size in zip(values, beside, strict=True):
            some = row if min(size) else row[:0]  # a picture that could not be read
            found.append([self.form.write(clipped(some), size, self.outputs, decimals) or self.empty])
        return found

    def verify(
        self, answer: Answer, cells: list[list[str]], ids: list[str], beside: np.ndarray | None = None
    ) -> None:
        wrong = [key for key, (cell, *_) in zip(ids, cells, strict=True) if not self._holds(cell)]
        if wrong:
            raise SubmissionError(
                f"The cell lacks boxes written as `{' '.join(self.form.fields)}`: {listing(wrong)}."
            )

    def _holds(self, cell: str) -> bool:
        if cell in (self.empty, *NONE):
            return True
        try:
            labels, corners = self.form.read(cell, (1, 1))
        except DataError:
            return False
        known = not self.form.labelled or set(labels) <= set(self.outputs)
        return known and bool((corners[:, 2:] >= corners[:, :2]).all())

    # tests

    @classmethod
    def example(cls, label: np.ndarray, number: np.ndarray) -> tuple[Task, np.ndarray]:
        rows = [
            make_boxes(np.array([[0.1 * k, 0.1, 0.1 * k + 0.3, 0.5]] * k).reshape(-1, 4))
            for k in label.tolist()
        ]
        task = cls((ONE,), truth=BoxTruth.of(np.full((len(label), 2), 20), rows))
        return task, np.arange(len(label), dtype=np.float64)[:, None]


def _rows(target: np.ndarray) -> list[int]:
    return np.asarray(target)[:, 0].astype(np.int64).tolist()

"""One mask per picture: which of its pixels belong to what is looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pipeline.errors import DataError, SubmissionError, listing
from pipeline.registry import TASKS
from pipeline.tasks.answer import Answer
from pipeline.tasks.base import Task
from pipeline.tasks.contest import Contest
from pipeline.tasks.mask_bands import brought, held, scaled, shrunken, strips
from pipeline.tasks.mask_cells import empty_cell, grid_of, holds_masks, read_truth
from pipeline.tasks.mask_rule import PLAIN, Guess, MaskRule, rules_of
from pipeline.tasks.mask_truth import MaskTruth
from pipeline.tasks.rle import NONE, Order, RunLengths, is_rle, joined
from pipeline.tasks.strata import beside_one

STRATA = 5
SMALLEST = 1e-7

Score = Callable[[np.ndarray, np.ndarray], float]


@TASKS.register("mask")
@dataclass(frozen=True)
class Mask(Task):
    """A mask per picture, written as run lengths.

    A target is the number of the row, float64 (rows, 1), by which `truth` knows its mask. A prediction is
    float16 (rows, height * width * layers), probabilities on a grid that all models share; a mask of the
    picture's own size is made of it by a `MaskRule`.

    Attributes:
        height: of the grid, pixels.
        width: of the grid, pixels.
        order: of the run lengths, see `RunLengths`.
        first: of the run lengths.
        empty: the cell of a picture without a pixel.
        truth: masks of the training rows; None where nothing but new rows is looked at.
        most: pixels of a picture that scores look at: larger ones are shrunk; 0: all of them.
        beside: names the masks where they are no answers, but were drawn beside these.
    """

    kind: ClassVar[str] = "mask"
    general: ClassVar[str] = "mask"
    probabilities: ClassVar[bool] = True
    usual_metric: ClassVar[str] = "mask_precision"
    usual_reason: ClassVar[str] = "a mask per picture; the files cannot tell it from dice or iou"
    network_keys: ClassVar[Mapping[str, Any]] = {"augment": "light", "tta": "flips"}  # up may not be down
    may_be_empty: ClassVar[bool] = True
    dense: ClassVar[bool] = True
    of_pictures: ClassVar[bool] = True
    objects: ClassVar[bool] = False

    height: int = 8
    width: int = 8
    order: Order = "columns"
    first: int = 1
    empty: str = ""
    truth: MaskTruth | None = field(default=None, compare=False, repr=False)
    most: int = field(default=0, compare=False, repr=False)
    beside: str = field(default="", compare=False, repr=False)

    @property
    def layers(self) -> int:
        """Numbers per pixel of the grid."""
        return 1

    @property
    def n_outputs(self) -> int:
        return self.height * self.width * self.layers

    @property
    def plain(self) -> MaskRule:
        """The rule where nobody has chosen one."""
        return PLAIN

    @property
    def singles(self) -> tuple[Mask, ...]:
        """A task for each mask of a picture: of one mask, this one."""
        return (self,)

    def of_single(self, values: np.ndarray, number: int) -> np.ndarray:
        """Returns what predictions (rows, outputs) hold for that one of `singles`."""
        return values

    @property
    def sizes(self) -> np.ndarray:
        """Height and width of the training pictures, int64 (rows, 2)."""
        return self.known.sizes

    @property
    def writing(self) -> RunLengths:
        return RunLengths(self.order, self.first)

    def to_json(self) -> dict[str, Any]:
        names = ("outputs", "height", "width", "order", "first", "empty")
        return {"kind": self.kind, **{name: getattr(self, name) for name in names}}

    def save(self, folder: Path) -> None:
        self.known.save(folder)

    def opened(self, folder: Path) -> Task:
        return self.with_truth(MaskTruth.load(folder))

    def with_truth(self, truth: MaskTruth) -> Mask:
        """Returns the task that knows the training rows' masks."""
        return replace(self, truth=truth)

    @property
    def known(self) -> MaskTruth:
        """The training rows' masks; raises ValueError where nobody has brought them."""
        if self.truth is None:
            raise ValueError("The masks of the training rows are not at hand.")
        return self.truth

    # from files

    @classmethod
    def possible(cls, contest: Contest) -> bool:
        return not contest.several

    @classmethod
    def told(cls, contest: Contest) -> bool:
        if contest.several or len(contest.columns) != 1:
            return False
        ids = contest.ids()
        return holds_masks(contest.only.distinct) and len(set(ids.tolist())) == len(ids)

    @classmethod
    def read(cls, contest: Contest) -> tuple[Task, np.ndarray, Answer]:
        if contest.several:
            raise DataError(f"Masks stand in one column. The targets are {listing(tuple(contest.targets))}.")
        cells = list(contest.only.by_row)
        rows = [[line for line in cell.split("\n") if line.strip() not in NONE] for cell in cells]
        form, truth = read_truth(contest.album, contest.ids, rows)
        height, width = grid_of(truth.sizes, contest.grid)
        empty = empty_cell(cells, contest.samples)
        task = cls(("mask",), height, width, form.order, form.first, empty, truth)
        return task, np.arange(len(rows), dtype=np.float64)[:, None], Answer("label", contest.columns, ())

    # targets

    def grid(self, row: int) -> np.ndarray:
        """Returns float32 (height, width, layers) of a training row: what a prediction should be."""
        return self.layers_at(row, (self.height, self.width)).astype(np.float32)

    def layers_at(self, row: int, size: tuple[int, int]) -> np.ndarray:
        """Returns uint8 (height, width, layers) of 0 and 1: a training row's mask at that size."""
        return self.layers_of(self.known.shrunk(row, size))

    def layers_in(self, row: int, corner: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
        """Returns uint8 (height, width, layers) of 0 and 1: the part of a row's mask at a corner."""
        return self.layers_of(self.known.window(row, corner, size))

    def layers_of(self, labels: np.ndarray) -> np.ndarray:
        """Returns uint8 (height, width, layers) of 0 and 1: what a network learns of labels."""
        return np.ascontiguousarray(labels[:, :, None] > 0).astype(np.uint8)

    def somewhere(self, row: int, random: np.random.Generator) -> tuple[int, int] | None:
        """Returns (y, x) of a pixel of a training row's mask, drawn at random; None where it has none."""
        return self.known.somewhere(row, random)

    def drawn(self, row: int, random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        places = random.integers(self.n_outputs, size=count)
        return places, (self.grid(row).ravel()[places] > 0.5).astype(np.float64)

    def columns(self, target: np.ndarray) -> np.ndarray:
        found = np.zeros((len(target), self.n_outputs))
        for place, row in enumerate(target[:, 0].astype(np.int64).tolist()):
            found[place] = self.grid(row).ravel()
        return found

    def compared(self, target: np.ndarray) -> np.ndarray:
        """Returns float64 (rows, 2): the share of the picture that is covered, and the number of objects."""
        rows = target[:, 0].astype(np.int64).tolist()
        return np.array([[self.known.share(row), self.known.count(row)] for row in rows], np.float64)

    def described(self, target: np.ndarray) -> np.ndarray:
        return self.compared(target)

    def strata(self, target: np.ndarray) -> np.ndarray:
        """Empty masks are one stratum, the others are ranked by their area."""
        area = self.compared(target)[:, 0]
        return beside_one(area, area > 0, STRATA)

    def constant(self, target: np.ndarray) -> np.ndarray:
        grids = (self.grid(row).ravel() for row in target[:, 0].astype(np.int64).tolist())
        return np.asarray(sum(grids, start=np.zeros(self.n_outputs)) / max(1, len(target)))

    def prior(self, target: np.ndarray) -> np.ndarray:
        return self.constant(target).astype(np.float32)

    def loss(self, target: np.ndarray, prediction: np.ndarray, smallest: float = 0.0) -> float:
        losses = []
        for row, values in zip(target[:, 0].astype(np.int64).tolist(), prediction, strict=True):
            chance = np.clip(np.asarray(values, np.float64), max(smallest, SMALLEST), 1.0 - SMALLEST)
            truth = self.grid(row).ravel()
            losses.append(-np.mean(truth * np.log(chance) + (1.0 - truth) * np.log(1.0 - chance)))
        return float(np.mean(losses))

    def scores(self, score: Score, target: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """Returns float64 (rows, masks of a picture): what a score of two label pictures says of each.

        Args:
            score: takes truth and answer, int32 (height, width) of the source.
            target: numbers of rows (rows, 1).
            answers: object (rows,) of `Guess`, or probabilities (rows, outputs) alone.
        """
        found = np.zeros((len(target), 1))
        for place, row in enumerate(np.asarray(target)[:, 0].astype(np.int64).tolist()):
            guess = answers[place] if answers.dtype == object else Guess(answers[place], (self.plain,))
            key = (score, row, guess.rules, guess.digest(), self.most)
            found[place] = self.known.remembered(key, lambda r=row, g=guess: self._score(score, r, g))  # type: ignore[misc]
        return found

    def _score(self, score: Score, row: int, guess: Guess) -> float:
        (rule,), size = guess.rules, self.known.size(row)
        at = shrunken(size, self.most) if self.most else held(size)
        said = self.labels_of(guess.values, scaled(rule, size, at), at)
        return score(self.known.labels_at(row, at), said)

    # submissions

    def labels_of(self, values: np.ndarray, rule: MaskRule, size: tuple[int, int]) -> np.ndarray:
        """Returns whole numbers (height, width) of a picture of that size: 0, and one for each object."""
        return rule.labels(brought(self._layers(values), size), size, self.objects)

    def _layers(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(values).reshape(self.height, self.width, self.layers)

    def decided(self, values: np.ndarray) -> np.ndarray:
        """Returns float64 (rows, numbers of the rules): how each row's probabilities become masks."""
        rules = [single.plain for single in self.singles]
        return np.tile(np.array(rules, np.float64).ravel(), (len(values), 1))

    def cells(
        self,
        answer: Answer,
        values: np.ndarray,
        labels: np.ndarray | None,
        decimals: int | None,
        beside: np.ndarray | None = None,
    ) -> list[list[str]]:
        if beside is None:
            raise ValueError("Masks are written at the sizes of their pictures.")
        rules = self.decided(values) if labels is None else labels
        return [
            [self.cell(row, rules_of(numbers), (int(size[0]), int(size[1])))]
            for row, numbers, size in zip(values, rules, beside, strict=True)
        ]

    def cell(self, values: np.ndarray, rules: tuple[MaskRule, ...], size: tuple[int, int]) -> str:
        """Returns a picture's cell: a line for each object."""
        if not min(size):  # a picture that could not be read
            return self.empty
        (rule,) = rules
        if held(size) == size:
            return joined(self._written([self.labels_of(values, rule, size)])) or self.empty
        parts = strips(self._layers(values), rule, size, self.objects, self.order)
        return joined(self._written(parts, 0.0 if self.objects else rule.smallest)) or self.empty

    def _written(self, parts: Iterable[np.ndarray], smallest: float = 0.0) -> list[str]:
        return self.writing.write_objects(parts, not self.objects, smallest)

    def verify(
        self, answer: Answer, cells: list[list[str]], ids: list[str], beside: np.ndarray | None = None
    ) -> None:
        if wrong := [key for key, (cell, *_) in zip(ids, cells, strict=True) if not self.holds(cell)]:
            raise SubmissionError(
                f"The cell lacks run lengths that rise, of pixels that no other object has: {listing(wrong)}."
            )

    def holds(self, cell: str) -> bool:
        """Says whether a cell is one that may be handed in."""
        if cell in (self.empty, *NONE):
            return True
        lines = cell.split("\n")
        if not all(map(is_rle, lines)) or (len(lines) > 1 and not self.objects):
            return False
        runs = np.concatenate([np.array(line.split(), np.int64).reshape(-1, 2) for line in lines])
        runs = runs[np.argsort(runs[:, 0])]
        return bool((runs[1:, 0] >= runs[:-1].sum(axis=1)).all())

    # tests

    @classmethod
    def example(cls, label: np.ndarray, number: np.ndarray) -> tuple[Task, np.ndarray]:
        sizes = np.full((len(label), 2), 8)
        runs = [[np.array([[16 * k, 16 * k + 10]])] for k in label.tolist()]
        task = cls(("mask",), truth=MaskTruth.of(sizes, runs))
        return task, np.arange(len(label), dtype=np.float64)[:, None]

"""Several masks per picture, one of each class, which may share pixels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from pipeline.errors import DataError, listing
from pipeline.registry import TASKS
from pipeline.tasks.answer import Answer
from pipeline.tasks.base import Task
from pipeline.tasks.contest import Contest
from pipeline.tasks.mask import Mask, Score
from pipeline.tasks.mask_cells import empty_cell, grid_of, read_truth
from pipeline.tasks.mask_rule import Guess, MaskRule
from pipeline.tasks.mask_truth import MaskTruth
from pipeline.tasks.rle import NONE

MARK = "\t"  # in a picture's cell, between a class and its run lengths
MOST_STRATA = 9


@TASKS.register("class_masks")
@dataclass(frozen=True)
class ClassMasks(Mask):
    """A mask per picture and class, any of which may be empty.

    Outputs are the classes. A prediction is float16 (rows, height * width * classes); the chance of one class
    says nothing of another. `truth` holds the masks of all pictures of the first class, of the second, and so
    on. A cell has a line for each class, in their order.
    """

    kind: ClassVar[str] = "class_masks"
    usual_metric: ClassVar[str] = "dice"
    usual_reason: ClassVar[str] = "a mask per picture and class; the files cannot tell it from iou"

    @property
    def layers(self) -> int:
        """One for each class."""
        return len(self.outputs)

    @cached_property
    def singles(self) -> tuple[Mask, ...]:
        """A task for each class, which knows its masks alone."""
        shape = (self.height, self.width, self.order, self.first, self.empty)
        if self.truth is None:
            return tuple(Mask((name,), *shape) for name in self.outputs)
        rows = len(self.sizes)
        parts = (self.truth.part(number * rows, (number + 1) * rows) for number in range(len(self.outputs)))
        return tuple(Mask((name,), *shape, part) for name, part in zip(self.outputs, parts, strict=True))

    def of_single(self, values: np.ndarray, number: int) -> np.ndarray:
        return values.reshape(len(values), -1, self.layers)[:, :, number]

    @property
    def sizes(self) -> np.ndarray:
        return self.known.sizes[: len(self.known) // len(self.outputs)]

    # from files

    @classmethod
    def possible(cls, contest: Contest) -> bool:
        return bool(contest.classes) and not contest.several

    @classmethod
    def told(cls, contest: Contest) -> bool:
        return cls.possible(contest)

    @classmethod
    def read(cls, contest: Contest) -> tuple[Task, np.ndarray, Answer]:
        if not cls.possible(contest):
            raise DataError(
                "Masks of classes have a row for each picture and class, one column of run lengths, and "
                f"`data.classes` says what names it. The targets are {listing(tuple(contest.targets))}."
            )
        by_class: dict[str, list[list[str]]] = {name: [] for name in contest.classes}
        blank: list[str] = []
        for cell in contest.only.by_row:
            found = list(_marked(cell))
            blank += [line for _, line in found if line in NONE]
            for name, rows in by_class.items():
                rows.append([line for other, line in found if other == name and line not in NONE])
        lines = [cell for rows in by_class.values() for cell in rows]
        form, truth = read_truth(contest.album, contest.ids, lines)
        pictures = len(truth) // len(by_class)
        height, width = grid_of(truth.sizes[:pictures], contest.grid)
        samples = {line for sample in contest.samples for _, line in _marked(sample)}
        empty = empty_cell(blank, sorted(samples))
        task = cls(contest.classes, height, width, form.order, form.first, empty, truth)
        return task, np.arange(pictures, dtype=np.float64)[:, None], Answer("label", contest.columns, ())

    # targets

    def layers_at(self, row: int, size: tuple[int, int]) -> np.ndarray:
        return np.concatenate([single.layers_at(row, size) for single in self.singles], axis=2)

    def layers_in(self, row: int, corner: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
        return np.concatenate([single.layers_in(row, corner, size) for single in self.singles], axis=2)

    def somewhere(self, row: int, random: np.random.Generator) -> tuple[int, int] | None:
        """Returns (y, x) of a pixel of one of a row's masks, each class being as likely; None without any."""
        there = [single for single in self.singles if single.known.count(row)]
        return there[int(random.integers(len(there)))].somewhere(row, random) if there else None

    def compared(self, target: np.ndarray) -> np.ndarray:
        """Returns float64 (rows, 1 + classes): the share that each class covers, before it the largest."""
        rows = target[:, 0].astype(np.int64).tolist()
        shares = [[single.known.share(row) for single in self.singles] for row in rows]
        found = np.array(shares, np.float64).reshape(-1, self.layers)
        return np.column_stack([found.max(axis=1), found])

    def strata(self, target: np.ndarray) -> np.ndarray:
        """Pictures without a mask are one stratum; of the others those of the same rarest class."""
        there = self.compared(target)[:, 1:] > 0
        rarity = np.argsort(np.argsort(there.sum(axis=0), kind="stable"), kind="stable")  # 0: the rarest
        first = np.where(there, rarity, self.layers).min(axis=1)
        found = np.where(there.any(axis=1), 1 + np.minimum(first, MOST_STRATA - 1), 0)
        return found.astype(np.int64)

    def scores(self, score: Score, target: np.ndarray, answers: np.ndarray) -> np.ndarray:
        found = np.zeros((len(target), self.layers))
        for number, single in enumerate(self.singles):
            found[:, number : number + 1] = single.scores(score, target, self._of_class(answers, number))
        return found

    def _of_class(self, answers: np.ndarray, number: int) -> np.ndarray:
        """Returns what answers, object (rows,) of `Guess` or probabilities alone, say of a class."""
        if answers.dtype != object:
            return self.of_single(answers, number)
        found = np.empty(len(answers), object)
        for place, guess in enumerate(answers):
            values = self.of_single(guess.values[None], number)[0]
            found[place] = Guess(values, guess.rules[number : number + 1])
        return found

    # submissions

    def cell(self, values: np.ndarray, rules: tuple[MaskRule, ...], size: tuple[int, int]) -> str:
        """Returns a picture's cell: a line for each class, in their order."""
        lines = []
        for number, (single, rule) in enumerate(zip(self.singles, rules, strict=True)):
            lines.append(single.cell(self.of_single(values[None], number)[0], (rule,), size))
        return "\n".join(lines)

    def holds(self, cell: str) -> bool:
        return all(single.holds(line) for single, line in zip(self.singles, cell.split("\n"), strict=False))

    # tests

    @classmethod
    def example(cls, label: np.ndarray, number: np.ndarray) -> tuple[Task, np.ndarray]:
        """A picture shows its class, from 0 to 2, alone; where it is 0 nothing."""
        rows = [
            [np.array([[8 * k, 8 * k + 12]])] if k == own else [] for own in (1, 2) for k in label.tolist()
        ]
        truth = MaskTruth.of(np.full((len(rows), 2), 8), rows)
        return cls(("one", "two"), truth=truth), np.arange(len(label), dtype=np.float64)[:, None]


def marked(name: str, cell: str) -> str:
    """Returns a line of a picture's cell: a class, and the run lengths of its mask."""
    return f"{name}{MARK}{cell.strip()}"


def _marked(cell: str) -> Iterable[tuple[str, str]]:
    """Yields the classes of a picture's cell and their run lengths."""
    for line in cell.split("\n"):
        name, _, runs = line.partition(MARK)
        yield name.strip(), runs.strip()
